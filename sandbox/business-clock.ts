import type { MovableClock } from '../src/platform/clock.ts';
import { sql } from '../src/platform/db-statement.ts';
import type { Database } from '../src/platform/db.ts';

const READ = sql<{ seconds: number }>('sandbox_clock_read', 'select clock_offset_seconds as seconds from installation');
const ADVANCE = sql<{ seconds: number }>(
  'sandbox_clock_advance',
  'update installation set clock_offset_seconds = clock_offset_seconds + $1 returning clock_offset_seconds as seconds',
);

/** How often a node looks whether another one has moved the clock, in milliseconds. */
const LOOK_EVERY_MS = 500;

/** Business time of a sandbox (X4): it is kept in the database, so that it outlives a restart and all nodes follow it. */
export interface BusinessClock {
  /** Moves business time forward, for good. */
  advance(seconds: number): Promise<void>;
  close(): void;
}

/** Sets `clock` to the sandbox's business time and keeps it there. */
export async function followBusinessClock(db: Database, clock: MovableClock): Promise<BusinessClock> {
  const follow = async () => {
    const [row] = await db.query(READ);
    if (row !== undefined) clock.setOffsetSeconds(row.seconds);
  };
  await follow();
  const timer = setInterval(() => {
    follow().catch(() => undefined); // the database is away: business time goes on from where it was
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    advance: async (seconds) => {
      const [row] = await db.query(ADVANCE, [seconds]);
      if (row !== undefined) clock.setOffsetSeconds(row.seconds);
    },
    close: () => clearInterval(timer),
  };
}
