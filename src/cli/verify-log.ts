import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { JWK } from 'jose';
import type { EvidenceProblem, Verdict } from '../audit/evidence/check-chain.ts';
import { ExportUnreadable, verifyExport, type VerifiedExport } from '../audit/evidence/verify-export.ts';
import { verifyLog } from '../audit/evidence/verify-log.ts';
import { openSession } from '../platform/db-session.ts';
import { mayHaveSealed } from '../platform/keys.ts';
import { CommandProblem } from './command-problem.ts';
import { keysOf } from './read-keys.ts';
import { plain } from './table.ts';
import type { Tools } from './tools.ts';
import { count, many, moment } from './words.ts';

interface How {
  readonly expected: readonly string[];
  readonly json: true | undefined;
}

/** Reading through a log of millions takes its time. */
const STATEMENT_MS = 30 * 60_000;

/** Holds the log of a database against its seals, and tells what was found. Throws a CommandProblem where anything is not in order. */
export async function verifyDatabase(tools: Tools, how: How & { since: number | undefined }): Promise<void> {
  const { output } = tools;
  const verdict = await tools.connected(async ({ platform }) => {
    const keys = mayHaveSealed(keysOf(platform.config));
    const session = await openSession({
      ...platform.db.login(),
      applicationName: 'samtykke command: log verify',
      statementMs: STATEMENT_MS,
    });
    try {
      return await output.during('verifying the log', () =>
        session.transaction((tx) => verifyLog(tx, { keys, since: how.since, expected: how.expected })),
      );
    } finally {
      await session.close();
    }
  });
  if (verdict.seals === 0 && how.since !== undefined) {
    throw new CommandProblem([`there is no seal ${how.since} nor any after it`]);
  }
  tell(tools, verdict, how.json);
}

/** Holds an export against the seals that it brings along. Throws as `verifyDatabase`. */
export async function verifyFile(tools: Tools, how: How & { file: string; jwks: string | undefined }): Promise<void> {
  const keys = how.jwks === undefined ? undefined : keysIn(how.jwks);
  const { verdict, head, ownKeys } = await verifyExport(linesOf(tools, how.file), {
    keys,
    expected: how.expected,
  }).catch((error: unknown) => {
    if (error instanceof ExportUnreadable) throw new CommandProblem([`this is no whole export: ${error.message}`]);
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    throw new CommandProblem([`${plain(how.file)} cannot be read (${code})`]);
  });
  if (ownKeys) {
    tools.output.note(
      'these are the keys that the export brings along: with --jwks it is held against keys that you got elsewhere',
    );
  }
  if (!head.whole)
    tools.output.note('it holds only some rows: each of them can be proved, but not that there are no more');
  tell(tools, verdict, how.json, head);
}

const linesOf = ({ stdin }: Tools, file: string): AsyncIterable<string> =>
  createInterface({ input: file === '-' ? stdin() : createReadStream(file, 'utf8'), crlfDelay: Infinity });

function keysIn(file: string): readonly JWK[] {
  let keys: unknown;
  try {
    ({ keys } = JSON.parse(readFileSync(file, 'utf8')) as { keys?: unknown });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandProblem([
      `--jwks ${plain(file)} ${code === undefined ? 'holds no JSON' : `cannot be read (${code})`}`,
    ]);
  }
  if (Array.isArray(keys) && keys.length > 0) return keys as readonly JWK[];
  throw new CommandProblem([`--jwks ${plain(file)} holds no JWK Set: it is what samtykke keys public seals prints`]);
}

function tell({ output }: Tools, verdict: Verdict, json: true | undefined, head?: VerifiedExport['head']): void {
  const { problems, problemCount, lastSeal, rows } = verdict;
  const ok = problemCount === 0;
  if (json) output.json({ ok, ...verdict, ...(head === undefined ? {} : { export: head }) });
  else {
    output.data(`${ok ? 'ok' : 'not ok'}: ${many(rows.intact, 'row')} as sealed, in ${many(verdict.seals, 'seal')}\n`);
    if (verdict.from !== null) output.data(`rows from  ${moment(verdict.from)} to ${moment(verdict.until)} (UTC)\n`);
    if (rows.purged > 0) output.data(`purged     ${many(rows.purged, 'row')}, on schedule\n`);
    if (rows.waiting > 0) output.data(`waiting    ${many(rows.waiting, 'row')} in no seal yet\n`);
    if (verdict.late > 0)
      output.data(`late       ${many(verdict.late, 'row')} sealed more than a day after their time\n`);
    if (lastSeal !== null) {
      output.data(`last seal  ${lastSeal.number}, ${moment(lastSeal.at)} (UTC)\nits hash   ${lastSeal.hash}\n`);
    }
  }
  if (ok && verdict.seals === 0 && head === undefined)
    output.note('there are no seals yet: a node makes the first one within a minute');
  if (ok) return;
  const more = problemCount - problems.length;
  throw new CommandProblem([
    ...problems.map(sentence),
    ...(more > 0 ? [`and ${count(more)} more`] : []),
    head === undefined
      ? 'the log is not as it was sealed: keep this database as it is, and see docs/evidence.md'
      : 'this export is not as it was sealed: see docs/evidence.md',
  ]);
}

/** What was found, for people. */
function sentence(problem: EvidenceProblem): string {
  switch (problem.what) {
    case 'seal_missing':
      return `seal ${problem.seal} is missing`;
    case 'seal_changed':
      return `seal ${problem.seal} has been changed`;
    case 'seal_signature_wrong':
      return `seal ${problem.seal} was not signed by the key that it names, ${plain(problem.key)}`;
    case 'seal_of_unknown_key':
      return `seal ${problem.seal} was signed by a key that is not known here, ${plain(problem.key)}, and no later seal vouches for it`;
    case 'seal_out_of_chain':
      return `seal ${problem.seal} was made over another seal than the one before it`;
    case 'seals_before_replaced':
      return `seal ${problem.seal} was made by a node that did not find the seals it knew: those before it may have been replaced`;
    case 'list_changed':
      return `the list of rows of seal ${problem.seal} has been changed`;
    case 'list_missing':
      return `the list of rows of seal ${problem.seal} is missing, and its rows had to be kept`;
    case 'row_missing':
      return `row ${problem.row} of ${moment(problem.at)} is missing (seal ${problem.seal})`;
    case 'row_changed':
      return `row ${problem.row} of ${moment(problem.at)} has been changed (seal ${problem.seal})`;
    case 'row_added':
      return `row ${problem.row} of ${moment(problem.at)} was added afterwards: all rows up to its number had been sealed without it`;
    case 'seal_expected':
      return `no seal has the hash ${problem.hash}`;
  }
}
