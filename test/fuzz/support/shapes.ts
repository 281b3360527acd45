/** Requests that two servers in a row may read as different ones, or that are none; and some that only look so. */

const HOST = 'Host: localhost:4000\r\n';
/** A chunked body, and what would be smuggled behind it. */
const CHUNKED = '0\r\n\r\n';

/** `method path`, so that the same shapes are said to either port. */
export interface Aim {
  /** With a body. */
  readonly post: string;
  readonly get: string;
  readonly type: string;
}

export const aims = {
  main: { post: 'POST /oauth2/revoke', get: 'GET /health/live', type: 'application/x-www-form-urlencoded' },
  push: { post: 'POST /loans', get: 'GET /loans', type: 'application/json' },
} as const satisfies Record<string, Aim>;

const posted = ({ post, type }: Aim, headers: string, body: string): string =>
  `${post} HTTP/1.1\r\n${HOST}Content-Type: ${type}\r\n${headers}\r\n${body}`;
const got = ({ get }: Aim, headers: string): string => `${get} HTTP/1.1\r\n${HOST}${headers}\r\n`;

/** Each is refused with one answer that ends the connection, and `hidden`, a request that would be obeyed, is not obeyed. */
export function refusedShapes(aim: Aim, hidden: string): Readonly<Record<string, string>> {
  const chunked = (body: string): string => posted(aim, 'Transfer-Encoding: chunked\r\n', body + hidden);
  const length = (value: string): string => posted(aim, `Content-Length: ${value}\r\n`, hidden);
  const coding = (header: string): string => posted(aim, `${header}\r\n`, CHUNKED + hidden);
  const [, path = ''] = aim.get.split(' ');
  return {
    'a length, then chunks (CL.TE)': posted(
      aim,
      'Content-Length: 6\r\nTransfer-Encoding: chunked\r\n',
      CHUNKED + hidden,
    ),
    'chunks, then a length (TE.CL)': posted(
      aim,
      'Transfer-Encoding: chunked\r\nContent-Length: 3\r\n',
      CHUNKED + hidden,
    ),
    'chunks twice (TE.TE)': coding('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'),
    'chunks and identity': coding('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity'),
    'chunks that are not last': coding('Transfer-Encoding: chunked, identity'),
    'chunks of something packed': coding('Transfer-Encoding: gzip, chunked'),
    'identity alone': coding('Transfer-Encoding: identity'),
    'a coding that nobody has': coding('Transfer-Encoding: xchunked'),
    'a coding in quotes': coding('Transfer-Encoding: "chunked"'),
    'a coding behind a vertical tab': coding('Transfer-Encoding: \u000bchunked'),
    'a coding before a NUL': coding('Transfer-Encoding: chunked\u0000'),
    'a space before the colon of a coding': coding('Transfer-Encoding : chunked'),
    'a coding on a folded line': coding('Transfer-Encoding:\r\n chunked'),
    'a coding behind a bare line feed': coding('X: x\nTransfer-Encoding: chunked'),
    'a coding behind a bare carriage return': coding('X: x\rTransfer-Encoding: chunked'),
    'chunks in HTTP/1.0': coding('Transfer-Encoding: chunked').replace('HTTP/1.1', 'HTTP/1.0'),
    'two lengths': length('0\r\nContent-Length: 3'),
    'one length twice': length('0\r\nContent-Length: 0'),
    'a list of lengths': length('0, 0'),
    'a length with a plus': length('+0'),
    'a negative length': length('-1'),
    'a length in hexadecimal': length('0x0'),
    'a length that is empty': length(''),
    'a length beyond all': length('99999999999999999999'),
    'a length in two parts': length('0 0'),
    'a length that is no whole number': length('0.0'),
    'a length with a NUL': length('0\u0000'),
    'a length in other digits': length('\u00B2'),
    'a space before the colon of a length': posted(aim, 'Content-Length : 0\r\n', hidden),
    'a folded line': posted(aim, 'X: a\r\n b\r\nContent-Length: 0\r\n', hidden),
    'a chunk size with a space': chunked('3 \r\na=b\r\n0\r\n\r\n'),
    'a chunk size in C': chunked('0x3\r\na=b\r\n0\r\n\r\n'),
    'a chunk size with a sign': chunked('+3\r\na=b\r\n0\r\n\r\n'),
    'a negative chunk size': chunked('-3\r\na=b\r\n0\r\n\r\n'),
    'a chunk size beyond all': chunked('FFFFFFFFFFFFFFFFF\r\na=b\r\n0\r\n\r\n'),
    'a chunk size that is none': chunked('g\r\na=b\r\n0\r\n\r\n'),
    'no chunk size': chunked('\r\na=b\r\n0\r\n\r\n'),
    'chunks with bare line feeds': chunked('3\na=b\n0\n\n'),
    'an extension with a line feed': chunked('3;\nx\r\na=b\r\n0\r\n\r\n'),
    'an extension with a carriage return': chunked('3;a\rx\r\na=b\r\n0\r\n\r\n'),
    'a bare line feed after the request line': `${aim.get} HTTP/1.1\n${HOST}\r\n${hidden}`,
    'a bare line feed among the headers': got(aim, 'X: a\nY: b\r\n') + hidden,
    'a bare line feed at the end of the headers': `${aim.get} HTTP/1.1\r\n${HOST}\n${hidden}`,
    'a bare carriage return among the headers': got(aim, 'X: a\rY: b\r\n') + hidden,
    'a space before the method': ` ${got(aim, '')}${hidden}`,
    'a space in the address': `${aim.get} x HTTP/1.1\r\n${HOST}\r\n${hidden}`,
    'a NUL in the address': `${aim.get}\u0000 HTTP/1.1\r\n${HOST}\r\n${hidden}`,
    'a NUL in a name': got(aim, 'X\u0000: y\r\n') + hidden,
    'a NUL in a value': got(aim, 'X: y\u0000z\r\n') + hidden,
    'a header without a colon': got(aim, 'X\r\n') + hidden,
    'a header without a name': got(aim, ': x\r\n') + hidden,
    'a space in a name': got(aim, 'X Y: x\r\n') + hidden,
    'a method that is none': `G%T ${path} HTTP/1.1\r\n${HOST}\r\n${hidden}`,
    'a method that nobody knows': `FOO ${path} HTTP/1.1\r\n${HOST}\r\n${hidden}`,
    'a very long method': `${'A'.repeat(300)} ${path} HTTP/1.1\r\n${HOST}\r\n${hidden}`,
    'no Host': `${aim.get} HTTP/1.1\r\n\r\n${hidden}`,
    'two Hosts': got(aim, 'host: evil.example\r\n') + hidden,
    'the same Host twice': got(aim, HOST) + hidden,
    'a Host with a path': `${aim.get} HTTP/1.1\r\nHost: localhost/x\r\n\r\n${hidden}`,
    'a Host with a person': `${aim.get} HTTP/1.1\r\nHost: me@localhost\r\n\r\n${hidden}`,
    'a Host with a space': `${aim.get} HTTP/1.1\r\nHost: localhost evil.example\r\n\r\n${hidden}`,
    'HTTP/0.9': `${aim.get}\r\n\r\n${hidden}`,
    'HTTP/0.9, by name': `${aim.get} HTTP/0.9\r\n${HOST}\r\n${hidden}`,
    'HTTP/1.2': `${aim.get} HTTP/1.2\r\n${HOST}\r\n${hidden}`,
    'HTTP/1.10': `${aim.get} HTTP/1.10\r\n${HOST}\r\n${hidden}`,
    'HTTP/2.0 in words': `${aim.get} HTTP/2.0\r\n${HOST}\r\n${hidden}`,
    'http/1.1 in small letters': `${aim.get} http/1.1\r\n${HOST}\r\n${hidden}`,
    'the preface of HTTP/2': `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`,
    'the beginning of TLS': `\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003${'x'.repeat(100)}${hidden}`,
    'a tunnel': `CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n${hidden}`,
    'an address that is only a host': `GET localhost:4000 HTTP/1.1\r\n${HOST}\r\n${hidden}`,
  };
}

/** Each is good HTTP: it is answered, and `next` after it. */
export function takenShapes(aim: Aim): Readonly<Record<string, string>> {
  const chunked = (body: string, header = 'Transfer-Encoding: chunked'): string => posted(aim, `${header}\r\n`, body);
  const [method = '', path = ''] = aim.get.split(' ');
  return {
    'lines before the request': `\r\n\r\n${got(aim, '')}`,
    'a tab before a coding': chunked('3\r\na=b\r\n0\r\n\r\n', 'Transfer-Encoding:\tchunked'),
    'a coding in other letters': chunked('3\r\na=b\r\n0\r\n\r\n', 'Transfer-Encoding: cHuNkEd'),
    'a chunk with an extension': chunked('3;a=b;c="d"\r\na=b\r\n0\r\n\r\n'),
    'a chunk size with zeros before it': chunked('0003\r\na=b\r\n0000\r\n\r\n'),
    'a trailer': chunked('3\r\na=b\r\n0\r\nX: y\r\n\r\n'),
    'a length with zeros before it': posted(aim, 'Content-Length: 003\r\n', 'a=b'),
    'another header of nearly that name': posted(aim, 'Content_Length: 300\r\nContent-Length: 3\r\n', 'a=b'),
    'a body where none is wanted': `${aim.get} HTTP/1.1\r\n${HOST}Content-Length: 20\r\n\r\n${'GET / HTTP/1.1\r\n\r\n'.padEnd(20, 'x')}`,
    'a whole address': `${method} http://localhost:4000${path} HTTP/1.1\r\n${HOST}\r\n`,
    'a whole address of somebody else': `${method} http://user@evil.example:1${path}?x HTTP/1.1\r\n${HOST}\r\n`,
    'HTTP/1.0 that stays': `${aim.get} HTTP/1.0\r\nConnection: keep-alive\r\n\r\n`,
    'an empty Host': `${aim.get} HTTP/1.1\r\nHost:\r\n\r\n`,
    'a header of signs beyond ASCII': got(aim, 'X: \u00e6\u00f8\u00e5\r\n'),
    'all of the server': `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
    'a star for an address': `GET * HTTP/1.1\r\n${HOST}\r\n`,
    'another scheme': `GET ftp://evil.example${path} HTTP/1.1\r\n${HOST}\r\n`,
    'an expectation': posted(aim, 'Content-Length: 0\r\nExpect: 100-continue\r\n', ''),
    'an expectation that nobody meets': posted(aim, 'Content-Length: 0\r\nExpect: 200-ok\r\n', ''),
  };
}
