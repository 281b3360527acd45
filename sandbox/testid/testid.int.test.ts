import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, type TestDatabase } from '../../test/support/database.ts';
import { openLoginHouse, type LoginHouse } from '../../test/support/login-house.ts';

let database: TestDatabase;
let house: LoginHouse;
before(async () => {
  database = await createDatabase();
  house = await openLoginHouse(database);
});
after(async () => {
  await house.close();
  await database.drop();
});

test('A9: TestID logs in without a click by a hint, over pushed requests, PKCE and our key', async () => {
  const visitor = house.newVisitor();
  const begun = await house.begin(visitor, { hint: 'testid:14842249091' });
  assert.equal(begun.status, 303);
  assert.equal(begun.next?.pathname, '/testid/auth');
  assert.deepEqual([...(begun.next?.searchParams.keys() ?? [])], ['request_uri', 'client_id']);
  const page = await visitor.visit(begun.next ?? '');
  assert.equal(page.url.href, 'http://localhost:4000/home', page.text);
  const who = await house.whoIs(visitor);
  assert.equal(who?.digits, '148422 49091');
});
