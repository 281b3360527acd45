import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkContract } from './support/contract.ts';
import { scanEvidence } from './support/scan.ts';

/** The checks that read a whole run's logs and answers must themselves be able to fail: here they are shown planted faults. */

const token = 'kx3J8v0sWb2Qd5Zf7Lr9Tn1Ym4Pc6Hg8Ea0Ui2Oo4Sd';
const answer = (changes: object) => ({
  method: 'GET',
  url: '/v1/debt/x/status',
  status: 200,
  headers: {},
  body: '{"active":true}',
  ...changes,
});

function withEvidence<Result>(files: Record<string, string>, read: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-evidence-'));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return read(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
const scan = (files: Record<string, string>) =>
  withEvidence({ 'tokens-1.txt': `${token}\n`, ...files }, scanEvidence).found;
const scanAnswer = (changes: object) => scan({ 'answers-1.ndjson': `${JSON.stringify(answer(changes))}\n` });

test('E1: the scan finds a number, a secret and a token in a log', () => {
  assert.equal(scan({ 'a.log': '{"msg":"request"}\n' }).length, 0);
  for (const line of [
    '{"msg":"for 14842249091"}',
    '{"msg":"sandbox-secret-2"}',
    `{"msg":"Bearer ${token}"}`,
    '{"stack":"Error\\n    at lookUp (x)"}',
  ]) {
    assert.equal(scan({ 'a.log': `${line}\n` }).length, 1, line);
  }
});

test('E1: the scan finds a number outside `ssn`, a token outside its own answer, SQL and a stack in an answer', () => {
  assert.deepEqual(scanAnswer({}), []);
  assert.deepEqual(scanAnswer({ url: '/v1/debt/x', body: '{"ssn":"14842249091"}' }), []);
  assert.deepEqual(
    scanAnswer({ method: 'POST', url: '/oauth2/token', body: JSON.stringify({ access_token: token }) }),
    [],
  );
  for (const changes of [
    { url: '/v1/debt/x', body: '{"ssn":"14842249091","name":"14842249091"}' },
    { url: '/v1/debt/x', status: 403, body: '{"ssn":"14842249091"}' },
    { headers: { 'x-trace-id': '14842249091' } },
    { body: JSON.stringify({ error: token }) },
    { body: '{"message":"select nin from person where id = 1"}' },
    { body: '{"message":"Error\\n    at lookUp (look-up.ts:12:3)"}' },
  ]) {
    assert.equal(scanAnswer(changes).length, 1, JSON.stringify(changes));
  }
});

test('the contract check finds a missing member, a wrong type, an undescribed status, a body that should be empty, a missing header, an error of another shape, and one without a page', () => {
  const check = (changes: object) =>
    withEvidence({ 'answers-1.ndjson': `${JSON.stringify(answer(changes))}\n` }, (folder) =>
      checkContract(folder, ['docs/openapi.json'], undefined),
    );
  const good = check({});
  assert.deepEqual([good.checked.own, good.problems], [1, []]);
  assert.ok(good.unseen.length > 40 && !good.unseen.includes('GET /v1/debt/{id}/status 200'));
  for (const changes of [
    { body: '{}' },
    { body: '{"active":"yes"}' },
    { status: 418 },
    { headers: { 'content-type': 'text/plain', 'x-trace-id': 't' } },
    { headers: { 'content-type': 'application/json' } },
    { method: 'POST', status: 405, body: '{"error":"method not allowed","timestamp":"2026-11-23T00:00:00Z"}' },
    {
      url: '/oauth2/par',
      status: 404,
      body: '',
      headers: { link: '<http://localhost:4000/docs/errors/no_such_error>; rel="help"' },
    },
    { method: 'DELETE', url: '/v1/debt/x', status: 204, body: '{}' },
    {
      url: '/feed/v1/consent',
      body: '{"startSequenceNr":0,"endSequenceNr":1,"generatedAt":"2026-11-23T00:00:00Z","result":[]}',
    },
  ]) {
    assert.equal(check(changes).problems.length, 1, JSON.stringify(changes));
  }
});
