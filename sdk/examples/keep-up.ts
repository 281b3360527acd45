/**
 * Keeps a list of the consents that may be used, in a file, and keeps it right for ever: it takes a snapshot when it has nothing or was away for
 * too long, and follows the feed from there. What it knows and how far it has read are one file, written in one go, so neither is ever without
 * the other.
 *
 * node keep-up.ts [address of the platform]
 */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { Samtykke, isSamtykkeError } from '@samtykke/client';

const FILE = 'consents.json';
const samtykke = new Samtykke({
  baseUrl: process.argv[2] ?? 'http://localhost:4000',
  clientId: 'a0000000-0000-4000-8000-000000000001',
  clientSecret: 'sandbox-secret-1',
});

interface Known {
  readonly place: number;
  readonly active: readonly string[];
}

async function load(): Promise<Known | undefined> {
  const text = await readFile(FILE, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as Known);
}

async function save(known: Known): Promise<void> {
  await writeFile(`${FILE}.new`, JSON.stringify(known));
  await rename(`${FILE}.new`, FILE);
}

/** All that is known, anew. A snapshot that is cut off throws, and nothing is saved. */
async function fromSnapshot(): Promise<Known> {
  const snapshot = await samtykke.feed.snapshot();
  const active: string[] = [];
  for await (const consent of snapshot) if (consent.active) active.push(consent.consentId);
  const known = { place: snapshot.asOfSequenceNr, active };
  await save(known);
  console.log(`snapshot as of ${known.place}: ${active.length} active`);
  return known;
}

/** Goes on from what is known, until the signal aborts. */
async function keepUp(known: Known, signal: AbortSignal): Promise<void> {
  const active = new Set(known.active);
  const onRetry = ({ error, pauseMs }: { error: Error; pauseMs: number }): void =>
    console.error(`${error.message} (again in ${pauseMs} ms)`);
  // No store: the place is kept together with what it is the place of.
  for await (const event of samtykke.feed.follow({ from: known.place + 1, signal, onRetry })) {
    if (event.type === 'created') active.add(event.consentId);
    if (event.type === 'archived') active.delete(event.consentId);
    await save({ place: event.sequenceNr, active: [...active] });
    console.log(`${event.sequenceNr} ${event.type} ${event.consentId}: ${active.size} active`);
  }
}

const stop = new AbortController();
process.once('SIGINT', () => stop.abort()).once('SIGTERM', () => stop.abort());
while (!stop.signal.aborted) {
  try {
    await keepUp((await load()) ?? (await fromSnapshot()), stop.signal);
  } catch (error) {
    if (!isSamtykkeError(error, 'feed_gap')) throw error;
    console.log(error.message);
    await fromSnapshot();
  }
}
console.log('stopped');
