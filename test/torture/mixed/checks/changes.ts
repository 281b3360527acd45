import { isDone, isRefused, isUnknown, type Call, type ToldEvent } from '../history.ts';
import { finding, type Check, type Checked, type ConsentEvidence, type Evidence, type Finding } from './evidence.ts';
import { endsSeen } from './states.ts';

/** Every change that a client was told of is there when all is over: in the feed, in the log, and in the state of the consent. */
export const acknowledgedChangesAreThere: Check = ({ consents, feeds, state }): Checked => {
  const statuses = new Map(state.statuses.map((status) => [status.consent, status]));
  const findings: Finding[] = [];
  let looked = 0;
  for (const consent of consents.values()) {
    if (!feeds.has(consent.organisation)) continue;
    const status = statuses.get(consent.id);
    const archived = consent.events.filter((event) => event.type === 'archived');
    if (consent.made.length > 0) {
      looked += 1;
      if (status === undefined || status.expiresAt === null)
        findings.push(finding('a consent is gone', consent.made, consent.id));
      if (!consent.events.some((event) => event.type === 'created')) {
        findings.push(finding('the feed does not tell of a consent that was acknowledged', consent.made, consent.id));
      }
    }
    const ends = endsSeen(consent).filter(({ call, why }) => why !== undefined || call.op === 'withdraw');
    if (ends.length === 0) continue;
    looked += 1;
    const calls = ends.map(({ call }) => call).slice(0, 3);
    if (status?.active === true) findings.push(finding('an end that was acknowledged is undone', calls, consent.id));
    if (archived.length === 0)
      findings.push(finding('the feed does not tell of an end that was acknowledged', calls, consent.id));
  }
  return { rule: 'every acknowledged change is there', looked, findings };
};

/** G3: the same request is the same consent, however often and wherever it is sent; one with other data is refused. */
export const sameRequestSameConsent: Check = ({ calls, feeds }): Checked => {
  const registered = calls.filter((call) => call.op === 'register' || call.op === 'register_other');
  const findings: Finding[] = [];
  const own = Map.groupBy(registered, (call) => `${call.organisation} ${call.asked.externalId}`);
  for (const same of own.values()) {
    const done = same.filter(isDone);
    const different = done.find((call) => idAndExpiry(call) !== idAndExpiry(done[0]));
    if (done[0] !== undefined && different !== undefined) {
      const what = 'the same request was answered with two consents';
      findings.push(finding(what, [done[0], different], done[0].told.consent ?? '', different.told.consent ?? ''));
    }
    const refused = same.find((call) => call.op === 'register' && call.status === 409);
    const other = same.find((call) => call.op === 'register_other' && isDone(call));
    if (refused !== undefined) findings.push(finding('the same request was refused as another one', [refused]));
    if (other !== undefined) findings.push(finding('a request with other data was taken for the same', [other]));
  }
  const events = [...feeds.values()].flatMap((feed) => feed.events.filter((event) => event.externalId !== undefined));
  for (const [id, twice] of Map.groupBy(events, (event) => `${event.externalId}`)) {
    const consents = [...new Set(twice.map((event) => event.consent))];
    if (consents.length < 2) continue;
    const calls = registered.filter((call) => call.asked.externalId === id);
    // Two clients may use the same id; ours never do.
    findings.push(
      finding(`the feed tells of ${consents.length} consents by the client's own id ${id}`, calls, ...consents),
    );
  }
  return { rule: 'the same request is the same consent', looked: own.size, findings };
};

const idAndExpiry = (call: Call | undefined): string => `${call?.told.consent} ${call?.told.expiresAt}`;

/** C6: exactly one event for each change: created first, then archived, each for a change that somebody asked for or that time made. */
export const oneEventForEachChange: Check = (evidence): Checked => {
  const { consents, feeds, state } = evidence;
  const findings: Finding[] = [];
  let looked = 0;
  const seen = new Map<string, ToldEvent>();
  for (const feed of feeds.values()) {
    for (const event of feed.events) {
      looked += 1;
      const before = seen.get(event.event);
      if (before !== undefined)
        findings.push(finding(`one event has the numbers ${before.number} and ${event.number}`, [], event.consent));
      seen.set(event.event, event);
    }
  }
  for (const consent of consents.values()) {
    if (!feeds.has(consent.organisation)) continue;
    const created = consent.events.filter((event) => event.type === 'created');
    const archived = consent.events.filter((event) => event.type === 'archived');
    const told = (what: string, calls: readonly Call[]) => findings.push(finding(what, calls.slice(0, 3), consent.id));
    if (created.length > 1) told(`${created.length} events say that it was created`, consent.made);
    if (archived.length > 1) told(`${archived.length} events say that it ended`, endsOf(consent));
    const [birth, end] = [created[0], archived[0]];
    if (end !== undefined && birth === undefined) told('it ended without having been created', endsOf(consent));
    if (birth !== undefined && end !== undefined && birth.number > end.number) {
      told(`its end (${end.number}) is told before its creation (${birth.number})`, endsOf(consent));
    }
    if (end !== undefined && !isExplained(consent, end, state.businessNow)) {
      told(`the feed says that it ended as ${end.reason}, and nobody did that`, endsOf(consent));
    }
    const hasExpired = consent.expiresAt !== undefined && consent.expiresAt <= state.businessNow - 60_000;
    if (hasExpired && end === undefined) told('it has expired, and the feed does not tell', consent.made);
    looked += 1;
  }
  findings.push(...unasked(evidence));
  return { rule: 'exactly one event for each change, created before archived', looked, findings };
};

const endsOf = (consent: ConsentEvidence): readonly Call[] => endsSeen(consent).map(({ call }) => call);

function isExplained(consent: ConsentEvidence, end: ToldEvent, businessNow: number): boolean {
  const tried = (calls: readonly Call[]): boolean => calls.some((call) => !isRefused(call));
  switch (end.reason) {
    case 'revoked_by_client':
      return tried(consent.revocations);
    case 'revoked_by_person':
      return tried(consent.withdrawals);
    case 'used':
      return tried(consent.lookups) && consent.singleUse;
    case 'expired':
      return consent.expiresAt === undefined || consent.expiresAt <= businessNow;
    default:
      return false;
  }
}

/** Consents that the feed tells of must have been asked for: as many as clients do not know what became of, at most. */
function unasked({ calls, consents, feeds }: Evidence): readonly Finding[] {
  const findings: Finding[] = [];
  const asked = new Set(
    calls.flatMap((call) =>
      call.op === 'register' && !isRefused(call) ? [`${call.organisation} ${call.asked.externalId}`] : [],
    ),
  );
  const unheard = Map.groupBy(
    calls.filter((call) => call.op === 'give' && isUnknown(call)),
    (call) => call.organisation,
  );
  const unknown = [...consents.values()].filter((consent) => consent.made.length === 0 && consent.events.length > 0);
  for (const [organisation, those] of Map.groupBy(unknown, (consent) => consent.organisation)) {
    if (!feeds.has(organisation)) continue;
    const fromScreens = those.filter((consent) => !asked.has(`${organisation} ${consent.events[0]?.externalId}`));
    const possible = unheard.get(organisation) ?? [];
    if (fromScreens.length <= possible.length) continue;
    const what = `the feed tells of ${fromScreens.length} consents that nobody was told of, and ${possible.length} could have been given`;
    findings.push(finding(what, possible, ...fromScreens.map((consent) => consent.id)));
  }
  return findings;
}
