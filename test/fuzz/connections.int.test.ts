import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { httpLimits } from '../../src/platform/http-limits.ts';
import { agreement, clientOf, newConsent, tokenFor } from '../support/world.ts';
import { openHouse, type Door, type House } from './support/house.ts';
import { faultsOf } from './support/judge.ts';
import { holds } from './support/rounds.ts';
import { aims, refusedShapes, takenShapes } from './support/shapes.ts';
import { tooMuch, tooMuchDelivered } from './support/too-much.ts';
import { requestText, type Wire, type WireAnswer } from './support/wire.ts';

/** What is said over connections: what is no HTTP, or two kinds of it at once; many requests at a time; too slowly; and too much. */

let house: House;
let tokens: Record<'agreement' | 'debt' | 'events', string>;
before(async () => {
  // A tenth of the time, and less.
  Object.assign(httpLimits, { headersSeconds: 0.8, requestSeconds: 1.5, lookSeconds: 0.1 });
  house = await openHouse();
  const { world } = house;
  tokens = {
    agreement: await tokenFor(world, 'agreement'),
    debt: await tokenFor(world, 'debt'),
    events: await tokenFor(world, 'events'),
  };
});
after(() => house.close());

const doors = ['main', 'push'] as const satisfies readonly Door[];

const json = (body: unknown): [string, string][] => [
  ['Authorization', `Bearer ${tokens.agreement}`],
  ['Content-Type', 'application/json'],
  ['Content-Length', String(Buffer.byteLength(JSON.stringify(body)))],
];
let registered = 0;
/** A request that registers a consent of its own. */
const register = (): string => {
  const body = agreement({ client_consent_id: `hidden-${++registered}`, nin: '07857193886' });
  return requestText('PUT /v1/consent/agreement HTTP/1.1', json(body), JSON.stringify(body)).toString();
};
const ofDebt = (method: string, path: string): string =>
  requestText(`${method} /v1/debt/${path} HTTP/1.1`, [['Authorization', `Bearer ${tokens.debt}`]]).toString();
const HEALTH = requestText('GET /health/live HTTP/1.1').toString();

/** What is wrong with an answer as such. */
const check = (door: Door, sent: string, answer: WireAnswer): void => {
  const [method = 'GET', target = '/'] = sent.split(/[ \r\n]/, 2);
  const faults = faultsOf({ method, target, sent, answer }, new Set(Object.values(tokens)), { push: door === 'push' });
  assert.deepEqual(faults, [], `${sent.slice(0, 200)}\n${answer.head}\n${answer.body}`);
};

/** Says something over a connection of its own; answers what was answered until the other side ended it. */
async function untilEnd(door: Door, text: string | Buffer): Promise<WireAnswer[]> {
  const wire = await house.open(door);
  wire.say(Buffer.from(text as string, 'latin1'));
  return allOf(wire);
}

async function allOf(wire: Wire): Promise<WireAnswer[]> {
  const answers: WireAnswer[] = [];
  for (;;) {
    const answer = await wire.answer();
    if (answer === undefined) break;
    answers.push(answer);
  }
  assert.equal(await wire.ended(), '');
  return answers;
}

/** Some at a time. */
async function each<Item>(items: readonly Item[], work: (item: Item) => Promise<void>): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

test('E2: what two servers in a row could read differently is refused once and for all, and nothing that hides in it is done', async () => {
  const before = await house.kept();
  for (const door of doors) {
    await each(Object.entries(refusedShapes(aims[door], register())), async ([name, text]) => {
      const answers = await untilEnd(door, text);
      const [answer] = answers;
      assert.equal(answers.length, 1, `${door}, ${name}: ${answers.map(({ head }) => head).join('\n\n')}`);
      assert.ok(answer !== undefined);
      assert.equal(answer.status, 400, `${door}, ${name}: ${answer.head}`);
      assert.equal(answer.headers.get('connection')?.[0], 'close', name);
      check(door, text, answer);
    });
  }
  assert.deepEqual(await house.kept(), before);
  assert.equal((await house.ask('main', Buffer.from(HEALTH), 'GET')).status, 200);
});

test('E2: what is unusual and good is taken for what it is, and the request behind it for the next one', async () => {
  for (const door of doors) {
    await each(Object.entries(takenShapes(aims[door])), async ([name, text]) => {
      const wire = await house.open(door);
      wire.say(Buffer.from(text + register(), 'latin1'));
      const [first, second] = [await wire.answer(), await wire.answer()];
      wire.drop();
      assert.ok(first !== undefined && second !== undefined, `${door}, ${name}`);
      const mayBe =
        name === 'an expectation that nobody meets' ? [417] : door === 'push' ? [400, 404] : [200, 400, 401, 404];
      assert.ok(mayBe.includes(first.status), `${door}, ${name}: ${first.head}`);
      check(door, text, first);
      assert.equal(second.status, door === 'push' ? 404 : 200, `${door}, ${name}: ${second.head}`);
    });
  }
});

test('E2: a connection is not handed over to anything else: whoever asks for an upgrade is answered, and it ends', async () => {
  for (const upgrade of ['websocket', 'h2c', 'TLS/1.2', 'x']) {
    const headers: [string, string][] = [
      ['Connection', 'Upgrade, HTTP2-Settings'],
      ['Upgrade', upgrade],
      ['HTTP2-Settings', 'AAMAAABkAAQAAP__'],
    ];
    const before = await house.kept();
    const answers = await untilEnd('main', requestText('GET /health/live HTTP/1.1', headers).toString() + register());
    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('connection')?.[0]]),
      [[200, 'close']],
    );
    assert.deepEqual(await house.kept(), before);
  }
});

test('E2: who sends two Authorizations is refused, whatever they are, in the shape of that API', async () => {
  const before = await house.kept();
  for (const [path, name] of [
    ['/v1/debt', 'error'],
    ['/feed/v1/consent/lastSequenceNr', 'message'],
    ['/userinfo', 'error'],
  ] as const) {
    for (const others of [`Bearer ${tokens.events}`, 'Bearer x', clientOf(2).basic, '']) {
      const headers: [string, string][] = [
        ['Authorization', `Bearer ${tokens.events}`],
        ['authorization', others],
      ];
      const answer = await house.ask('main', requestText(`GET ${path} HTTP/1.1`, headers), 'GET');
      assert.equal(answer.status, 400, answer.body);
      assert.ok(name in JSON.parse(answer.body));
    }
  }
  assert.deepEqual(await house.kept(), before);
});

/** Requests in a row over one connection. `ends`: with it the connection. */
interface Piece {
  readonly name: string;
  readonly text: () => string;
  readonly status: number;
  readonly ends?: true;
  readonly registers?: true;
}

const pieces: readonly Piece[] = [
  { name: 'health', text: () => HEALTH, status: 200 },
  { name: 'registers', text: register, status: 200, registers: true },
  { name: 'unknown', text: () => requestText('GET /nowhere HTTP/1.1').toString(), status: 404 },
  { name: 'no token', text: () => requestText('GET /v1/debt HTTP/1.1').toString(), status: 400 },
  { name: 'bad address', text: () => requestText('GET /v1/debt/%zz HTTP/1.1').toString(), status: 400 },
  {
    name: 'other method',
    text: () => requestText('POST /v1/debt HTTP/1.1', [['Content-Length', '3']], 'a=b').toString(),
    status: 405,
  },
  {
    name: 'odd',
    text: () => requestText('GET /health/live HTTP/1.1', [['Host', 'a/b']]).toString(),
    status: 400,
    ends: true,
  },
  { name: 'no HTTP', text: () => 'nonsense\r\n\r\n', status: 400, ends: true },
  {
    name: 'too long',
    text: () => requestText('GET /health/live HTTP/1.1', [['X', 'x'.repeat(20_000)]]).toString(),
    status: 431,
    ends: true,
  },
  {
    name: 'broken body',
    text: () =>
      `${requestText('PUT /v1/consent/agreement HTTP/1.1', [...json({}).slice(0, 2), ['Transfer-Encoding', 'chunked']]).toString()}3\r\n{"a\r\nzz\r\n`,
    status: 400,
    ends: true,
  },
];

test('E2, C5: requests in a row are answered in their order, up to the first that ends the connection; nothing behind that is done', async () => {
  const rows = fc.record({
    row: fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 8 }),
    // Where what is sent is cut into packets, in thousandths.
    cuts: fc.array(fc.nat({ max: 1_000 }), { maxLength: 4 }),
  });
  const property = async ({ row, cuts }: { row: Piece[]; cuts: number[] }): Promise<void> => {
    const [{ consent: before }] = await house.world.inspect('select count(*) as consent from consent');
    const bytes = Buffer.from(row.map(({ text }) => text()).join(''), 'latin1');
    const wire = await house.open('main');
    let from = 0;
    for (const to of [
      ...cuts.map((cut) => Math.floor((cut * bytes.length) / 1_000)).toSorted((a, b) => a - b),
      bytes.length,
    ]) {
      if (to > from && from > 0) await sleep(1);
      wire.say(bytes.subarray(from, to));
      from = to;
    }
    const last = row.findIndex(({ ends }) => ends === true);
    const answered = last === -1 ? row : row.slice(0, last + 1);
    for (const piece of answered) {
      const answer = await wire.answer();
      assert.equal(answer?.status, piece.status, `${piece.name}: ${answer?.head}`);
    }
    if (last === -1) wire.drop();
    else assert.equal(await wire.ended(), '');
    const [{ consent: after }] = await house.world.inspect('select count(*) as consent from consent');
    assert.equal(after - before, answered.filter(({ registers }) => registers === true).length);
  };
  const told = rows.map((made) =>
    Object.assign(made, { toString: () => `${made.row.map(({ name }) => name)} cut at ${made.cuts}` }),
  );
  await holds('requests in a row', told, property, { runs: 120, seconds: 3 });
});

test('C5: of lookups, status and a revocation in one row, each tells what is true in its turn, whatever it waits behind', async () => {
  const rows = fc.array(fc.constantFrom('look', 'look', 'status', 'revoke'), { minLength: 2, maxLength: 7 });
  const property = async (row: string[]): Promise<void> => {
    const id = await newConsent(house.world, { nin: '48918391250' });
    const text = { look: ofDebt('GET', id), status: ofDebt('GET', `${id}/status`), revoke: ofDebt('DELETE', id) };
    const wire = await house.open('main');
    wire.say(row.map((what) => text[what as keyof typeof text]).join(''));
    let revoked = false;
    for (const what of row) {
      const answer = await wire.answer();
      if (what === 'status') assert.equal(JSON.parse(answer?.body ?? '').active, !revoked);
      else assert.equal(answer?.status, what === 'revoke' ? 204 : revoked ? 403 : 200);
      revoked ||= what === 'revoke';
    }
    wire.drop();
  };
  await holds('lookups and revocations in a row', rows, property, { runs: 40, seconds: 3 });
});

test('E2: what is no HTTP is not written into an answer that is under way', async () => {
  const wire = await house.open('main');
  const headers: [string, string][] = [['Authorization', `Bearer ${tokens.events}`]];
  wire.say(requestText('GET /feed/v1/consent/stream?fromSequenceNr=2 HTTP/1.1', headers));
  const stream = await wire.answer();
  assert.equal(stream?.status, 200);
  wire.say('nonsense\r\n\r\n');
  wire.say('more of it\r\n\r\n');
  await newConsent(house.world);
  await sleep(100);
  wire.half();
  assert.doesNotMatch(await wire.ended(), /HTTP\/1\.1|invalid_request/);
});

/** Says something bit by bit until the other side has had enough; answers all that it said. */
async function drip(door: Door, text: string, bit: string, first?: string): Promise<WireAnswer[]> {
  const wire = await house.open(door);
  if (first !== undefined) {
    wire.say(first);
    await wire.answer();
  }
  wire.say(text);
  const drips = setInterval(() => wire.isOver || wire.say(bit), 40);
  try {
    return await allOf(wire);
  } finally {
    clearInterval(drips);
  }
}

test('E2: however slowly and over however many connections requests arrive, all of them are cut off, and others are answered meanwhile', async () => {
  const before = await house.kept();
  const begun = requestText('PUT /v1/consent/agreement HTTP/1.1', [
    ...json({}).slice(0, 2),
    ['Content-Length', '1000'],
  ]).toString();
  const inChunks = begun.replace('Content-Length: 1000', 'Transfer-Encoding: chunked');
  const push =
    'POST /loans HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{';
  const slow: (readonly [door: Door, text: string, bit: string, first?: string])[] = [
    ...Array.from({ length: 20 }, () => ['main', 'GET /health/live HTTP/1.1\r\nHost: a\r\n', 'X: y\r\n'] as const),
    ['main', '', 'G'],
    ['main', '', '\r\n'],
    ['main', 'GET /health/live HTTP/1.1\r\nX: ', 'x'],
    ['main', 'GET /', 'x'],
    // A second request over a connection that has been good.
    ['main', 'GET /health/live HTTP/1.1\r\n', 'X: y\r\n', HEALTH],
    ['main', begun, ' ', HEALTH],
    ['main', begun, ' '],
    ['main', inChunks, '1\r\n \r\n'],
    ['main', `${inChunks}5;`, 'x'],
    ['main', `${inChunks}0\r\n`, 'X: y\r\n'],
    ['push', 'GET /loans HTTP/1.1\r\nHost: a\r\n', 'X: y\r\n'],
    ['push', '', ''],
    ['push', push, ' '],
  ];
  const dripping = Promise.all(slow.map(([door, text, bit, first]) => drip(door, text, bit, first)));
  for (let round = 0; round < 10; round += 1) {
    assert.equal((await house.ask('main', Buffer.from(HEALTH), 'GET')).status, 200);
    await sleep(50);
  }
  for (const [at, answers] of (await dripping).entries()) {
    const [door = 'main', text = ''] = slow[at] ?? [];
    assert.ok(answers.length <= 1, `${text}: ${answers.map(({ head }) => head).join('\n\n')}`);
    for (const answer of answers) {
      assert.ok([408, 400, 431].includes(answer.status), answer.head);
      check(door, text === '' ? 'GET / ' : text, answer);
    }
  }
  assert.deepEqual(await house.kept(), before);
});

test('E2: what is too large or too much of anything is refused as such, whatever it is too much of', async () => {
  const before = await house.kept();
  for (const [name, bytes, ...statuses] of tooMuch(tokens.agreement)) {
    const answer = await house.ask('main', bytes, 'GET');
    assert.ok(statuses.includes(answer.status), `${name}: ${answer.head}\n${answer.body.slice(0, 300)}`);
    check('main', bytes.subarray(0, 500).toString(), answer);
  }
  for (const [bytes, status] of tooMuchDelivered()) {
    const answer = await house.ask('push', bytes, 'POST');
    assert.equal(answer.status, status, answer.body.slice(0, 300));
    check('push', 'POST /loans ', answer);
  }
  assert.deepEqual(await house.kept(), before);
});
