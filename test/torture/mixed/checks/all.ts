import { readFinalState } from '../final-state.ts';
import { readHistory, type History } from '../history.ts';
import { answersAreAllowed, clientsAreServedAgain, consentsAreNotForgotten } from './answers.ts';
import { acknowledgedChangesAreThere, oneEventForEachChange, sameRequestSameConsent } from './changes.ts';
import { disclosuresAreLogged, logAndFeedAgree, nothingElseIsLogged, theLogIsWhole } from './disclosures.ts';
import { gather, type Check, type Checked, type Evidence } from './evidence.ts';
import { allIsPushed, nothingIsSkipped, numbersAreKept, theNextPollHasIt } from './feed.ts';
import { noDebtAfterTheEnd, refusalsAgree, singleUsesAreUsedOnce, statesAreLinearizable } from './states.ts';

const checks: readonly Check[] = [
  acknowledgedChangesAreThere,
  sameRequestSameConsent,
  oneEventForEachChange,
  numbersAreKept,
  nothingIsSkipped,
  theNextPollHasIt,
  allIsPushed,
  noDebtAfterTheEnd,
  singleUsesAreUsedOnce,
  disclosuresAreLogged,
  nothingElseIsLogged,
  logAndFeedAgree,
  theLogIsWhole,
  statesAreLinearizable,
  refusalsAgree,
  consentsAreNotForgotten,
  answersAreAllowed,
  clientsAreServedAgain,
];

/** Makes all checks. Knows nothing but what clients were told, and what everybody can read at the end. */
export const checkEvidence = (evidence: Evidence): readonly Checked[] => checks.map((check) => check(evidence));

/** Checks what was recorded in a folder. */
export function checkFolder(folder: string): { history: History; checked: readonly Checked[] } {
  const history = readHistory(folder);
  const { state, log } = readFinalState(folder);
  return { history, checked: checkEvidence(gather(history, state, log)) };
}
