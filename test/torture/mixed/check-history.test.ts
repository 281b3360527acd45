import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkEvidence } from './checks/all.ts';
import { gather, type Finding } from './checks/evidence.ts';
import { writeFinalState } from './final-state.ts';
import { openHistory, type Asked, type Call, type Operation, type Told, type ToldEvent } from './history.ts';
import { BANK, DAY, debt, event, row, sound, type Recorded } from './sound-history.ts';

function found({ calls, clock, faults, state, log }: Recorded): readonly Finding[] {
  return checkEvidence(gather({ calls, faults, clock }, state, log)).flatMap(({ findings }) => findings);
}

const feedOf = (run: Recorded): ToldEvent[] => [...(run.state.feeds[0]?.events ?? [])];
function setFeed(run: Recorded, events: readonly ToldEvent[]): void {
  run.state.feeds = run.state.feeds.map((feed) => ({ ...feed, events }));
}
function change(run: Recorded, which: string, changes: Partial<Call>): void {
  run.calls = run.calls.map((call) => (call.call === which ? { ...call, ...changes } : call));
}
const setStatus = (run: Recorded, consent: string, changes: object): void => {
  run.state.statuses = run.state.statuses.map((status) =>
    status.consent === consent ? { ...status, ...changes } : status,
  );
};
const later = (call: string, op: Operation, asked: Asked, status: number | null, told: Told, begin = 700): Call => ({
  call,
  who: 'two',
  organisation: BANK,
  op,
  begin,
  end: begin + 10,
  status,
  asked,
  told,
});

test('a sound history is found sound, with unknown outcomes that did happen and that did not', () => {
  assert.deepEqual(found(sound()), []);
  const without = sound();
  setFeed(
    without,
    feedOf(without).filter((event) => event.consent !== 'unheard'),
  );
  without.log = without.log.filter((row) => row.consent_id !== 'unheard' && row.id !== 14);
  assert.deepEqual(found(without), []);
});

test('a consent of which its client never heard, and that others met in the feed, is what it turned out to be', () => {
  const run = sound();
  run.calls.push(
    later('a', 'give', { singleUse: true }, null, {}, 100),
    later('b', 'look_up', { consent: 'met' }, 200, debt('met'), 300),
    later('c', 'status', { consent: 'met' }, 200, { active: false, expiresAt: 600_000 }, 320),
  );
  const { externalId: _none, ...created } = event(10, 'met', 'created');
  setFeed(run, [...feedOf(run), created, event(11, 'met', 'archived', 'used')]);
  run.log.push(row(20, 'consent_registered', 'met'), row(21, 'debt_disclosed', 'met', 'b'));
  assert.deepEqual(found(run), []);
  run.calls.push(later('d', 'look_up', { consent: 'met' }, 200, debt('met'), 310));
  run.log.push(row(22, 'debt_disclosed', 'met', 'd'));
  assert.ok(found(run).some(({ what }) => what === 'a single use was answered with debt twice'));
});

/** What can go wrong, each planted into the sound history; and a word of what must be found. */
const planted: readonly (readonly [fault: string, plant: (run: Recorded) => void, finds: RegExp])[] = [
  [
    'an acknowledged consent is lost',
    (run) => setStatus(run, 'lasting', { active: false, expiresAt: null }),
    /a consent is gone/,
  ],
  [
    'an acknowledged revocation is lost',
    (run) => setStatus(run, 'revoked', { active: true }),
    /an end that was acknowledged is undone/,
  ],
  [
    'an event is lost',
    (run) =>
      setFeed(
        run,
        feedOf(run).filter((event) => event.number !== 5),
      ),
    /does not tell of a consent that was acknowledged/,
  ],
  [
    'an event is doubled',
    (run) => setFeed(run, [...feedOf(run), { ...event(10, 'revoked', 'archived', 'revoked_by_client') }]),
    /2 events say that it ended/,
  ],
  [
    'one event has two numbers',
    (run) => setFeed(run, [...feedOf(run), { ...event(2, 'revoked', 'created'), number: 10 }]),
    /one event has the numbers 2 and 10/,
  ],
  [
    'a consent ends before it was created',
    (run) =>
      setFeed(
        run,
        feedOf(run).map((event) =>
          event.consent !== 'lasting'
            ? event
            : { ...event, consent: 'expiring', type: 'archived' as const, reason: 'expired', number: 1 },
        ),
      ),
    /is told before its creation/,
  ],
  [
    'numbers go back',
    (run) =>
      setFeed(
        run,
        feedOf(run).toSorted((one, other) => (one.number === 5 ? 1 : other.number === 5 ? -1 : 0)),
      ),
    /number 5 follows 9/,
  ],
  [
    'an event has another number after a crash',
    (run) =>
      setFeed(
        run,
        feedOf(run).map((event) => (event.number === 3 ? { ...event, event: 'e-new' } : event)),
      ),
    /number 3 was told, and is another event/,
  ],
  [
    'an answer of the feed leaves one out',
    (run) =>
      change(run, 't9', {
        told: { start: 2, end: 4, events: [event(2, 'revoked', 'created'), event(4, 'expiring', 'created')] },
      }),
    /whoever follows has lost it/,
  ],
  [
    'the feed lags behind an acknowledged change',
    (run) =>
      change(run, 't11', {
        told: { start: 5, end: 6, events: [event(5, 'lasting', 'created'), event(6, 'once', 'archived', 'used')] },
      }),
    /when 7 had been told already/,
  ],
  [
    'the last number decreases',
    (run) => run.calls.push(later('x', 'last_number', {}, 200, { last: 6 })),
    /goes to 6, when 7/,
  ],
  [
    'debt is told after an acknowledged revocation',
    (run) => {
      change(run, 't13', { status: 200, told: debt('revoked') });
      run.log.push(row(20, 'debt_disclosed', 'revoked', 't13'));
    },
    /debt after an acknowledged revocation/,
  ],
  [
    'debt is told after expiry',
    (run) => {
      change(run, 't17', { status: 200, told: debt('expiring') });
      run.log.push(row(20, 'debt_disclosed', 'expiring', 't17'));
    },
    /debt after expiry/,
  ],
  [
    'a single use is used twice',
    (run) => {
      change(run, 't8', { status: 200, told: debt('once') });
      run.log.push(row(20, 'debt_disclosed', 'once', 't8'));
    },
    /answered with debt twice/,
  ],
  [
    'a disclosure is not logged',
    (run) => (run.log = run.log.filter((row) => row.id !== 10)),
    /the log has 0 rows of it/,
  ],
  [
    'a disclosure is logged twice',
    (run) => run.log.push(row(20, 'debt_disclosed', 'revoked', 't6')),
    /the log has 2 rows of it/,
  ],
  [
    'the log has a disclosure that nobody asked for',
    (run) => run.log.push(row(20, 'debt_disclosed', 'lasting', 'x')),
    /nobody asked/,
  ],
  [
    'the log has a disclosure that was refused',
    (run) => run.log.push(row(20, 'debt_disclosed', 'expiring', 't17')),
    /to whom it was refused/,
  ],
  [
    'the log tells of other creditors than the answer',
    (run) => (run.log = run.log.map((row) => (row.id === 10 ? { ...row, creditors_answered: 3 } : row))),
    /says otherwise than the answer/,
  ],
  [
    'the log has no row of a change',
    (run) => (run.log = run.log.filter((row) => row.id !== 12)),
    /ended: 0 rows in the log, 1 events/,
  ],
  ['a seal does not hold', (run) => (run.state.evidence = ['row_changed']), /row_changed/],
  [
    'the status goes back',
    (run) => run.calls.push(later('x', 'status', { consent: 'revoked' }, 200, { active: true, expiresAt: DAY })),
    /active again/,
  ],
  [
    'a consent is ended by nobody',
    (run) => run.calls.push(later('x', 'status', { consent: 'lasting' }, 200, { active: false, expiresAt: 9 * DAY })),
    /nothing had ended it/,
  ],
  [
    'it is refused as expired before its time',
    (run) =>
      run.calls.push(later('x', 'look_up', { consent: 'lasting' }, 403, { refused: { why: 'expired', at: '1' } })),
    /nothing had ended it/,
  ],
  [
    'it ended at two moments',
    (run) =>
      run.calls.push(later('x', 'look_up', { consent: 'revoked' }, 403, { refused: { why: 'revoked', at: '306' } })),
    /it ended in 2 ways/,
  ],
  [
    'the same request is answered with two consents',
    (run) =>
      run.calls.push(
        later('x', 'register', { externalId: 'own-lasting' }, 200, { consent: 'other', expiresAt: 9 * DAY }),
      ),
    /answered with two consents/,
  ],
  [
    'an unheard request has made two consents',
    (run) => setFeed(run, [...feedOf(run), { ...event(10, 'unheard-2', 'created'), externalId: 'own-unheard' }]),
    /2 consents by the client's own id/,
  ],
  [
    'a consent comes from nowhere',
    (run) => setFeed(run, [...feedOf(run), event(10, 'nobodys', 'created')]),
    /nobody was told of, and 0 could have been given/,
  ],
  [
    'an acknowledged consent is forgotten',
    (run) => run.calls.push(later('x', 'status', { consent: 'lasting' }, 200, { active: false })),
    /is not known/,
  ],
  [
    'it has expired and the feed never tells',
    (run) => {
      setFeed(
        run,
        feedOf(run).filter((event) => event.number !== 9),
      );
      run.state.businessNow = 2 * DAY;
    },
    /it has expired, and the feed does not tell/,
  ],
  [
    'a call fails otherwise than by 503',
    (run) => run.calls.push(later('x', 'poll', { from: 2 }, 500, { error: 'oh' })),
    /was answered 500: oh/,
  ],
  [
    'nobody is served after a fault',
    (run) => {
      run.faults.push({ fault: 'PostgreSQL is killed', begin: 1_000, end: 2_000 });
      run.calls.push(later('x', 'status', { consent: 'lasting' }, 503, {}, 50_000));
    },
    /nobody was served within half a minute of: PostgreSQL is killed/,
  ],
  [
    'an event is never pushed',
    (run) => (run.state.feeds = run.state.feeds.map((feed) => ({ ...feed, pushed: true }))),
    /was never pushed/,
  ],
];

for (const [fault, plant, finds] of planted) {
  test(`the checker sees when ${fault}`, () => {
    const run = sound();
    plant(run);
    const findings = found(run);
    assert.ok(
      findings.some(({ what }) => finds.test(what)),
      `found: ${findings.map(({ what }) => what).join('; ') || 'nothing'}`,
    );
  });
}

test('what is recorded in a folder is checked by the tool of its own, also when its writer was killed within a line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'samtykke-history-'));
  try {
    const { calls, clock, state, log } = sound();
    const write = openHistory(folder, 'one');
    for (const { call, end, status, told, ...begun } of calls) {
      write({ call, ...begun });
      if (status !== null) write({ call, end, status, told });
    }
    for (const move of clock) write(move);
    const exported = log.map((row) => `${JSON.stringify({ type: 'row', seal: null, row })}\n`).join('');
    writeFinalState(folder, state, exported);
    const check = () =>
      spawnSync(process.execPath, [join(import.meta.dirname, 'check-history.ts'), folder], { encoding: 'utf8' });
    const well = check();
    assert.equal(well.status, 0, well.stdout + well.stderr);
    assert.match(well.stdout, /Nothing is broken/);
    appendFileSync(join(folder, 'one.jsonl'), '{"call":"t19","end":5');
    assert.equal(check().status, 0, 'who was killed within a line has told nothing');
    writeFinalState(folder, state, exported.replace(/.*"t6".*\n/, ''));
    const broken = check();
    assert.equal(broken.status, 1);
    assert.match(
      broken.stdout,
      /every disclosed answer is in the log: debt was disclosed, and the log has 0 rows of it/,
    );
    assert.match(broken.stdout, /one {2}look_up \{"consent":"revoked"\} -> 200 .*trace t6/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
