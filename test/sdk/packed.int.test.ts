import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { InjectOptions } from 'fastify';
import { Webhook } from 'standardwebhooks';
import { newSigningSecret } from '../../src/webhooks/signature.ts';
import { createDatabase, withClient, type TestDatabase } from '../support/database.ts';
import { answerScreen } from '../support/flow.ts';
import { freePort, nodeOver, startNode, type NodeProcess } from '../support/node-process.ts';
import { newVisitor } from '../support/visitor.ts';
import { API, agreement, bearer, clientOf, newConsent, tokenFor } from '../support/world.ts';
import { codeOfReadme, newUserFolder, versionOfUsersNode, type UserFolder } from './packed.ts';
import { wireEvent } from './told-feed.ts';

/** The package as somebody else gets it: from its tarball, in a folder of theirs, against a platform that runs. */

let folder: UserFolder;
let database: TestDatabase;
let node: NodeProcess;
let address: string;

before(async () => {
  const port = await freePort();
  address = `http://localhost:${port}`;
  const start = async (): Promise<void> => {
    database = await createDatabase();
    node = await startNode({ ...nodeOver(database), PUBLIC_URL: address }, port);
  };
  [folder] = await Promise.all([newUserFolder(), start()]);
});
after(async () => {
  await folder.remove();
  await node.end('SIGTERM');
  await database.drop();
});

const installed = (name: string): string => join(folder.path, 'node_modules/@samtykke/client', name);

test('SDK: the tarball holds what is needed, and nothing of ours; how large it is', (t) => {
  const { tarballBytes } = folder;
  assert.deepEqual(readdirSync(installed('.')).sort(), ['LICENSE', 'README.md', 'dist', 'examples', 'package.json']);
  const kinds = new Set(readdirSync(installed('dist')).map((name) => name.replace(/^[^.]*/, '')));
  assert.deepEqual(kinds, new Set(['.js', '.d.ts']));
  for (const name of readdirSync(installed('dist'))) {
    const text = readFileSync(installed(`dist/${name}`), 'utf8');
    assert.doesNotMatch(text, /from '(?!\.\/[\w-]+\.js'|oauth4webapi')/, `${name} imports something else`);
    assert.doesNotMatch(text, /\bprocess\.\w|\bBuffer\b|node:/, `${name} needs Node`);
  }
  t.diagnostic(`the tarball has ${tarballBytes} bytes`);
  assert.ok(tarballBytes < 100_000);
});

test('SDK: the first thirty lines of its README do what it says, on the Node that a user has', async (t) => {
  const [first = ''] = codeOfReadme();
  assert.ok(first.trimEnd().split('\n').length <= 32);
  assert.ok(first.includes(API), 'they speak to the address of npm start');
  folder.write('first.mjs', first.replaceAll(API, address));
  const printed = (await folder.node('first.mjs')).trim().split('\n');
  t.diagnostic(`on ${await versionOfUsersNode()}: ${printed.join(' | ')}`);
  const [consent, ...rest] = printed;
  assert.match(consent ?? '', /^Consent [0-9a-f-]{36} is good until \d{4}-.*Z\.$/);
  const events = rest.splice(-2);
  assert.match(rest.pop() ?? '', /^\d+ creditors answered, \d+ did not\.$/);
  assert.ok(
    rest.length >= 5 && rest.every((line) => /^- .+: (credit_facility|repayment_loan|charge_card)$/.test(line)),
  );
  assert.match(events[0] ?? '', /^Event \d+: created\.$/);
  assert.match(events[1] ?? '', /^Event \d+: archived\.$/);
});

test('SDK: every piece of its README and every example compiles for whoever installed it, with the types of Node and with those of the web', async () => {
  const pieces = codeOfReadme();
  const names = pieces.map((code, at) => {
    const given = /const samtykke =|new Samtykke/.test(code)
      ? ''
      : "import type { Samtykke as Given } from '@samtykke/client';\ndeclare const samtykke: Given;\n";
    const imports = given === '' ? 'export {};\n' : given;
    const name = `readme-${at}.ts`;
    folder.write(name, `${imports}${code}`);
    return name;
  });
  assert.ok(names.length >= 6);
  const ofNode = names.filter((_name, at) => pieces[at]?.includes("'node:") === true);
  const ofWeb = names.filter((name) => !ofNode.includes(name));
  const examples = readdirSync(installed('examples'));
  for (const name of examples) folder.write(name, readFileSync(installed(`examples/${name}`), 'utf8'));

  const types = ['--typeRoots', join(import.meta.dirname, '../../node_modules/@types')];
  const forNode = [...types, '--types', 'node', '--lib', 'es2022', '--skipLibCheck', '--exactOptionalPropertyTypes'];
  assert.equal(await folder.check([...names, ...examples], forNode), '');
  // And with all declarations checked, ours too.
  assert.equal(await folder.check(ofWeb, ['--types', '', '--lib', 'es2022,dom']), '');
  // A check that cannot fail would show nothing.
  folder.write('wrong.ts', "import { Samtykke } from '@samtykke/client';\nnew Samtykke({ baseUrl: 'x' });\n");
  assert.match(await folder.check(['wrong.ts'], forNode), /clientId|clientSecret/);
});

/** An example as it is, but for the port that it listens on and the address that it was called with. */
function placeExample(name: string, ports: Readonly<Record<string, number>> = {}): string {
  const text = readFileSync(installed(`examples/${name}`), 'utf8');
  const placed = Object.entries(ports).reduce((left, [from, to]) => left.replaceAll(from, String(to)), text);
  folder.write(name, placed);
  return name;
}

const platform = { call: (request: InjectOptions) => node.call(request) };

/** A token of this platform, which has an address of its own. */
const tokenOf = (api: 'agreement' | 'debt' | 'events'): Promise<string> =>
  tokenFor(
    {
      call: (request) => {
        const form = String(request.payload).replaceAll(encodeURIComponent(API), encodeURIComponent(address));
        return node.call({ ...request, payload: form });
      },
    },
    api,
  );

test('SDK: its example keep-up takes a snapshot, follows, stops, goes on where it was, and notices a gap', async () => {
  const token = await tokenOf('agreement');
  const known = await newConsent(platform, { token });
  const program = placeExample('keep-up.ts');
  const first = folder.start(program, address);
  await first.until(/snapshot as of \d+: \d+ active/);
  const created = await newConsent(platform, { token });
  await first.until(new RegExp(`created ${created}`));
  assert.equal(await first.stop(), 0);
  assert.match(first.output(), /stopped/);

  const debtToken = await tokenOf('debt');
  const revoke = (id: string) => node.call({ method: 'DELETE', url: `/v1/debt/${id}`, headers: bearer(debtToken) });
  assert.equal((await revoke(known)).status, 204);
  const second = folder.start(program, address);
  await second.until(new RegExp(`archived ${known}`));
  assert.doesNotMatch(second.output(), /snapshot/);
  await second.stop();

  assert.equal((await revoke(created)).status, 204);
  // It ages from when it has its number.
  assert.equal(
    (
      await node.call({
        method: 'GET',
        url: '/feed/v1/consent/lastSequenceNr',
        headers: bearer(await tokenOf('events')),
      })
    ).status,
    200,
  );
  const moved = await node.call({ method: 'POST', url: '/sandbox/clock', payload: { advanceSeconds: 8 * 86_400 } });
  assert.equal(moved.status, 200);
  const third = folder.start(program, address);
  await third.until(/have aged out[^]*snapshot as of \d+/);
  await newConsent(platform, { token, client_consent_id: agreement()['client_consent_id'] });
  await third.until(/created/);
  await third.stop();
});

test('SDK: its example ask-a-person sends people to the platform and thanks them when they are back', async () => {
  const port = await freePort();
  const redirectUri = `http://localhost:${port}/callback`;
  await withClient(database.superuserUrl, (client) =>
    client.query('update client set redirect_uris = array_append(redirect_uris, $1) where id = $2', [
      redirectUri,
      clientOf(1).id,
    ]),
  );
  const server = folder.start(placeExample('ask-a-person.ts', { 8765: port }), address);
  await server.until(/http:\/\/localhost/);
  for (const [answer, words] of [
    ['yes', /^Thank you\. You have \d+ loans with \d+ creditors\./],
    ['no', /^You said no/],
  ] as const) {
    const visitor = newVisitor(() => fetch);
    // The way to the login is chosen by hand, where the sandbox lets one pass without a click.
    const begun = await visitor.request(`http://localhost:${port}/`);
    assert.ok(begun.next);
    begun.next.searchParams.set('login_hint', 'testid:14842249091');
    const screen = await visitor.visit(begun.next);
    assert.match(screen.url.pathname, /^\/interaction\//);
    const back = await answerScreen(visitor, screen, answer);
    assert.match((back.next === undefined ? back : await visitor.visit(back.next)).text, words);
  }
  const again = await newVisitor(() => fetch).request(`http://localhost:${port}/callback?code=x&state=y`);
  assert.match(again.text, /was not begun here/);
  assert.match(server.output(), /consent [0-9a-f-]{36}: \d+ creditors answered/);
  await server.stop();
});

test('SDK: its example receive-webhooks is told by the platform what happens, and refuses what is not signed by it', async () => {
  const port = await freePort();
  const url = `http://localhost:${port}/`;
  const webhook = await node.call({
    method: 'POST',
    url: '/feed/v1/consent/webhooks',
    headers: bearer(await tokenOf('events')),
    payload: { url },
  });
  assert.equal(webhook.status, 201, webhook.text);
  const { secret } = webhook.json as { secret: string };
  const server = folder.start(placeExample('receive-webhooks.ts', { 8790: port }), secret);
  await server.until(/http:\/\/localhost/);
  const consent = await newConsent(platform, { token: await tokenOf('agreement') });
  await server.until(new RegExp(`\\d+ created ${consent}`));

  const body = JSON.stringify({ type: 'consent.archived', timestamp: new Date(), data: wireEvent(3) });
  const send = async (signer: string): Promise<number> => {
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(Math.floor(Date.now() / 1000)),
      'webhook-signature': new Webhook(signer).sign('msg_1', new Date(), body),
    };
    return (await fetch(url, { method: 'POST', headers, body })).status;
  };
  assert.equal(await send(newSigningSecret()), 400);
  assert.deepEqual([await send(secret), await send(secret)], [204, 204]);
  assert.equal(server.output().match(/3 archived c-3/g)?.length, 1, 'what comes twice is done once');
  await server.stop();
});
