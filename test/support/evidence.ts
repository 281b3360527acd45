import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where this run keeps what was logged and answered, to be read through at its end. */
export function evidenceFile(name: string): string {
  const folder = process.env['SAMTYKKE_TEST_EVIDENCE'];
  if (folder === undefined) throw new Error('run tests that need a database by: node test/run.ts <files>');
  return join(folder, name);
}

/** Remembers an answer that left the app. */
export function recordAnswer(answer: {
  method: string;
  url: string;
  status: number;
  headers: object;
  body: string;
}): void {
  appendFileSync(evidenceFile(`answers-${process.pid}.ndjson`), `${JSON.stringify(answer)}\n`);
}

/** Remembers a token: it must be in no log, and in no answer but the one that gave it. */
export function recordToken(token: string): void {
  appendFileSync(evidenceFile(`tokens-${process.pid}.txt`), `${token}\n`);
}

let logs = 0;
/** A log file of its own, that is read through at the end. */
export const evidenceLog = (): string => evidenceFile(`log-${process.pid}-${++logs}.log`);
