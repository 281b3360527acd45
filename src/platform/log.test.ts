import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import pg from 'pg';
import { DomainError } from '../errors/domain-error.ts';
import { Nin } from '../person/nin.ts';
import { openLog } from './log.ts';

test('E1: whatever is logged, a number in it is masked, and of a database error only the place is told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-log-'));
  const file = join(folder, 'x', 'log');
  const log = openLog({ file, level: 'debug' });
  const database = Object.assign(new pg.DatabaseError('duplicate key value (14842249091)', 10, 'error'), {
    code: '23505',
    detail: 'Key (external_id)=(the-clients-secret-id) already exists.',
    constraint: 'some_key',
  });
  log.info({ nin: Nin.fromStored('14842249091'), text: 'for 29868099311.' }, 'about 14842249091');
  log.error({ error: new DomainError('unavailable', 'x', { cause: database }) }, 'failed');
  log.warn({ error: new Error('of 14842249091', { cause: new Error('inner 29868099311') }) }, 'failed');
  await new Promise((resolve) => setTimeout(resolve, 100));
  log.flush();
  const text = readFileSync(file, 'utf8');
  rmSync(folder, { recursive: true });
  assert.equal(text.trim().split('\n').length, 3);
  assert.doesNotMatch(text, /14842249091|29868099311|the-clients-secret-id|duplicate key/);
  assert.match(text, /some_key/);
  assert.match(text, /inner \[nin\]/);
});
