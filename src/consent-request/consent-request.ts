import type { Purpose } from '../consent/consent.ts';
import type { Language } from '../html/language.ts';

/** What became of a request: a consent; or the person said no, left the login, or could not go on. */
export type Outcome = 'approved' | 'declined' | 'cancelled' | 'failed';

/** Why a request could not go on: its purpose was switched off, another person logged in than the one who began, or it was pushed, opened twice, and answered in the other window. */
export type Failure = 'switched_off' | 'someone_else' | 'answered_elsewhere';

/** What an organisation asked of a person on the consent screen. */
export interface ConsentRequest {
  readonly id: string;
  readonly clientId: string;
  readonly purpose: Purpose;
  /** Days that were asked for, after clamping to the maximum (A7); null: once. */
  readonly askedDays: number | null;
  readonly language: Language;
  /** Until when it can be answered, in real time. */
  readonly answerBy: Date;
  /** Level of the login for it, once there was one. */
  readonly level: string | null;
  /** When that login was, in real time. */
  readonly loggedInAt: Date | null;
  readonly outcome: Outcome | null;
  /** Of one that failed. */
  readonly failure: Failure | null;
  /** The consent that it led to. */
  readonly consentId: string | null;
}

/** How long a person has for logging in and answering. */
export const ANSWER_MINUTES = 15;

/** Whether a request waits for an answer, has one, or was left unanswered (`now`: real time). The first answer is final. */
export function situationOf(request: ConsentRequest, now: Date): 'open' | 'answered' | 'expired' {
  if (request.outcome !== null) return 'answered';
  return now < request.answerBy ? 'open' : 'expired';
}
