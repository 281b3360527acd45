import { isDone, isRefused, type Call } from '../history.ts';
import { finding, type Check, type Checked, type ConsentEvidence, type Finding } from './evidence.ts';

type Why = 'expired' | 'used' | 'revoked';

/** Somebody was told that the consent had ended; `why`, where that was said too. */
interface Ended {
  readonly call: Call;
  readonly why: Why | undefined;
}

/** Answers that say that it had ended. What withdraws or revokes says so too, once it is acknowledged. */
export function endsSeen(consent: ConsentEvidence): readonly Ended[] {
  const ends: Ended[] = [];
  for (const call of consent.statuses) {
    if (call.told.active === false && call.told.expiresAt !== undefined) ends.push({ call, why: undefined });
  }
  for (const call of [...consent.lookups, ...consent.revocations]) {
    const { refused } = call.told;
    if (refused !== undefined) ends.push({ call, why: refused.why });
  }
  for (const call of consent.revocations) if (isDone(call)) ends.push({ call, why: 'revoked' });
  // The page says that it has ended, whatever ended it.
  for (const call of consent.withdrawals) if (isDone(call)) ends.push({ call, why: undefined });
  if (consent.singleUse) for (const call of consent.lookups) if (isDone(call)) ends.push({ call, why: 'used' });
  return ends;
}

/** Answers that say, at some moment of the call, that it was active. */
const activeSeen = (consent: ConsentEvidence): readonly Call[] => [
  ...consent.statuses.filter((call) => call.told.active === true),
  ...consent.lookups.filter(isDone),
];

/** What may have ended it, and from when on; whatever was not refused may have. */
function causesOf(consent: ConsentEvidence): readonly { why: Why; from: number; call?: Call }[] {
  const may = (calls: readonly Call[], why: Why) =>
    calls.filter((call) => !isRefused(call)).map((call) => ({ why, from: call.begin, call }));
  return [
    ...may(consent.revocations, 'revoked'),
    ...may(consent.withdrawals, 'revoked'),
    ...(consent.singleUse ? may(consent.lookups, 'used') : []),
    { why: 'expired', from: consent.expiry.earliest },
  ];
}

/**
 * S1, C1: a consent ends once and stays ended. The answers of a consent fit one order of events exactly if nobody who began to ask
 * after somebody had been told of the end was told that it is active, and each end has a cause that had begun before it was told.
 */
export const statesAreLinearizable: Check = ({ consents }): Checked => {
  const findings: Finding[] = [];
  let looked = 0;
  for (const consent of consents.values()) {
    const ends = endsSeen(consent);
    const active = activeSeen(consent);
    const causes = causesOf(consent);
    looked += ends.length + active.length;
    for (const { call, why } of ends) {
      const caused = causes.some((cause) => cause.from <= call.end && (why === undefined || why === cause.why));
      if (!caused) {
        findings.push(finding(`ended (${why ?? 'no longer active'}), but nothing had ended it`, [call], consent.id));
      }
    }
    const first = ends
      // While the clock is being moved, nodes differ in whether it has expired.
      .filter(({ call, why }) => (why ?? 'expired') !== 'expired' || call.end < consent.expiry.earliest)
      .map(({ call }) => call)
      .toSorted((one, other) => one.end - other.end)[0];
    const back = first === undefined ? undefined : active.find((call) => call.begin > first.end);
    if (first !== undefined && back !== undefined) {
      findings.push(finding('active again, after somebody had been told that it had ended', [first, back], consent.id));
    }
    const late = consent.statuses.find((call) => call.told.active === true && call.begin > consent.expiry.latest);
    if (late !== undefined) findings.push(finding('active after its expiry', [late], consent.id));
  }
  return { rule: 'status goes one way only, for a reason, as if there were one node', looked, findings };
};

/** C5, C2: nobody who begins to ask after a revocation has been acknowledged, or after expiry, gets debt. */
export const noDebtAfterTheEnd: Check = ({ consents }): Checked => {
  const findings: Finding[] = [];
  let looked = 0;
  for (const consent of consents.values()) {
    const acknowledged = [...consent.revocations, ...consent.withdrawals]
      .filter(isDone)
      .toSorted((one, other) => one.end - other.end)[0];
    for (const call of consent.lookups.filter(isDone)) {
      looked += 1;
      if (acknowledged !== undefined && call.begin > acknowledged.end) {
        findings.push(finding('debt after an acknowledged revocation', [acknowledged, call], consent.id));
      }
      if (call.begin > consent.expiry.latest) findings.push(finding('debt after expiry', [call], consent.id));
    }
  }
  return { rule: 'no debt after an acknowledged revocation, nor after expiry', looked, findings };
};

/** C4: of all lookups of a single-use consent at most one is answered with debt. */
export const singleUsesAreUsedOnce: Check = ({ consents }): Checked => {
  const single = [...consents.values()].filter((consent) => consent.singleUse);
  const findings = single.flatMap((consent) => {
    const answered = consent.lookups.filter(isDone);
    return answered.length > 1 ? [finding('a single use was answered with debt twice', answered, consent.id)] : [];
  });
  return { rule: 'single uses are used once', looked: single.length, findings };
};

/** What ended a consent, and when, is the same for everybody who is told, and is what the feed tells. */
export const refusalsAgree: Check = ({ consents }): Checked => {
  const findings: Finding[] = [];
  let looked = 0;
  for (const consent of consents.values()) {
    const refused = [...consent.lookups, ...consent.revocations].filter((call) => call.told.refused !== undefined);
    looked += refused.length;
    const said = new Map(refused.map((call) => [`${call.told.refused?.why} at ${call.told.refused?.at}`, call]));
    if (said.size > 1) {
      findings.push(
        finding(`it ended in ${said.size} ways: ${[...said.keys()].join('; ')}`, [...said.values()], consent.id),
      );
    }
    const archived = consent.events.find((event) => event.type === 'archived');
    const told = refused.find(
      (call) => archived !== undefined && !archived.reason?.startsWith(call.told.refused?.why ?? ''),
    );
    if (told !== undefined) {
      const reason = `the feed says that it ended as ${archived?.reason}, an answer that it was ${told.told.refused?.why}`;
      findings.push(finding(reason, [told], consent.id));
    }
  }
  return { rule: 'everybody is told the same end of a consent', looked, findings };
};
