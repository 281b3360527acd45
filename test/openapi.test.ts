import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeApi } from './support/describe.ts';

test('docs/openapi.json is what the server says of itself', async () => {
  assert.equal(
    await describeApi(),
    readFileSync('docs/openapi.json', 'utf8'),
    'run `npm run openapi`, and commit what it writes',
  );
});
