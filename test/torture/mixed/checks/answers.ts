import { isDone, type Call, type Operation } from '../history.ts';
import { finding, type Check, type Checked } from './evidence.ts';

/** What may be answered besides success: 503 tells to come again; what else is the rule of that call. */
const refusals: Readonly<Record<Operation, readonly number[]>> = {
  register: [],
  register_other: [409],
  give: [],
  status: [],
  look_up: [403],
  revoke: [403],
  withdraw: [],
  poll: [],
  last_number: [],
  pushed: [],
  subscribe: [409],
  token: [],
  // Redirects; and what a person is told whose login or request was broken off.
  page: [302, 303, 307, 400, 403, 404, 409, 410],
  bad_input: [400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 431],
};

/** Each answer is one that the contract has for that call. Nothing of ours ever fails with anything but 503 and when to come again. */
export const answersAreAllowed: Check = ({ calls }): Checked => {
  const answered = calls.filter((call) => call.status !== null);
  const findings = answered.flatMap((call) => {
    if (call.status === 503 && call.told.error !== undefined)
      return [finding(`503 without a sound Retry-After (${call.told.error})`, [call])];
    if (call.status === 503 || (isDone(call) && call.op !== 'register_other')) return [];
    if (refusals[call.op].includes(call.status ?? 0) && isAllowed(call)) return [];
    const consents = call.asked.consent === undefined ? [] : [call.asked.consent];
    return [
      finding(
        `${call.op} was answered ${call.status}${call.told.error === undefined ? '' : `: ${call.told.error}`}`,
        [call],
        ...consents,
      ),
    ];
  });
  return {
    rule: 'answers are those of the contract, and failures say when to come again',
    looked: answered.length,
    findings,
  };
};

/** A consent of one's own is refused only because it has ended. */
const isAllowed = (call: Call): boolean =>
  (call.op !== 'look_up' && call.op !== 'revoke') || call.told.refused !== undefined;

/** S1: of a consent that was acknowledged, or read in the feed, it is never said that there is none. */
export const consentsAreNotForgotten: Check = ({ calls }): Checked => {
  const statuses = calls.filter((call) => call.op === 'status' && isDone(call));
  const findings = statuses
    .filter((call) => call.told.expiresAt === undefined)
    .map((call) => finding('a consent that was told of is not known', [call], call.asked.consent ?? ''));
  return { rule: 'a consent that was told of is never unknown', looked: statuses.length, findings };
};

const SERVED_AGAIN_MS = 30_000;

/** E3: it recovers by itself. What was broken having been put right, clients are served again within half a minute. */
export const clientsAreServedAgain: Check = ({ calls, faults }): Checked => {
  const served = calls.filter((call) => isDone(call) && call.op !== 'pushed').map((call) => call.end);
  const last = calls.reduce((latest, call) => Math.max(latest, call.begin), 0);
  const findings = faults
    .filter(({ end }) => last > end + SERVED_AGAIN_MS)
    .filter(({ end }) => !served.some((time) => time > end && time <= end + SERVED_AGAIN_MS))
    .map(({ fault }) => finding(`nobody was served within half a minute of: ${fault}`, []));
  return {
    rule: 'after each fault clients are served again, without anybody doing anything',
    looked: faults.length,
    findings,
  };
};
