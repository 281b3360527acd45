import type { FinalState, LogRow } from './final-state.ts';
import type { Asked, Call, ClockMove, Fault, Operation, Told, ToldEvent } from './history.ts';

export const BANK = 'a0000000-0000-4000-8000-000000000001';
export const DAY = 86_400_000;

/** A run as it was recorded, to be changed. */
export interface Recorded {
  calls: Call[];
  clock: ClockMove[];
  faults: Fault[];
  state: { -readonly [Part in keyof FinalState]: FinalState[Part] };
  log: LogRow[];
}

/** Four consents: one revoked, one used once, one that expires as the clock is moved, one that is active to the end. All is well. */
export function sound(): Recorded {
  const calls: Call[] = [];
  const add = (op: Operation, begin: number, status: number | null, asked: Asked, told: Told = {}): void => {
    const number = calls.length + 1;
    calls.push({ call: `t${number}`, who: 'one', organisation: BANK, op, begin, end: begin + 10, status, asked, told });
  };
  const made = (consent: string, begin: number): void =>
    add('register', begin, 200, { externalId: `own-${consent}` }, { consent, expiresAt: DAY });
  made('revoked', 100);
  add('give', 120, 200, { singleUse: true }, { consent: 'once' });
  made('expiring', 140);
  made('lasting', 160);
  add('status', 200, 200, { consent: 'revoked' }, { active: true, expiresAt: DAY });
  add('look_up', 220, 200, { consent: 'revoked' }, debt('revoked'));
  add('look_up', 240, 200, { consent: 'once' }, debt('once'));
  add('look_up', 260, 403, { consent: 'once' }, { refused: { why: 'used', at: '245' } });
  const events = [event(2, 'revoked', 'created'), event(3, 'once', 'created'), event(4, 'expiring', 'created')];
  const rest = [event(5, 'lasting', 'created'), event(6, 'once', 'archived', 'used')];
  add('poll', 280, 200, { from: 2, limit: 3 }, { start: 2, end: 4, events });
  add('revoke', 300, 204, { consent: 'revoked' });
  const last = event(7, 'revoked', 'archived', 'revoked_by_client');
  add('poll', 320, 200, { from: 5, limit: 100 }, { start: 5, end: 7, events: [...rest, last] });
  add('last_number', 340, 200, {}, { last: 7 });
  add('look_up', 360, 403, { consent: 'revoked' }, { refused: { why: 'revoked', at: '305' } });
  add('status', 380, 200, { consent: 'revoked' }, { active: false, expiresAt: DAY });
  add('status', 400, 200, { consent: 'expiring' }, { active: true, expiresAt: DAY });
  add('status', 620, 200, { consent: 'expiring' }, { active: false, expiresAt: DAY });
  add('look_up', 640, 403, { consent: 'expiring' }, { refused: { why: 'expired', at: '1' } });
  // Nobody was told what became of these.
  add('look_up', 410, null, { consent: 'lasting' });
  add('register', 420, 503, { externalId: 'own-unheard' });
  const all = [...events, ...rest, last, event(8, 'unheard', 'created'), event(9, 'expiring', 'archived', 'expired')];
  const status = (consent: string, active: boolean) => ({ consent, active, expiresAt: DAY });
  return {
    // The one that lasts was registered for longer.
    calls: calls.map((call) =>
      call.told.consent === 'lasting' ? { ...call, told: { consent: 'lasting', expiresAt: 9 * DAY } } : call,
    ),
    clock: [{ clockOffset: DAY / 1000, begin: 500, end: 600 }],
    faults: [{ fault: 'a node is killed', begin: 390, end: 395 }],
    state: {
      businessNow: DAY + 100_000,
      feeds: [{ organisation: BANK, events: all, last: 9, pushed: false }],
      statuses: [status('revoked', false), status('once', false), status('expiring', false), status('lasting', true)],
      evidence: [],
    },
    log: [
      ...['revoked', 'once', 'expiring', 'lasting', 'unheard'].map((id, n) => row(n, 'consent_registered', id)),
      row(10, 'debt_disclosed', 'revoked', 't6'),
      row(11, 'debt_disclosed', 'once', 't7'),
      row(12, 'consent_archived', 'revoked'),
      row(13, 'consent_archived', 'expiring'),
      // Its client went away before the answer.
      row(14, 'debt_disclosed', 'lasting', 't18'),
    ],
  };
}

export const debt = (consent: string): Told => ({ consent, creditorsAnswered: 2, creditorsMissing: 1, expiresAt: DAY });

export const event = (number: number, consent: string, type: 'created' | 'archived', reason?: string): ToldEvent => ({
  number,
  event: `e${number}`,
  consent,
  type,
  at: 1,
  ...(type === 'created' && consent !== 'once' ? { externalId: `own-${consent}` } : {}),
  ...(reason === undefined ? {} : { reason }),
});

export const row = (id: number, kind: string, consent: string, trace: string | null = null): LogRow => ({
  id,
  kind,
  client_id: BANK,
  consent_id: consent,
  creditors_asked: trace === null ? null : 3,
  creditors_answered: trace === null ? null : 2,
  reason: null,
  trace_id: trace,
});
