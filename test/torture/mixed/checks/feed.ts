import type { FinalFeed } from '../final-state.ts';
import { isDone, type Call, type ToldEvent } from '../history.ts';
import { finding, type Check, type Checked, type Evidence, type Finding } from './evidence.ts';

/** F2: numbers from 2 on, strictly increasing; one number is one event for everybody who ever read it. */
export const numbersAreKept: Check = ({ calls, feeds }): Checked => {
  const findings: Finding[] = [];
  let looked = 0;
  for (const feed of feeds.values()) {
    const byNumber = new Map(feed.events.map((event) => [event.number, event]));
    let before = 1;
    for (const { number, consent } of feed.events) {
      if (number <= before) findings.push(finding(`number ${number} follows ${before} in the feed`, [], consent));
      before = number;
    }
    for (const call of calls) {
      if (call.organisation !== feed.organisation || (call.op !== 'poll' && call.op !== 'pushed')) continue;
      let previous = Math.max((call.asked.from ?? 0) - 1, 1);
      for (const event of call.told.events ?? []) {
        looked += 1;
        const final = byNumber.get(event.number);
        if (call.op === 'poll' && event.number <= previous) {
          findings.push(finding(`number ${event.number} follows ${previous} in an answer`, [call], event.consent));
        }
        previous = event.number;
        if (final?.event !== event.event || final.consent !== event.consent || final.type !== event.type) {
          const now = final === undefined ? 'nothing' : `another event (${final.event})`;
          const consents = final === undefined ? [event.consent] : [event.consent, final.consent];
          findings.push(finding(`number ${event.number} was told, and is ${now} now`, [call], ...consents));
        }
      }
    }
  }
  return { rule: 'numbers only grow, and one number is one event for ever', looked, findings };
};

/** F2, F3: an answer is all that the feed has between where it was asked from and where it ends. Nothing that is there now was missing. */
export const nothingIsSkipped: Check = ({ calls, feeds }): Checked => {
  const findings: Finding[] = [];
  let looked = 0;
  for (const call of calls) {
    const feed = feeds.get(call.organisation);
    if (call.op !== 'poll' || !isDone(call) || feed === undefined) continue;
    looked += 1;
    const { from = 0 } = call.asked;
    const { events = [], start, end } = call.told;
    const [first, last] = [events[0]?.number, events.at(-1)?.number];
    const nothing = Math.max(from - 1, 1);
    if (start !== (first ?? nothing) || end !== (last ?? nothing)) {
      findings.push(finding(`an answer says that it is ${start} to ${end}, and holds ${first} to ${last}`, [call]));
    }
    if (last === undefined) continue;
    const told = new Set(events.map((event) => event.number));
    const missing = between(feed.events, from, last).filter((event) => !told.has(event.number));
    for (const event of missing) {
      const what = `number ${event.number} was not in an answer that went from ${from} to ${last}: whoever follows has lost it`;
      findings.push(finding(what, [call], event.consent));
    }
  }
  return { rule: 'who follows the feed from the start is told all of it', looked, findings };
};

function between(events: readonly ToldEvent[], from: number, to: number): readonly ToldEvent[] {
  return events.slice(firstAtLeast(events, from), firstAtLeast(events, to + 1));
}

/** Where the first event stands whose number is at least that. The feed is in order, or `numbersAreKept` says so. */
function firstAtLeast(events: readonly ToldEvent[], number: number): number {
  let [low, high] = [0, events.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle]?.number ?? 0) < number) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** An event that had to be readable from then on: somebody had been told of the change, or of the event. */
interface Known {
  readonly number: number;
  readonly consent: string;
  readonly since: number;
  readonly by: Call;
}

/** A poll that begins after a change was acknowledged, or an event was read by anybody, tells of it: feeds do not go back, and do not lag. */
export const theNextPollHasIt: Check = (evidence): Checked => {
  const findings: Finding[] = [];
  let looked = 0;
  for (const feed of evidence.feeds.values()) {
    const known = knownOf(evidence, feed).toSorted((one, other) => one.since - other.since);
    // The highest number that was known at each moment.
    const highest: Known[] = [];
    for (const one of known) highest.push(one.number > (highest.at(-1)?.number ?? 0) ? one : (highest.at(-1) ?? one));
    for (const call of evidence.calls) {
      if (call.organisation !== feed.organisation || !isDone(call)) continue;
      if (call.op !== 'poll' && call.op !== 'last_number') continue;
      looked += 1;
      const before = highest[lastBefore(known, call.begin)];
      if (before === undefined) continue;
      const { from = 0, limit = 1 } = call.asked;
      const isFull = call.op === 'poll' && (call.told.events?.length ?? 0) >= limit;
      const reached = call.op === 'poll' ? (call.told.end ?? 0) : (call.told.last ?? 0);
      if (isFull || before.number < from || reached >= before.number) continue;
      const what = `an answer goes to ${reached}, when ${before.number} had been told already`;
      findings.push(finding(what, [before.by, call], before.consent));
    }
  }
  return {
    rule: 'a change that was acknowledged is in the very next poll, and last numbers never decrease',
    looked,
    findings,
  };
};

/** Where the last one stands that was known before then; -1: none was. */
function lastBefore(known: readonly Known[], time: number): number {
  let [low, high] = [0, known.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((known[middle]?.since ?? 0) < time) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function knownOf({ calls, consents }: Evidence, feed: FinalFeed): readonly Known[] {
  const known: Known[] = [];
  for (const event of feed.events) {
    const consent = consents.get(event.consent);
    const told =
      event.type === 'created'
        ? consent?.made.filter((call) => call.asked.externalId !== undefined)
        : consent?.revocations.filter((call) => isDone(call));
    for (const call of told ?? [])
      known.push({ number: event.number, consent: event.consent, since: call.end, by: call });
  }
  for (const call of calls) {
    if (call.organisation !== feed.organisation || call.status === null) continue;
    const last = call.told.events?.at(-1);
    if (last !== undefined) known.push({ number: last.number, consent: last.consent, since: call.end, by: call });
    if (call.told.last !== undefined) known.push({ number: call.told.last, consent: '', since: call.end, by: call });
  }
  return known;
}

/** What is pushed is told in order, each event for the first time after all before it; and in the end all of it. */
export const allIsPushed: Check = ({ calls, feeds }): Checked => {
  const findings: Finding[] = [];
  let looked = 0;
  for (const feed of feeds.values()) {
    if (!feed.pushed) continue;
    const pushed = calls.filter(
      (call) => call.op === 'pushed' && call.organisation === feed.organisation && call.told.events !== undefined,
    );
    const taken = new Set<number>();
    let highest = 0;
    for (const call of pushed) {
      for (const { number, consent } of call.told.events ?? []) {
        looked += 1;
        if (number < highest && !taken.has(number)) {
          findings.push(finding(`number ${number} was pushed for the first time after ${highest}`, [call], consent));
        }
        highest = Math.max(highest, number);
        taken.add(number);
      }
    }
    const missing = feed.events.filter((event) => !taken.has(event.number));
    for (const { number, consent } of missing) findings.push(finding(`number ${number} was never pushed`, [], consent));
  }
  return { rule: 'every event is pushed, in order', looked, findings };
};
