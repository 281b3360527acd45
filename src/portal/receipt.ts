import type { Access } from '../audit/access-log.ts';
import { daysOf } from '../consent/consent.ts';
import type { GivenConsent } from '../consent/list.ts';
import type { Shown } from '../consent-request/read-shown.ts';

/** What a receipt is made of. */
export interface ReceiptOf {
  readonly given: GivenConsent;
  readonly shown: Shown | undefined;
  /** The latest first; there may be more of them. */
  readonly uses: readonly Access[];
  readonly madeAt: Date;
}

/**
 * A consent as a file to keep: what it is, exactly the text that was shown, and all that happened, in order. The names of the
 * members are promised to whoever reads such files. No number of the person, and no debt.
 */
export function receiptOf({ given, shown, uses, madeAt }: ReceiptOf): object {
  const { consent, client, state } = given;
  return {
    consentId: consent.id,
    organisation: { name: client.name, organisationNumber: client.organisationNumber },
    purpose: consent.purpose,
    singleUse: consent.duration.kind === 'single_use',
    durationDays: daysOf(consent.duration),
    givenAt: consent.createdAt.toISOString(),
    expiresAt: consent.expiresAt.toISOString(),
    active: state.active,
    // Null: given at the organisation, which holds the text and knows how the person was recognised.
    shown:
      shown === undefined
        ? null
        : {
            at: shown.shownAt.toISOString(),
            textVersion: shown.version,
            language: shown.language,
            loginLevel: shown.level,
            text: shown.text,
          },
    timesUsed: given.uses,
    events: [
      { at: consent.createdAt.toISOString(), what: shown === undefined ? 'registered_by_organisation' : 'given' },
      ...uses.toReversed().map((use) => ({
        at: use.at.toISOString(),
        what: 'debt_disclosed',
        creditorsAsked: use.creditorsAsked,
        creditorsAnswered: use.creditorsAnswered,
      })),
      ...(state.active ? [] : [{ at: state.since.toISOString(), what: 'ended', reason: state.reason }]),
    ],
    madeAt: madeAt.toISOString(),
  };
}
