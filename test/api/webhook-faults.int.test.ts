import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { switchWebhook } from '../../src/webhooks/change-subscription.ts';
import { bearer, startWorld, tokenFor, type Answer, type World } from '../support/world.ts';

const BASE = '/feed/v1/consent/webhooks';
const NOBODY = '01890000-0000-7000-8000-000000000000';

let world: World;
before(async () => {
  world = await startWorld();
});
after(() => world.close());

/** Every operation of webhooks, as it is asked by a client that does everything right. */
async function askEverything(of: World, token: string | undefined): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const [method, path, payload] of [
    ['POST', '', { url: 'https://bank.example/hooks' }],
    ['GET', '', undefined],
    ['GET', `/${NOBODY}`, undefined],
    ['PATCH', `/${NOBODY}`, { enabled: true }],
    ['DELETE', `/${NOBODY}`, undefined],
    ['POST', `/${NOBODY}/rotate-secret`, {}],
    ['POST', `/${NOBODY}/test`, undefined],
  ] as const) {
    const headers = token === undefined ? {} : bearer(token);
    answers.push(
      await of.call({ method, url: `${BASE}${path}`, headers, ...(payload === undefined ? {} : { payload }) }),
    );
  }
  return answers;
}
const statusesOf = (answers: readonly Answer[]): readonly number[] => [...new Set(answers.map(({ status }) => status))];

test('F1: no token is 401, a token for another API is 403, at each address of webhooks', async () => {
  assert.deepEqual(statusesOf(await askEverything(world, undefined)), [401]);
  assert.deepEqual(statusesOf(await askEverything(world, await tokenFor(world, 'debt'))), [403]);
});

test('E1, E3, E4: webhooks answer 500, 503 and 429 as the other APIs do', async () => {
  const token = await tokenFor(world, 'events');
  await world.inspect('alter table client rename column enabled to enabled_once');
  try {
    assert.deepEqual(statusesOf(await askEverything(world, token)), [500]);
  } finally {
    await world.inspect('alter table client rename column enabled_once to enabled');
  }
  const away = await startWorld({ database: world.database, env: { RATE_LIMIT_PER_MINUTE: '3' } });
  try {
    const ofAway = await tokenFor(away, 'events');

    await askEverything(away, ofAway);
    assert.deepEqual(statusesOf(await askEverything(away, ofAway)), [429]);
    await away.platform.db.close();
    for (const answer of await askEverything(away, ofAway)) {
      assert.equal(answer.status, 503, answer.text);
      assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/);
    }
  } finally {
    await away.close().catch(() => undefined);
  }
});

test('C9: what the operator has disabled a client cannot enable, and is told whom to ask', async () => {
  const headers = bearer(await tokenFor(world, 'events'));
  const url = 'https://bank.example/hooks';
  const { id } = (await world.call({ method: 'POST', url: BASE, headers, payload: { url } })).json;
  await switchWebhook(world.platform, id, false);
  const change = (payload: object) => world.call({ method: 'PATCH', url: `${BASE}/${id}`, headers, payload });
  const refused = await change({ enabled: true });
  assert.equal(refused.status, 409);
  assert.equal(refused.json.message, 'the operator of this service has disabled this webhook: ask them to enable it');
  const changed = await change({ url: `${url}/new` });
  assert.deepEqual([changed.status, changed.json.enabled, changed.json.disabledReason], [200, false, 'operator']);
  await switchWebhook(world.platform, id, true);
  assert.equal((await change({})).json.enabled, true);
});
