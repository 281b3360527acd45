/**
 * What it costs to find out who holds something for a person, and what they delivered, while one million loans are there (with `--long` ten), beside ten
 * thousand: the first thing that every lookup asks of the database. The loans are made by SQL, and their keys afterwards, as it takes
 * minutes otherwise; they lie as collections put them there, one creditor after the other, each in the order of the hashes.
 */
import { createHash } from 'node:crypto';
import pg from 'pg';
import { sandboxCreditors } from '../sandbox/creditor-list.ts';
import { saveCreditor } from '../src/creditors/creditor-registry.ts';
import { holdingsOf } from '../src/creditors/delivered-loans.ts';
import { openBarePlatform, syntheticNin } from '../test/support/bare-platform.ts';
import { createDatabase } from '../test/support/database.ts';
import { keepFigure } from './support/figures.ts';
import { isLong } from './support/length.ts';
import { usedByOthers } from './support/load.ts';
import { postgresWork } from './support/postgres-work.ts';
import { short, spread, tableReport } from './support/report.ts';
import { median, percentile } from './support/statistics.ts';

const FEW = 10_000;
/** Ten million take minutes to make. */
const MANY = isLong ? 10_000_000 : 1_000_000;
/** A person in so many loans; each person has as many, all of different creditors. */
const LOANS_EACH = 2;
const ROUNDS = isLong ? 6 : 5;
const LOOKUPS = isLong ? 2_000 : 1_000;

/** One round of lookups, each of somebody else. Milliseconds. */
interface Round {
  readonly p50: number;
  readonly p95: number;
  /** CPU of PostgreSQL for each. */
  readonly cpu: number;
}

/** A database with so many loans. */
async function openFilled(loans: number) {
  const database = await createDatabase();
  const world = await openBarePlatform(database, { poolSize: 2 });
  const { platform } = world;
  await platform.db.transaction(async (tx) => {
    for (const creditor of sandboxCreditors)
      await saveCreditor(tx, { ...creditor, baseUrl: 'https://creditor.example' });
  });
  const superuser = new pg.Client({ connectionString: database.superuserUrl });
  await superuser.connect();
  const persons = Math.ceil(loans / LOANS_EACH);
  await fill(superuser, persons);
  const cpuOfPostgres = await postgresWork(superuser);
  const now = new Date();
  const nin = syntheticNin('14842249091');

  /** Finds what is held for one of the persons, whoever it is: what numbers hash to is known here. */
  const lookUp = async (person: number): Promise<void> => {
    const hash = hashOf(person);
    const vault = { ...platform.vault, indexes: () => [{ keyId: 'bench', hash }] as const };
    const holdings = await holdingsOf(platform.db, vault, nin, new Date(now.getTime() - 3_600_000));
    const found = holdings.reduce((sum, { delivered }) => sum + delivered().length, 0);
    if (found !== LOANS_EACH) throw new Error(`${found} loans were found, not ${LOANS_EACH}`);
  };
  return {
    round: async (): Promise<Round> => {
      const times: number[] = [];
      const before = cpuOfPostgres();
      for (let lookup = 0; lookup < LOOKUPS; lookup += 1) {
        const begin = performance.now();
        await lookUp(Math.floor(Math.random() * persons));
        times.push(performance.now() - begin);
      }
      return { p50: median(times), p95: percentile(times, 95), cpu: (cpuOfPostgres() - before) / LOOKUPS };
    },
    close: async () => {
      await superuser.end();
      await world.close();
      await database.drop();
    },
  };
}

/** SHA-256 of eight bytes, as in `fill`: as evenly spread as keyed hashes are. */
function hashOf(person: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(person));
  return createHash('sha256').update(bytes).digest();
}

/** Person `n` is a customer of the creditors at `n`, `n + 1`, … in their list, with a loan at each. */
async function fill(superuser: pg.Client, persons: number): Promise<void> {
  const tables = ['delivered_loan', 'delivered_customer'];
  await superuser.query("set maintenance_work_mem = '512MB'; set work_mem = '256MB'; set synchronize_seqscans = off");
  const keys: string[] = [];
  for (const table of tables) keys.push(...(await dropKeys(superuser, table)));
  for (const [place, { id, providerId }] of sandboxCreditors.entries()) {
    const who = [id, providerId, persons, place, sandboxCreditors.length, LOANS_EACH];
    const customers = `select sha256(int8send(n)) as hash, n from generate_series(0, $3::bigint - 1) n
      where ($4::bigint - n % $5 + $5) % $5 < $6::bigint order by 1`;
    await superuser.query(
      `insert into delivered_loan (nin_index, creditor_id, provider_id, account_id, type, reported_at, dated_with_delivery, co_borrower,
         credit_limit, interest_bearing_balance, non_interest_bearing_balance, nominal_interest_rate, installment_charges,
         installment_charge_period)
       select hash, $1, $2, 'S' || lpad(n::text, 9, '0'), 'creditFacility', now(), true, 0, 5000000, 100 + n % 1000000, n % 777, 2050, 4500,
         'MONTHLY'
       from (${customers}) customer`,
      who,
    );
    await superuser.query(
      `insert into delivered_customer (nin_index, creditor_id, provider_id, delivered_at) select hash, $1, $2, now()
       from (${customers}) customer`,
      who,
    );
  }
  await superuser.query('update creditor_provider set delivered_at = now(), drawn_at = now()');
  for (const key of keys) await superuser.query(key);
  await superuser.query('vacuum (analyze)');
  await superuser.query('checkpoint');
}

/** Drops a table's primary key and indexes; answers the statements that make them again, as they were. */
async function dropKeys(superuser: pg.Client, table: string): Promise<readonly string[]> {
  const { rows } = await superuser.query<{ drop: string; make: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop,
       format('alter table %s add constraint %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid)) as make
     from pg_constraint where conrelid = $1::regclass and contype = 'p'
     union all
     select format('drop index %s', indexrelid::regclass), pg_get_indexdef(indexrelid)
     from pg_index where indrelid = $1::regclass and not indisprimary`,
    [table],
  );
  for (const { drop } of rows) await superuser.query(drop);
  return rows.map(({ make }) => make);
}

const few = await openFilled(FEW);
const begin = performance.now();
const many = await openFilled(MANY);
process.stderr.write(`${MANY} loans are there, after ${short((performance.now() - begin) / 1_000)} s\n`);

const rounds: { few: Round; many: Round }[] = [];
const others: number[] = [];
for (const side of [few, many]) await side.round();
for (let round = 0; round < ROUNDS; round += 1) {
  others.push(await usedByOthers());
  const first = round % 2 === 0 ? few : many;
  const [one, other] = [await first.round(), await (first === few ? many : few).round()];
  rounds.push(first === few ? { few: one, many: other } : { few: other, many: one });
}

const cells = (side: 'few' | 'many'): readonly string[] =>
  (['p50', 'p95', 'cpu'] as const).map((figure) => spread(rounds.map((round) => round[side][figure])));
const times = (figure: keyof Round): string => spread(rounds.map(({ few, many }) => many[figure] / few[figure]));
keepFigure({
  measurement: `what is held for a person, among ${MANY} loans`,
  baseline: `among ${FEW}`,
  what: 'p50 ×',
  most: 1.2,
  rounds: rounds.map(({ few, many }) => many.p50 / few.p50),
  others,
});
process.stdout.write(
  tableReport('Who holds something for a person, and what they delivered', {
    rows: [
      ['', 'p50 ms', 'p95 ms', 'PostgreSQL CPU ms'],
      [`among ${MANY} loans`, ...cells('many')],
      [`among ${FEW} loans`, ...cells('few')],
      ['times', times('p50'), times('p95'), times('cpu')],
    ],
    notes: [
      `One connection, ${LOOKUPS} persons in a round, drawn from all of them. Median of ${ROUNDS} rounds (least-most).`,
      `Wanted at p50: less than 1.2 times.`,
    ],
    others,
  }),
);

for (const side of [few, many]) await side.close();
