import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Agent } from 'undici';
import { sandboxCertificates, type SandboxCertificates } from '../../sandbox/authority.ts';
import { creditorIds } from '../../sandbox/creditor-list.ts';
import { openCollector } from '../../src/delivery/collector.ts';
import { openPushListener, type PushListener } from '../../src/delivery/listener.ts';
import { peerOrganisation } from '../../src/delivery/require-certificate.ts';
import { deliveryRoutes } from '../../src/delivery/routes.ts';
import { recordAnswer } from '../support/evidence.ts';
import { bearer, newConsent, startWorld, tokenFor, type Json, type World } from '../support/world.ts';

/** A data centre, and one of the creditors that it delivers for. */
const TUNET = '318465711';
const { bekkelauv } = creditorIds;
const NIN = '14842249091';

let world: World;
let listener: PushListener;
let certificates: SandboxCertificates;
before(async () => {
  world = await startWorld({ env: { PUSH_PORT: '0', PUSH_HOST: '127.0.0.1' } });
  const { platform } = world;
  certificates = await sandboxCertificates(join(platform.config.dataDir, 'certificates'), platform.clock.realNow());
  listener = await openPushListener(platform, (app) => {
    world.pushed.follow(app);
    deliveryRoutes(app, platform, peerOrganisation);
  });
});
after(async () => {
  await listener.close();
  await world.close();
});

/** Pushes one loan of the person at Bekkelauv, as an organisation (undefined: as nobody). */
async function push(organisation: string | undefined, figures: Record<string, number>): Promise<Json> {
  const agent = new Agent({
    connect: {
      ca: certificates.authority.cert,
      ...(organisation === undefined ? {} : certificates.deliverer(organisation)),
    },
  });
  const loan = {
    type: 'creditFacility',
    accountID: 'PUSHED-1',
    timestamp: world.clock.now().toISOString(),
    coBorrower: 0,
    creditLimit: 0,
    interestBearingBalance: 0,
    nonInterestBearingBalance: 0,
    nominalInterestRate: 1990,
    installmentCharges: 0,
    ...figures,
  };
  const customer = { customerID: NIN, financialInstitutionID: bekkelauv, loans: [loan] };
  const { statusCode, headers, body } = await agent.request({
    origin: `https://localhost:${listener.port}`,
    path: '/loans',
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ providerID: `9908:${TUNET}`, customers: [customer] }),
  });
  const text = await body.text();
  await agent.destroy();
  recordAnswer({ method: 'POST', url: '/loans', status: statusCode, headers, body: text });
  return { status: statusCode, ...(JSON.parse(text) as object) };
}

/** The limits that the next lookup tells of what was pushed. */
async function lookedUp(): Promise<unknown> {
  const id = await newConsent(world, { nin: NIN });
  const token = await tokenFor(world, 'debt');
  const { status, json } = await world.call({ method: 'GET', url: `/v1/debt/${id}`, headers: bearer(token) });
  assert.equal(status, 200);
  return json.loans
    .filter((entry: Json) => entry.creditorName === 'Bekkelauv Sparekreditt' && entry.loan !== null)
    .map((entry: Json) => entry.loan.creditLimit);
}

test('D3: what is pushed over mutual TLS is in the next lookup, and gone from the one after it was closed', async () => {
  // The creditor’s own answer would come before what it delivered.
  world.servers.setBehaviour(bekkelauv, 'failing');
  assert.deepEqual(await lookedUp(), []);
  assert.equal((await push(TUNET, { creditLimit: 75_000_00 })).status, 200);
  assert.deepEqual(await lookedUp(), [75_000_00]);
  world.clock.setOffsetSeconds(world.clock.offsetSeconds() + 5);
  assert.equal((await push(TUNET, { nominalInterestRate: 0 })).status, 200);
  assert.deepEqual(await lookedUp(), []);
});

test('D3, X3: a creditor that has pushed a loan says the same when it is asked, by day and by night', async () => {
  const figures = { creditLimit: 31_000_00 };
  assert.equal((await push(TUNET, figures)).status, 200);
  world.servers.setBehaviour(bekkelauv, 'normal');
  assert.deepEqual(await lookedUp(), [31_000_00]);
  const collector = openCollector(world.platform);
  try {
    const { reports } = await collector.collectCreditor(bekkelauv);
    assert.deepEqual(
      reports.map(({ outcome }) => outcome.kind),
      ['applied'],
    );
  } finally {
    await collector.close();
  }
  assert.deepEqual(await lookedUp(), [31_000_00]);
  world.clock.setOffsetSeconds(world.clock.offsetSeconds() + 5);
  assert.equal((await push(TUNET, {})).status, 200);
  assert.deepEqual(await lookedUp(), []);
});

test('D3: nobody pushes for an institution but the organisations that are registered for it', async () => {
  for (const [organisation, detail] of [
    [creditorIds.lyngtind, /may not deliver/],
    [undefined, /need a client certificate/],
  ] as const) {
    const refused = await push(organisation, { creditLimit: 10_000_00 });
    assert.deepEqual([refused.status, refused.code], [403, 'certificate_refused']);
    assert.match(refused.detail, detail);
  }
  const stored = await world.inspect("select 1 from delivered_loan where account_id = 'PUSHED-1'");
  assert.deepEqual(stored, []);
});
