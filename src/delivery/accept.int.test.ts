import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { fastify, type FastifyInstance } from 'fastify';
import {
  brokenLoans,
  card,
  customerText,
  doubledLoans,
  facility,
  incompleteLoans,
  objectText,
  pageText,
  repayment,
} from '../../test/support/broken-deliveries.ts';
import {
  customers,
  customerWith,
  INSTITUTION,
  OTHER,
  OWN,
  pages,
  person,
  register,
  startDeliveryWorld,
  untilWaiting,
  type DeliveryWorld,
} from '../../test/support/delivery-world.ts';
import { withClient } from '../../test/support/database.ts';
import { recordAnswer } from '../../test/support/evidence.ts';
import { toDomainError } from '../errors/from-http.ts';
import { presentProblem } from '../errors/problem.ts';
import { deliveryRoutes } from './routes.ts';

let world: DeliveryWorld;
let app: FastifyInstance;
before(async () => {
  world = await startDeliveryWorld();
  app = fastify({ genReqId: () => 'trace-1' });
  app.setErrorHandler((error, _request, reply) => {
    const answer = presentProblem(toDomainError(error), {
      timestamp: '',
      traceId: 'trace-1',
      path: '',
      apiUrl: 'http://localhost:4000',
    });
    return reply.code(answer.status).type('application/problem+json').send(answer.body);
  });
  deliveryRoutes(app, world.platform, (request) => String(request.headers['x-organisation']));
  await app.ready();
});
after(async () => {
  await app.close();
  await world.close();
});
beforeEach(async () => {
  await world.inspect('truncate delivered_loan, delivered_customer, delivered_closing, delivery_run');
  await world.inspect('update creditor_provider set delivered_at = null, drawn_at = null');
});

async function post(body: string | Buffer, organisation = INSTITUTION, headers: Record<string, string> = {}) {
  const answer = await app.inject({
    method: 'POST',
    url: '/loans',
    headers: { 'content-type': 'application/json', 'x-organisation': organisation, ...headers },
    payload: body,
  });
  recordAnswer({
    method: 'POST',
    url: '/loans',
    status: answer.statusCode,
    headers: answer.headers,
    body: answer.body,
  });
  return { status: answer.statusCode, json: answer.json<Record<string, unknown>>() };
}

const push = (...list: string[]) => post(pageText(OWN, list));
const stored = async (...list: string[]): Promise<unknown> => {
  const { status, json } = await push(...list);
  assert.equal(status, 200, JSON.stringify(json));
  return json['ignored'];
};

const ago = (minutes: number): string => new Date(world.clock.now().getTime() - minutes * 60_000).toISOString();
const one = (mark: number, timestamp: string, account = 'a', nin = person(0)): string =>
  customerText(nin, INSTITUTION, [
    objectText(card, {
      accountID: JSON.stringify(account),
      timestamp: JSON.stringify(timestamp),
      interestBearingBalance: '0',
      nonInterestBearingBalance: String(mark),
    }),
  ]);
const closed = (timestamp: string, account = 'a'): string => one(0, timestamp, account);
const shown = (place = 0) => world.shown(person(place));

test('D3: what is pushed is in the next lookup: new, changed, and closed', async () => {
  assert.deepEqual((await push(one(5, ago(3)), customerWith(person(1), 7))).json, {
    customers: 2,
    loans: 4,
    ignored: 0,
  });
  assert.deepEqual([await shown(0), await shown(1)], [['a 5'], ['c 7', 'f 7', 'r 7']]);
  await stored(one(6, ago(2)));
  assert.deepEqual(await shown(), ['a 6']);
  await stored(closed(ago(1)));
  assert.deepEqual(await shown(), []);
  assert.deepEqual(await world.inspect('select count(*) from delivered_customer'), [{ count: 1 }]);
  const runs = await world.runs();
  assert.deepEqual(
    runs.map((run) => [run.kind, run.outcome, run.customers, run.loans]),
    [
      ['push', 'applied', 1, 1],
      ['push', 'applied', 1, 1],
      ['push', 'applied', 2, 4],
    ],
  );
});

test('D3: a push speaks of the accounts that it names, and of no others', async () => {
  await stored(one(1, ago(9), 'a'), one(1, ago(9), 'x', person(2)));
  await stored(one(2, ago(8), 'b'));
  await stored(closed(ago(7), 'b'), customerText(person(2), INSTITUTION, []));
  assert.deepEqual([await shown(), await shown(2)], [['a 1'], ['x 1']]);
});

test('D3: all kinds of loans are stored as they are pushed', async () => {
  const loans = [facility, repayment, card].map((loan) => objectText(loan));
  await stored(customerText(person(0), INSTITUTION, loans));
  const rows = await world.inspect('select * from delivered_loan order by account_id');
  assert.deepEqual(
    rows.map((row) => [row.type, row.credit_limit, row.balance, row.terms, row.nominal_interest_rate, row.co_borrower]),
    [
      ['creditFacility', 5_000_000, null, null, 2_050, 0],
      ['repaymentLoan', null, 50, 12, 1_300, 2],
      ['chargeCard', null, null, null, null, 1],
    ],
  );
  assert.deepEqual(
    rows.map((row) => [row.installment_charges, row.installment_charge_period, row.non_interest_bearing_balance]),
    [
      [4_500, 'MONTHLY', 0],
      [0, null, null],
      [null, null, 2],
    ],
  );
});

test('D3: a push that is older than what is stored is ignored for that account, open or closed', async () => {
  await stored(one(5, ago(5)));
  assert.equal(await stored(one(4, ago(6)), one(1, ago(6), 'b', person(1))), 1);
  assert.deepEqual([await shown(), await shown(1)], [['a 5'], ['b 1']]);
  await stored(closed(ago(6)));
  assert.deepEqual(await shown(), ['a 5']);
  await stored(closed(ago(3)));
  assert.equal(await stored(one(7, ago(4))), 1);
  assert.deepEqual(await shown(), []);
  assert.equal(await stored(one(8, ago(2))), 0);
  assert.deepEqual(await shown(), ['a 8']);
});

test('D3: a push that comes again is stored again, and changes nothing', async () => {
  for (let n = 0; n < 3; n += 1) assert.equal(await stored(one(5, '2026-11-22T03:00:00+01:00')), 0);
  assert.deepEqual(await shown(), ['a 5']);
});

test('D3: what is dated in the future does not stand in the way of what comes after it', async () => {
  await stored(one(5, ago(-600)));
  world.clock.setOffsetSeconds(60);
  await stored(one(6, ago(0)));
  world.clock.setOffsetSeconds(0);
  assert.deepEqual(await shown(), ['a 6']);
});

test('D3: a broken rule refuses all of a push, and is told with record and loan, and without the data', async () => {
  await stored(one(1, ago(9)));
  const before = await world.inspect('select *, xmin::text from delivered_loan');
  const cases = [
    ...new Map([...brokenLoans, ...incompleteLoans].map((broken) => [broken.rule, broken.text])).entries(),
  ];
  for (const [rule, loan] of [...cases, ['duplicate_key', doubledLoans[0] ?? ''] as const]) {
    for (const record of [0, 1, 2]) {
      const list = [one(2, ago(1)), one(2, ago(1), 'b', person(1))];
      list.splice(record, 0, customerText(person(5), INSTITUTION, [objectText(facility), loan]));
      const { status, json } = await push(...list);
      assert.equal(status, 400);
      assert.deepEqual([json['rule'], json['record']], [rule, record]);
      if (rule !== 'duplicate_key') assert.equal(json['loan'], 1);
      assert.match(String(json['detail']), new RegExp(`^customers\\[${record}\\]\\S* (has|is) `));
    }
  }
  assert.deepEqual(await world.inspect('select *, xmin::text from delivered_loan'), before);
  assert.equal((await world.runs()).filter((run) => run.outcome === 'applied').length, 1);
});

test('D3: what was refused of a known institution is written down with the place', async () => {
  const { json } = await push(one(1, ago(1)), customerText(person(1), INSTITUTION, ['7']));
  const [run] = await world.runs();
  assert.deepEqual([run.outcome, run.rule, run.record, run.loan_index], ['rejected', 'not_an_object', 1, 0]);
  assert.deepEqual([json['rule'], json['record'], json['loan']], ['not_an_object', 1, 0]);
});

test('D3: a body that is no delivery is refused: broken, no UTF-8, twice the same customer, too large, packed, no JSON by its type', async () => {
  const whole = pageText(OWN, [one(1, ago(1))]);
  const ruleOf = async (body: string | Buffer) => (await post(body)).json['rule'];
  assert.equal(await ruleOf(whole.slice(0, -1)), 'broken_json');
  assert.equal(await ruleOf(Buffer.from(whole.replace('"a"', '"\xff"'), 'latin1')), 'not_utf8');
  assert.equal(await ruleOf('[]'), 'customers_missing');
  assert.equal(await ruleOf(whole.replace('providerID', 'provider')), 'provider_missing');
  const twice = await push(one(1, ago(1)), one(1, ago(1), 'b', person(1)), one(1, ago(1), 'c'));
  assert.deepEqual([twice.json['rule'], twice.json['record']], ['duplicate_customer', 2]);
  assert.equal((await post(Buffer.alloc(1_048_577, ' '))).status, 413);
  assert.equal((await post(whole, INSTITUTION, { 'content-encoding': 'gzip' })).status, 415);
  assert.equal((await post(whole, INSTITUTION, { 'content-type': 'text/plain' })).status, 415);
  assert.equal((await post('')).status, 400);
  assert.deepEqual(await world.inspect('select count(*) from delivered_loan'), [{ count: 0 }]);
});

test('D3: an organisation delivers only for the institutions and providers that are registered for it, and all of a push or nothing', async () => {
  const stranger = '210437185';
  const elsewhere = customerText(person(3), stranger, [objectText(facility)]);
  const may = [one(1, ago(1))];
  assert.equal((await post(pageText(OWN, may), stranger)).status, 403);
  assert.equal((await post(pageText(OTHER, may))).status, 403);
  const mixed = await post(pageText(OWN, [...may, elsewhere]));
  assert.equal(mixed.status, 403);
  assert.match(String(mixed.json['detail']), /customers\[1\]/);
  assert.deepEqual(await world.inspect('select count(*) from delivered_loan'), [{ count: 0 }]);

  await register(world.platform, OWN, 'http://127.0.0.1:9', stranger);
  const both = await post(pageText(OWN.replace('9908', '0192'), [...may, elsewhere]));
  assert.equal(both.status, 200);
  assert.deepEqual(both.json, { customers: 2, loans: 2, ignored: 0 });
  const keys = await world.inspect('select creditor_id, provider_id from delivered_loan order by 1');
  assert.deepEqual(keys, [
    { creditor_id: stranger, provider_id: OWN },
    { creditor_id: INSTITUTION, provider_id: OWN },
  ]);
  for (const off of ['update creditor_provider set enabled = $1', 'update creditor set enabled = $1']) {
    await world.inspect(off, [false]);
    assert.equal((await post(pageText(OWN, may))).status, 403);
    await world.inspect(off, [true]);
  }
  await world.inspect('delete from creditor_provider where creditor_id = $1', [stranger]);
});

test('D3: a permission that is taken away while a push waits for its turn is taken away from that push too', async () => {
  await withClient(world.database.superuserUrl, async (client) => {
    await client.query('begin');
    await client.query("update creditor_provider set organisations = '{}'");
    const answer = push(one(1, ago(1)));
    await untilWaiting(world);
    await client.query('commit');
    assert.equal((await answer).status, 403);
    assert.deepEqual(await shown(), []);
    await client.query('update creditor_provider set organisations = array[$1]', [INSTITUTION]);
  });
});

test('D3: a collection that was drawn before a push does not undo it: neither open, nor closed, nor for a new customer', async () => {
  const drawn = ago(60);
  const card = (mark: number, account: string, timestamp = drawn): string => one(mark, timestamp, account, person(0));
  const batch = [card(1, 'a'), customerWith(person(1), 1, drawn)];
  world.server.conduct(pages([batch]));
  await world.collect();
  // Changed, new, closed with others left, closed altogether; all later than the figures, and before the next collection begins.
  await stored(card(2, 'a', ago(50)), one(3, ago(50), 'n', person(2)));
  await stored(
    customerText(person(1), INSTITUTION, [
      objectText(facility, {
        accountID: JSON.stringify(`f-${person(1).slice(0, 6)}`),
        timestamp: JSON.stringify(ago(50)),
        creditLimit: '0',
        interestBearingBalance: '0',
        installmentCharges: '0',
      }),
    ]),
  );
  const expected = [['a 2'], ['c 1', 'r 1'], ['n 3']];
  const all = () => Promise.all([shown(0), shown(1), shown(2)]);
  assert.deepEqual(await all(), expected);
  await world.collect();
  assert.deepEqual(await all(), expected, 'the collection could not know');
  await stored(closed(ago(40)));
  await world.collect();
  assert.deepEqual(await all(), [[], ...expected.slice(1)]);
  assert.deepEqual(await world.inspect('select count(*) from delivered_customer'), [{ count: 2 }]);

  // One that was drawn later knows, whatever it says.
  world.server.conduct(pages([[card(4, 'a', ago(30)), customerWith(person(1), 4, ago(30))]]));
  await world.collect();
  assert.deepEqual(await all(), [['a 4'], ['c 4', 'f 4', 'r 4'], []]);
  assert.deepEqual(await world.inspect('select count(*) from delivered_closing'), [{ count: 0 }]);
});

test('D3: what is pushed while a collection is under way is there after the swap, whatever its figures are dated', async () => {
  const first = customers(2, 1, 0, ago(0));
  let pushed: Promise<unknown> | undefined;
  world.server.conduct((page, response, request) => {
    if (page === 0) {
      pages([first])(page, response, request);
      return;
    }
    // Without timestamps, and with one from before: the creditor's clock is nobody's business.
    pushed = stored(one(9, ago(30), 'new', person(7)), closed(ago(-1), `c-${person(0).slice(0, 6)}`));
    void pushed.then(() => pages([first])(page, response, request));
  });
  assert.equal((await world.collect()).kind, 'applied');
  await pushed;
  assert.deepEqual([await shown(7), await shown(0)], [['n 9'], ['f 1', 'r 1']]);
  // An empty delivery clears, but not what came since it was asked for.
  world.server.conduct((page, response, request) => {
    void stored(one(3, ago(0), 'late', person(8))).then(() => pages([])(page, response, request));
  });
  assert.equal((await world.collect()).kind, 'applied');
  assert.deepEqual([await shown(8), await shown(0)], [['l 3'], []]);
});

test('D3: a push is not kept for ever by creditors whose figures are never dated anew', async () => {
  await stored(one(3, ago(1), 'gone', person(2)));
  const old = ago(100_000);
  world.server.conduct(pages([[one(1, old, 'a')]]));
  await world.collect();
  assert.deepEqual(await shown(2), ['g 3']);
  world.clock.setOffsetSeconds(25 * 3_600);
  await world.collect();
  assert.deepEqual(await shown(2), []);
  world.clock.setOffsetSeconds(0);
});

test('D3: a number that is stored under an older key is found by a push, and its loan replaced', async () => {
  const { platform } = world;
  const hashes = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)] as const;
  const rotating = fastify();
  const vault: typeof platform.vault = {
    ...platform.vault,
    index: () => ({ keyId: 'new', hash: hashes[0] }),
    indexes: () => [
      { keyId: 'new', hash: hashes[0] },
      { keyId: 'old', hash: hashes[1] },
    ],
  };
  deliveryRoutes(rotating, { ...platform, vault }, () => INSTITUTION);
  const send = (customer: string) =>
    rotating.inject({
      method: 'POST',
      url: '/loans',
      headers: { 'content-type': 'application/json' },
      payload: pageText(OWN, [customer]),
    });
  await send(one(1, ago(9)));
  await world.inspect('update delivered_loan set nin_index = $1', [hashes[1]]);
  await world.inspect('update delivered_customer set nin_index = $1', [hashes[1]]);
  await send(one(2, ago(8)));
  const rows = await world.inspect('select nin_index, non_interest_bearing_balance as mark from delivered_loan');
  assert.deepEqual(rows, [{ nin_index: hashes[0], mark: 2 }]);
  await world.inspect('update delivered_loan set nin_index = $1', [hashes[1]]);
  await send(closed(ago(7)));
  assert.deepEqual(await world.inspect('select count(*) from delivered_loan'), [{ count: 0 }]);
  assert.deepEqual(await world.inspect('select count(*) from delivered_customer'), [{ count: 0 }]);
  await rotating.close();
});

test('D3: many pushes at once to one institution are all stored, and of one account the newest', async () => {
  const marks = Array.from({ length: 20 }, (_, n) => n + 1);
  await Promise.all(
    marks.map((mark) => stored(one(mark, ago(100 - mark)), one(mark, ago(9), `own-${mark}`, person(mark)))),
  );
  assert.deepEqual(await shown(), ['a 20']);
  assert.deepEqual(await world.inspect('select count(*) from delivered_loan'), [{ count: 21 }]);
});
