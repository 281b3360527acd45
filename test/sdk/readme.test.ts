import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as entry from '../../sdk/src/entry.ts';
import { advices } from '../../sdk/src/errors.ts';
import { sandboxClients } from '../../sandbox/clients.ts';
import { ROOT } from '../support/sources.ts';

/** What the package's README says, held against the package. */

const read = (name: string): string => readFileSync(join(ROOT, 'sdk', name), 'utf8');
const readme = read('README.md');

/** The words in backticks in the first cells of the tables below a heading. */
function tabulated(heading: string): readonly string[] {
  const [, after = ''] = readme.split(`\n${heading}\n`);
  const [section = ''] = after.split(/\n## /);
  return [...section.matchAll(/^\| ([^|]+)\|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`(\w+)`/g)].map(([, word = '']) => word),
  );
}

/** The members of an interface, from its source. */
function membersOf(file: string, name: string): readonly string[] {
  const [, body = ''] = new RegExp(`interface ${name}\\b[^{]*\\{\\n([^]*?)\\n\\}`).exec(read(file)) ?? [];
  const members = [...body.matchAll(/^ {2}(?:readonly )?(\w+)\??:/gm)].map(([, member = '']) => member);
  assert.ok(members.length > 0, `${name} has members`);
  return members;
}

test('SDK: its README has each code of an error, and no other', () => {
  const told = tabulated('## Errors').filter((word) => word !== 'code');
  assert.deepEqual(told.toSorted(), Object.keys(advices).toSorted());
});

test('SDK: its README has each option', () => {
  const tables: readonly (readonly [string, readonly string[]])[] = [
    [
      '## Connecting',
      [
        ...membersOf('src/options.ts', 'CommonOptions'),
        'baseUrl',
        'issuer',
        'apiUrl',
        'addresses',
        'clientSecret',
        'privateKey',
        'keyId',
      ],
    ],
    ['## Following the feed', membersOf('src/follow.ts', 'FollowOptions')],
    ['## Asking a person', membersOf('src/code-flow.ts', 'ConsentRequest')],
  ];
  for (const [heading, members] of tables) {
    assert.deepEqual(
      members.filter((member) => !tabulated(heading).includes(member)),
      [],
      heading,
    );
  }
  const words = [
    ...membersOf('src/api.ts', 'CallOptions'),
    ...membersOf('src/feed.ts', 'ReadOptions'),
    ...membersOf('src/webhook.ts', 'WebhookOptions'),
    ...membersOf('src/options.ts', 'Addresses'),
    ...membersOf('src/snapshot.ts', 'SnapshotConsent'),
    ...membersOf('src/debt.ts', 'DebtInformation'),
    ...membersOf('src/errors.ts', 'FailureDetails'),
  ];
  assert.deepEqual(
    words.filter((word) => !new RegExp(`\\b${word}\\b`).test(readme)),
    [],
  );
});

test('SDK: its README has each call, and uses a client and an address that the sandbox has', () => {
  const calls = Object.getOwnPropertyNames(entry.Samtykke.prototype).filter((name) => name !== 'constructor');
  const samtykke = new entry.Samtykke({ baseUrl: 'http://localhost:4000', clientId: 'c', clientSecret: 's' });
  const told = [...calls, ...Object.keys(samtykke.feed), 'verifyWebhook', 'isSamtykkeError'];
  assert.deepEqual(
    told.filter((name) => !readme.includes(`${name}(`)),
    [],
  );
  const [{ client, secret }] = sandboxClients('http://localhost:4000');
  assert.ok(readme.includes(client.id) && readme.includes(secret));
});

test('SDK: the version that is told to servers is that of the package, which asks for as old a Node as it says', () => {
  const { version, engines, dependencies } = JSON.parse(read('package.json')) as {
    version: string;
    engines: { node: string };
    dependencies: object;
  };
  assert.equal(entry.VERSION, version);
  assert.equal(engines.node, '>=20');
  assert.ok(readme.includes('Node 20 and newer'));
  assert.deepEqual(Object.keys(dependencies), ['oauth4webapi']);
});
