/**
 * What a lookup of somebody with five creditors, who all answer at once, costs the node (`GET /v1/debt/{id}`): beside it a server that only
 * makes the same five calls over mutual TLS. What lies between is the token, the consent, the person's number, the checks of every loan,
 * the access log with its commit, and the answer. The creditors' own work is nobody's here.
 */
import { creditorIds } from '../sandbox/creditor-list.ts';
import type { FannedOut, OpenFanOut } from './support/fan-out-server.ts';
import { openLookupWorld } from './support/lookup-world.ts';
import { headersOf } from './support/node-world.ts';
import { startServer } from './support/server-process.ts';
import { askedSide, ratios, report, throughputFigure, versus } from './support/versus.ts';

const CREDITORS = 5;
const CLIENTS = 8;
const PERSONS = 100;

const world = await openLookupWorld({ creditors: CREDITORS, silentId: creditorIds.havsule });
const { samtykke, headers: bearer } = world;
const persons: FannedOut[] = [];
for (const { consentId, nin, creditors } of world.answered.slice(0, PERSONS)) {
  const path = `/v1/debt/${consentId}`;
  const answer = await (await fetch(`${samtykke.ready}${path}`, { headers: bearer })).text();
  persons.push({ path, nin, creditors, answer });
}
const headers = await headersOf(samtykke.ready, persons[0]?.path ?? '', { headers: bearer });
const bare = await startServer<OpenFanOut>('fan-out-server.ts', { persons, headers });

const plan = {
  clients: CLIENTS,
  method: 'GET',
  headers: bearer,
  requests: persons.map(({ path }) => ({ path })),
  expect: {
    status: 200,
    pattern: String.raw`^\{"ssn":"\d{11}","loans":\[\{"creditorName":`,
    contains: `"numberOfCreditorsAnswered":${CREDITORS},"numberOfcreditorsMissing":0,"consent":{`,
  },
} as const;
const ours = await askedSide(samtykke, plan);
const baseline = await askedSide(bare, plan);
const seen = await versus('fan-out', world.databaseUrl, { ours, baseline });

const about = { measurement: 'lookup, five instant creditors', baseline: 'a server that only makes the five calls' };
const throughput = throughputFigure(about, seen);
const cpu = {
  ...about,
  what: 'CPU of Node ×',
  most: 2.2,
  rounds: ratios(seen, ({ node }) => node),
  others: throughput.others,
};
report(
  'Lookup, five creditors that answer at once',
  seen,
  [cpu, throughput],
  [
    `${CLIENTS} clients look up ${persons.length} persons; every answer has all ${CREDITORS} creditors. Creditors are a process of their own, over mutual TLS.`,
    'Baseline: node:http, the same five calls by undici under one deadline, then an answer of the same bytes that it had ready.',
  ],
);

for (const side of [ours, baseline]) await side.close();
await bare.end();
await world.close();
