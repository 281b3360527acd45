import { openCollector } from '../../src/delivery/collector.ts';
import { openBarePlatform } from '../support/bare-platform.ts';
import type { TestDatabase } from '../support/database.ts';

/**
 * A node that does nothing but collect, for tests that kill it: over the database that it is handed as JSON. It collects what is due,
 * says so, and does it again when it is told to by a line.
 */
const database = JSON.parse(process.argv[2] ?? '{}') as TestDatabase;
const { platform, clock } = await openBarePlatform(database, { poolSize: 2 });
const collector = openCollector(platform, { waitSeconds: 600 });
process.stdin.setEncoding('utf8');
process.stdout.write('ready\n');
for await (const line of process.stdin) {
  clock.setOffsetSeconds(Number(line));
  await collector.collectDue();
  process.stdout.write('collected\n');
}
