import fc from 'fast-check';

/** Texts that have broken something somewhere, by family. All of them are for every place where a client may write something. */
export const families = {
  sql: [
    "'",
    "''",
    "' OR '1'='1",
    "'; DROP TABLE consent; --",
    '1; SELECT pg_sleep(5)--',
    "' UNION SELECT nin_index FROM person--",
    '"; DELETE FROM audit_log; --',
    "\\'; SELECT 1; --",
    '$1',
    '$$;select 1;$$',
    "E'\\x27'",
    '%27%20OR%201%3D1',
    '{1,2}',
    '{"a":"b"}',
    "a0000000-0000-4000-8000-000000000001'::uuid--",
    'NULL',
  ],
  headers: [
    'a\r\nX-Injected: yes',
    'a\nSet-Cookie: injected=1',
    '\r\n\r\nHTTP/1.1 200 OK\r\n\r\n',
    '%0d%0aX-Injected:%20yes',
    '%E5%98%8A%E5%98%8DX-Injected: yes',
    'a\u0000b',
    '\u0000',
    '%00',
    '\u0085',
    '\u2028',
    'x'.repeat(300),
    'x'.repeat(5_000),
  ],
  prototype: [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    'valueOf',
    '__defineGetter__',
    'constructor.prototype',
    '__proto__[isAdmin]',
    'then',
    'toJSON',
    'length',
  ],
  unicode: [
    '\uFF41\uFF10\uFF10', // full-width letters and digits
    '\uFF11\uFF14\uFF18\uFF14\uFF12\uFF12\uFF14\uFF19\uFF10\uFF19\uFF11',
    '\u0661\u0662\u0663', // other digits
    'a\u202Eb\u202C', // right to left
    '\u2066a\u2069',
    'a\u200Bb',
    '\uFEFFa',
    'e\u0301', // decomposed
    '\u00E9',
    'A\u030A',
    '\u212B',
    '\u0130',
    'ı',
    'ß',
    'ﬁ',
    '\uD800', // half of a pair
    'a\uDC00b',
    '%C0%AF', // overlong
    '%C0%AE%C0%AE%C0%AF',
    '%E0%80%AF',
    '%F4%90%80%80',
    '%ED%A0%80',
    '%252e%252e%252f',
    '%2500',
    '%u0041',
    '😀',
    '\uFFFE',
    '\uFFFF',
    '\u{10FFFF}',
    'а0000000-0000-4000-8000-000000000001', // a Cyrillic а
  ],
  addresses: [
    'http://localhost:8765@evil.example/callback',
    'http://localhost:8765\\@evil.example/callback',
    'http://localhost:8765%40evil.example/callback',
    'http://localhost:8765/callback#@evil.example',
    'http://localhost:8765/callback?',
    'http://localhost:8765/callback/',
    'http://localhost:8765/callback/..',
    'http://localhost:8765/./callback',
    'http://localhost:8765//callback',
    'http://localhost:8765/call\tback',
    'http://localhost:8765/callback ',
    ' http://localhost:8765/callback',
    'HTTP://LOCALHOST:8765/callback',
    'http://LOCALHOST:8765/callback',
    'http://localhost:08765/callback',
    'http://localhost.:8765/callback',
    'http://127.0.0.1:8765/callback',
    'http://[::1]:8765/callback',
    'http://loc\u0430lhost:8765/callback',
    'http://ｌocalhost:8765/callback',
    'http://localhost\u3002evil.example/callback',
    'http://xn--lcalhost-8cd:8765/callback',
    'http://localhost:8765/%63allback',
    'http://localhost:8765/%2563allback',
    'http://localhost:8765/callback%00',
    'http://localhost:8765/callback\u0000',
    'http://localhost:8765/callback\r\nX-Injected: yes',
    'http:\\\\localhost:8765\\callback',
    '//evil.example/callback',
    '/\\evil.example',
    '/%2F/evil.example',
    '///evil.example',
    'javascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'https://localhost:8765/callback',
    'http:localhost:8765/callback',
    '../../../../etc/passwd',
    '..%2f..%2fetc%2fpasswd',
    'file:///etc/passwd',
    'http://169.254.169.254/latest/meta-data/',
  ],
  numbers: [
    '1e999',
    '-1e999',
    '-0',
    '0',
    '-1',
    '1.0',
    '1.5',
    '1e2',
    '9007199254740993',
    '2147483648',
    '9223372036854775807',
    '9223372036854775808',
    '-9223372036854775809',
    '1'.repeat(400),
    '007',
    '0x10',
    '0b1',
    '1_000',
    '+1',
    ' 1',
    '1 ',
    '1,0',
    'NaN',
    'Infinity',
    '¹',
  ],
  dates: [
    '2026-12-31T23:59:60Z',
    '10000-01-01T00:00:00Z',
    '+010000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-11-23T24:00:00Z',
    '2026-11-23T10:00:00+99:99',
    '2026-11-23T10:00:00+14:00',
    '2026-11-23T10:00:00.123456789012Z',
    '2026-11-23',
    '2026-11-23T10:00:00',
    '2026-W48-1',
    '0000-00-00T00:00:00Z',
    '253402300800000-0',
    '99999999999999-999999',
    '8640000000000001-1',
  ],
  markup: [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='x",
    '&lt;b&gt;',
    '${7*7}',
    '{{7*7}}',
    '=cmd|calc!A1',
    '\u001b[31m',
  ],
  shapes: [
    '',
    ' ',
    '\t',
    '[]',
    '{}',
    'null',
    'true',
    'undefined',
    '[object Object]',
    ',',
    ';',
    '&',
    '=',
    '#',
    '?',
    '/',
    '..',
    '.',
    '*',
    '%',
    '%zz',
    '\\',
  ],
} as const;

export type Family = keyof typeof families;

/** Those that PostgreSQL, an address or JSON could not even say are among them: whoever sends one has to find a way. */
export const hostileTexts: readonly string[] = Object.values(families).flat();

/** One of the listed ones, anything at all, or a listed one in the middle of something. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...hostileTexts) },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.string({ maxLength: 5 }), fc.constantFrom(...hostileTexts), fc.string({ maxLength: 5 }))
      .map((parts) => parts.join('')),
  },
);

/** JSON as text, some of which JavaScript would not write. */
export const hostileJson: fc.Arbitrary<string> = fc.oneof(
  { weight: 5, arbitrary: hostileText.map((text) => JSON.stringify(text)) },
  { weight: 3, arbitrary: fc.constantFrom(...families.numbers) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'null',
      'true',
      'false',
      '[]',
      '{}',
      '[null]',
      '[[]]',
      '{"a":1}',
      '{"__proto__":{"x":1}}',
      '{"constructor":{"prototype":{"x":1}}}',
      '{"toString":1}',
      '{"length":-1}',
      '{"then":1}',
      '"\\u0000"',
      '"\\ud800"',
      '"\\uD83D\\uDE00"',
      '"\\x"',
      '"\t"',
      '1.',
      '.5',
      "'a'",
      'undefined',
      '[1,]',
      `${'['.repeat(10_000)}${']'.repeat(10_000)}`,
      `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`,
      `[${'0,'.repeat(20_000)}0]`,
    ),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.stringify(value)) },
);

/** Names that a request may have a member, a parameter or a field of. */
export const hostileName: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...families.prototype),
  hostileText,
  fc.constantFrom('nin', 'id', 'lang', 'scope', 'client_id', 'a[]', 'a[b]', 'a.b', '$where', '$ne'),
);

/** How a text gets into an address. */
export const inAddress = (text: string, how: 'once' | 'twice' | 'raw'): string => {
  const once = encodeURIComponent(text.toWellFormed());
  switch (how) {
    case 'once':
      return once;
    case 'twice':
      return encodeURIComponent(once);
    case 'raw':
      // What would end the request line is what the families of connections are about.
      return text.toWellFormed().replaceAll(/[\0-\x20\x7f]/g, '%20');
  }
};
