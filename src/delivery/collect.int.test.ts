import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  brokenLoans,
  customerText,
  facility,
  objectText,
  pageText,
  repayment,
} from '../../test/support/broken-deliveries.ts';
import {
  customers,
  customerWith,
  DAY_BEFORE,
  INSTITUTION,
  OTHER,
  OWN,
  pages,
  person,
  register,
  sendJson,
  startDeliveringServer,
  startDeliveryWorld,
  type Conduct,
  type DeliveryWorld,
} from '../../test/support/delivery-world.ts';
import type { Outcome } from './delivery-run.ts';

let world: DeliveryWorld;
before(async () => {
  world = await startDeliveryWorld();
});
after(() => world.close());

/** What is there before each test, from a page of three and one of two. */
const yesterday = [customers(3, 1), customers(2, 1, 3)];
beforeEach(async () => {
  await world.inspect('truncate delivered_loan, delivered_customer, delivered_closing, delivery_run');
  world.server.conduct(pages(yesterday));
  assert.equal((await world.collect()).kind, 'applied');
});

const marks = (mark: number): string[] => [`c ${mark}`, `f ${mark}`, `r ${mark}`];

/** All of it, with the row versions: nothing may have been written anew. */
const stored = () =>
  world.inspect(
    `select l.*, l.xmin::text from delivered_loan l union all
     select nin_index, creditor_id, 'customer', null, null, null, null, null, null, null, null, null, null, null, null, provider_id,
       null, null, c.xmin::text from delivered_customer c order by 1, 3`,
  );

/** Collects, and makes sure that nothing of what was there before has changed. */
async function refused(conduct: Conduct, config = {}): Promise<Outcome> {
  const before = await stored();
  world.server.conduct(conduct);
  const outcome = await world.collect({ collectStallSeconds: 1, ...config });
  assert.notEqual(outcome.kind, 'applied');
  assert.deepEqual(await stored(), before);
  assert.deepEqual(await world.shown(person(4)), marks(1));
  return outcome;
}

const rejected = (rule: string, place: object) => ({ kind: 'rejected', rule, place });
const failed = (failure: string, more: object = {}) => ({ kind: 'failed', failure, ...more });

test('D3: a delivery of several pages takes the place of the one before: new, changed, gone and unchanged', async () => {
  assert.deepEqual(world.server.asked, [0, 1]);
  const before = await stored();
  world.server.conduct(pages([[...customers(2, 1), customerWith(person(2), 2)], customers(1, 1, 9)]));
  assert.deepEqual(await world.collect(), {
    kind: 'applied',
    customers: 4,
    loans: 12,
    warnings: 0,
    droppedOverHalf: false,
    duplicatedAccounts: 0,
  });
  assert.deepEqual(await Promise.all([0, 1, 2, 3, 9].map((place) => world.shown(person(place)))), [
    marks(1),
    marks(1),
    marks(2),
    [],
    marks(1),
  ]);
  // What has not changed has not been touched.
  const untouched = new Set(before.map((row) => JSON.stringify(row)));
  assert.equal((await stored()).filter((row) => untouched.has(JSON.stringify(row))).length, 2 * 3 + 3);
  const [run] = await world.runs();
  assert.deepEqual(
    [run.kind, run.outcome, run.customers, run.loans, run.retry_at],
    ['collect', 'applied', 4, 12, null],
  );
});

test('D3: figures that were only drawn anew are not written anew, and are shown with their new date', async () => {
  const before = await stored();
  const drawn = '2026-11-22T04:30:00.000Z';
  world.server.conduct(pages([customers(3, 1, 0, drawn), customers(2, 1, 3, drawn)]));
  assert.equal((await world.collect()).kind, 'applied');
  assert.deepEqual(await stored(), before);
  const dates = await world.inspect('select drawn_at from creditor_provider');
  assert.deepEqual(dates, [{ drawn_at: new Date(drawn) }]);
  // One that differs from the rest keeps its own.
  world.server.conduct(pages([[...customers(2, 1, 0, drawn), customerWith(person(2), 1, DAY_BEFORE)]]));
  assert.equal((await world.collect()).kind, 'applied');
  const own = await world.inspect('select distinct reported_at from delivered_loan where not dated_with_delivery');
  assert.deepEqual(own, [{ reported_at: new Date(DAY_BEFORE) }]);
});

test('D3: an empty delivery clears all, and a drop of over half is applied and flagged', async () => {
  world.server.conduct(pages([customers(2, 1)]));
  const outcome = await world.collect();
  assert.deepEqual([outcome.kind, outcome.kind === 'applied' && outcome.droppedOverHalf], ['applied', true]);
  world.server.conduct(pages([]));
  assert.equal((await world.collect()).kind, 'applied');
  assert.deepEqual(world.server.asked, [0]);
  assert.deepEqual(await stored(), []);
  const [last, before] = await world.runs();
  assert.deepEqual([last.customers, last.dropped_over_half, before.dropped_over_half], [0, true, true]);
});

test('D3: terms and charges may be missing in a delivery, and are counted', async () => {
  const bare = objectText(facility, { accountID: '"bare"', installmentCharges: undefined });
  world.server.conduct(pages([[customerText(person(0), INSTITUTION, [bare])]]));
  const outcome = await world.collect();
  assert.deepEqual([outcome.kind, outcome.kind === 'applied' && outcome.warnings], ['applied', 1]);
});

test('D3: a customer without loans is a customer', async () => {
  world.server.conduct(pages([[customerText(person(0), INSTITUTION, [])]]));
  assert.equal((await world.collect()).kind, 'applied');
  assert.deepEqual(await world.inspect('select count(*) from delivered_customer'), [{ count: 1 }]);
  assert.deepEqual(await world.shown(person(0)), []);
});

test('D3: what is delivered is stored to the letter: long and foreign account ids, the largest and smallest figures, dates', async () => {
  const largest = Number.MAX_SAFE_INTEGER;
  const accounts = ['ø'.repeat(200), '\u{1F3E6}'.repeat(100), '\u20AC\t"\\.\n', '\\N', ' ', "'; --"];
  const loans = accounts.map((account) => ({
    ...facility,
    accountID: account,
    creditLimit: largest,
    nominalInterestRate: 2_147_483_647,
  }));
  const old = {
    ...repayment,
    accountID: 'old',
    timestamp: '1000-01-01T00:00:00.001Z',
    terms: 0,
    balance: largest,
    originalBalance: 0,
  };
  world.server.conduct(
    pages([
      [
        customerText(
          person(0),
          INSTITUTION,
          [...loans, old].map((loan) => JSON.stringify(loan)),
        ),
      ],
    ]),
  );
  assert.equal((await world.collect()).kind, 'applied');
  const rows = await world.inspect('select * from delivered_loan');
  assert.deepEqual(rows.map((row) => row.account_id).toSorted(), [...accounts, 'old'].toSorted());
  for (const row of rows) {
    if (row.account_id === 'old') {
      assert.deepEqual([row.reported_at.toISOString(), row.terms, row.balance], [old.timestamp, 0, largest]);
      assert.deepEqual([row.original_balance, row.credit_limit, row.installment_charge_period], [0, null, null]);
    } else {
      assert.deepEqual([row.credit_limit, row.nominal_interest_rate], [largest, 2_147_483_647]);
      assert.deepEqual([row.installment_charges, row.installment_charge_period], [4_500, 'MONTHLY']);
    }
  }
});

test('D3: a broken rule anywhere keeps what was there before, and rule, page, record and loan are told', async () => {
  const rules = new Map(brokenLoans.map((broken) => [broken.rule, broken.text]));
  for (const [rule, loan] of rules) {
    const spoilt = customerText(person(20), INSTITUTION, [objectText(facility), loan]);
    for (const [page, record] of [
      [0, 0],
      [0, 1],
      [2, 1],
    ] as const) {
      const list = [customers(2, 2), customers(2, 2, 2), customers(2, 2, 4)];
      list[page]?.splice(record, 1, spoilt);
      const place = { page, record, loan: 1 };
      assert.deepEqual(await refused(pages(list)), rejected(rule, place));
      const [run] = await world.runs();
      assert.deepEqual(
        [run.outcome, run.rule, run.page, run.record, run.loan_index, run.retry_at],
        ['rejected', rule, page, record, 1, null],
      );
    }
  }
});

test('D3: what is wrong with a customer keeps what was there before, at the first, a middle and the last record', async () => {
  const stranger = customerText(person(0), '210437185', []);
  const spoilt: readonly (readonly [string, string])[] = [
    ['another_institution', stranger],
    ['nin_invalid', customerText('14842249092', INSTITUTION, [])],
    ['nin_invalid', customerText(' 14842249091', INSTITUTION, [])],
    ['loans_missing', customerText(person(0), INSTITUTION, [], { loans: undefined })],
    ['not_an_object', '7'],
    ['duplicate_key', customerText(person(0), INSTITUTION, []).replace('}', ',"loans":[]}')],
    ['duplicate_account', customerText(person(0), INSTITUTION, [objectText(facility), objectText(facility)])],
  ];
  for (const [rule, customer] of spoilt) {
    for (const record of [0, 2, 4]) {
      const list = customers(5, 2);
      list[record] = customer;
      const outcome = await refused(pages([customers(5, 2, 10), list]));
      assert.equal(outcome.kind === 'rejected' && outcome.rule, rule);
      assert.deepEqual(outcome.kind === 'rejected' && [outcome.place.page, outcome.place.record], [1, record]);
    }
  }
});

test('D3: the same customer twice keeps what was there before, on one page or across pages, and the second place is told', async () => {
  const twice = customerWith(person(1), 3);
  assert.deepEqual(
    await refused(pages([[...customers(3, 2), twice]])),
    rejected('duplicate_customer', { page: 0, record: 3 }),
  );
  assert.deepEqual(
    await refused(pages([customers(3, 2), customers(3, 2, 3), [customerWith(person(8), 2), twice]])),
    rejected('duplicate_customer', { page: 2, record: 1 }),
  );
  // A creditor that does not know pages sends the first one again, without end.
  assert.deepEqual(
    await refused((_page, response) => sendJson(response, pageText(OWN, customers(3, 2)))),
    rejected('duplicate_customer', { page: 1, record: 0 }),
  );
  assert.deepEqual(world.server.asked, [0, 1]);
});

test('D3: another provider than is registered is refused, whichever page says so; 0192 is the same as 9908', async () => {
  assert.deepEqual(await refused(pages([customers(1, 2)], OTHER)), rejected('another_provider', { page: 0 }));
  assert.deepEqual(
    await refused((page, response) =>
      pages([customers(2, 2), customers(2, 2, 2)], page === 1 ? OTHER : OWN)(page, response, response.req),
    ),
    rejected('another_provider', { page: 1 }),
  );
  world.server.conduct(pages([customers(1, 2)], OWN.replace('9908', '0192')));
  assert.equal((await world.collect()).kind, 'applied');
});

test('D3: JSON that is cut off, no UTF-8, or more than a page is refused with the page', async () => {
  const whole = pageText(OWN, customers(3, 2));
  const second =
    (body: string | Buffer): Conduct =>
    (page, response) =>
      page === 0 ? sendJson(response, pageText(OWN, customers(3, 2, 10))) : sendJson(response, body);
  for (const [rule, body] of [
    ['broken_json', whole.slice(0, -2)],
    ['broken_json', whole.slice(0, 200)],
    ['broken_json', `${whole}x`],
    ['not_utf8', Buffer.from(whole.replace('"f-', '"\xff'), 'latin1')],
    ['customers_missing', '{"providerID":"9908:314901398"}'],
    ['provider_missing', '{"customers":[]}'],
    ['broken_json', ''],
  ] as const) {
    const outcome = await refused(second(body));
    assert.deepEqual(
      outcome.kind === 'rejected' && [outcome.rule, outcome.place.page],
      [rule, 1],
      body.slice(-20).toString(),
    );
  }
});

test('D3: a connection that is cut in the middle of page 3 changes nothing, and is tried again', async () => {
  const full = pageText(OWN, customers(2, 2, 6));
  const cut: Conduct = (page, response, request) => {
    if (page < 3) {
      pages([customers(2, 2), customers(2, 2, 2), customers(2, 2, 4)])(page, response, request);
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': full.length });
    response.write(full.slice(0, full.length / 2), () => response.destroy());
  };
  assert.deepEqual(await refused(cut), failed('connection_cut'));
  assert.deepEqual(world.server.asked, [0, 1, 2, 3]);
  const [run] = await world.runs();
  assert.deepEqual([run.outcome, run.detail], ['failed', 'connection_cut']);
  assert.ok(run.retry_at > run.started_at);
  // The same without a length, by chunks that never come to an end, or are none.
  const chunked =
    (end: string): Conduct =>
    (_page, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
      response.write(full.slice(0, 100), () => response.socket?.end(end));
    };
  assert.deepEqual(await refused(chunked('')), failed('connection_cut'));
  assert.deepEqual(await refused(chunked('zz\r\nnonsense\r\n')), failed('connection_cut'));
});

test('D3: a status other than 200 changes nothing; 429 and 5xx are tried again, when the creditor asks for it', async () => {
  for (const [status, failure, again] of [
    [429, 'server_error', true],
    [500, 'server_error', true],
    [503, 'server_error', true],
    [400, 'refused', false],
    [401, 'refused', false],
    [404, 'refused', false],
    [204, 'refused', false],
    [302, 'redirected', false],
    [308, 'redirected', false],
  ] as const) {
    const answer: Conduct = (_page, response) =>
      response.writeHead(status, { location: 'http://127.0.0.1:9/', 'retry-after': '600' }).end();
    assert.deepEqual(await refused(answer), failed(failure, { status, waitSeconds: 600 }));
    const [run] = await world.runs();
    assert.equal(run.detail, `${failure} ${status}`);
    if (again) assert.ok(run.retry_at - run.finished_at >= 600_000, `${status} is tried again in ten minutes`);
    else assert.equal(run.retry_at, null, `${status} is not tried again`);
  }
});

test('D3: what is no JSON by its type, or is packed, is not read', async () => {
  const page = pageText(OWN, customers(3, 2));
  const answer =
    (headers: Record<string, string>, body: string | Buffer): Conduct =>
    (_page, response) =>
      response.writeHead(200, headers).end(body);
  for (const type of ['text/html', 'application/json-seq', 'text/json', '']) {
    assert.deepEqual(
      await refused(answer(type === '' ? {} : { 'content-type': type }, page)),
      failed('wrong_content_type'),
    );
  }
  const packed = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
  assert.deepEqual(await refused(answer(packed, gzipSync(page))), failed('compressed'));
  // And when it does not say so it is not JSON.
  const unsaid = await refused(answer({ 'content-type': 'application/json' }, gzipSync(page)));
  assert.equal(unsaid.kind, 'rejected');
  world.server.conduct(answer({ 'content-type': 'application/JSON; charset=utf-8' }, page.replace('x', 'x')));
});

test('D3: a page without end is left at the limit, and one that says nothing after a while', async () => {
  const endless: Conduct = (_page, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"providerID":"9908:314901398","customers":[');
    let place = 0;
    const more = (): void => {
      while (!response.destroyed && response.write(`${customerWith(person(place++), 2)},`)) if (place > 1e7) return;
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  };
  assert.deepEqual(await refused(endless, { collectPageMb: 2 }), failed('page_too_large'));
  const silent: Conduct = () => undefined;
  assert.deepEqual(await refused(silent), failed('timeout'));
  const stalled: Conduct = (_page, response) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .write(pageText(OWN, customers(2, 2)).slice(0, 500));
  assert.deepEqual(await refused(stalled), failed('timeout'));
  const trickle: Conduct = (_page, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"customers":[');
    const timer = setInterval(() => response.write(' '), 100);
    response.once('close', () => clearInterval(timer));
  };
  assert.deepEqual(await refused(trickle, { collectMinutes: 1.5 / 60 }), failed('too_long'));
});

test('D3: nobody there is tried again', async () => {
  await register(world.platform, OWN, 'http://127.0.0.1:9');
  assert.deepEqual(await refused(pages([])), failed('unreachable'));
  await register(world.platform, OWN, world.server.url);
});

test('D3: two providers of one institution deliver beside each other; what both have is reported, and shown once', async () => {
  const other = await startDeliveringServer();
  try {
    await register(world.platform, OTHER, other.url);
    const moved = customerWith(person(0), 5, '2026-11-22T04:00:00.000Z');
    other.conduct(pages([[moved]], OTHER));
    world.clock.setOffsetSeconds(86_400);
    const reports = await world.collectDue();
    const duplicated = reports.map(({ providerId, outcome }) => [
      providerId,
      outcome.kind === 'applied' ? outcome.duplicatedAccounts : outcome.kind,
    ]);
    assert.deepEqual(Object.fromEntries(duplicated), { [OWN]: 0, [OTHER]: 3 });
  } finally {
    world.clock.setOffsetSeconds(0);
    await world.inspect('delete from creditor_provider where provider_id = $1', [OTHER]);
    await other.close();
  }
});
