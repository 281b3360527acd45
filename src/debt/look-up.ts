import { decideUse, type Asking, type Consent } from '../consent/consent.ts';
import { ninOf, type SealedPerson } from '../consent/find.ts';
import { refusalError } from '../consent/refusal.ts';
import { useConsent } from '../consent/use.ts';
import type { CreditorClient } from '../creditors/creditor-client.ts';
import type { HeldUnderIndex } from '../creditors/delivered-loans.ts';
import type { Nin } from '../person/nin.ts';
import type { Platform } from '../platform/platform.ts';
import { gatherDebt } from './ask-creditors.ts';
import { assembleDebt, type DebtInformation } from './debt-information.ts';
import { measured } from './measure.ts';

export interface Lookup {
  /** As read for this request; undefined when there is none of that id. */
  readonly consent: Consent | undefined;
  /** The number of the person whose consent it is, if it was read with it. */
  readonly person?: SealedPerson | undefined;
  /** What is held for whoever gave the consent, if it was asked for with it. */
  readonly held?: HeldUnderIndex['rows'] | undefined;
  readonly asking: Asking;
  readonly traceId: string;
}

export interface DebtAnswer {
  readonly nin: Nin;
  readonly debt: DebtInformation;
  readonly consent: Consent;
}

/**
 * Looks up a person's debt with a consent (D1 to D3). First decides whether the consent may be used; then asks the creditors,
 * with no transaction open; then, in one transaction, makes sure that the consent may still be used, logs the access and uses up
 * a single-use consent. Only when that is committed is there an answer (C4, C5): a revocation acknowledged meanwhile refuses it.
 * A lookup that fails on our side uses nothing up.
 *
 * Errors: the consent's refusals, `unavailable`.
 */
export function lookUpDebt(platform: Platform, creditors: CreditorClient, lookup: Lookup): Promise<DebtAnswer> {
  return measured(platform, 'client', disclosed(platform, creditors, lookup), ({ debt }) => debt.creditorsMissing);
}

async function disclosed(platform: Platform, creditors: CreditorClient, lookup: Lookup): Promise<DebtAnswer> {
  const { consent, person, held, asking, traceId } = lookup;
  const decision = decideUse(consent, asking, platform.clock.now());
  if (decision !== 'granted') throw refusalError(decision);
  if (consent === undefined) throw new Error('a consent that is granted must be there');

  const nin = await ninOf(platform, consent, person);
  const answers = await gatherDebt(platform, creditors, {
    nin,
    traceId,
    held: person === undefined || held === undefined ? undefined : { ninIndex: person.nin_index, rows: held },
  });
  const debt = assembleDebt(answers);
  await useConsent(platform, {
    consent,
    asking,
    creditorsAsked: debt.creditorsAnswered + debt.creditorsMissing,
    creditorsAnswered: debt.creditorsAnswered,
    traceId,
  });
  return { nin, debt, consent };
}
