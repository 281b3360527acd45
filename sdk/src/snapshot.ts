import type { Apis, CallOptions } from './api.ts';
import { SamtykkeError } from './errors.ts';
import { endReasonOf, type EndReason } from './events.ts';
import { failureOf } from './http.ts';
import { purposeIn, type Purpose } from './purpose.ts';
import type { Deadline } from './time.ts';
import {
  booleanOf,
  fieldsOf,
  instantOf,
  jsonOf,
  optionalInstantOf,
  optionalTextOf,
  textOf,
  wholeNumberOf,
  type Fields,
} from './wire.ts';

/** A consent of yours as it was at the number of the snapshot. */
export interface SnapshotConsent {
  readonly consentId: string;
  readonly clientConsentId: string | undefined;
  readonly purpose: Purpose;
  readonly active: boolean;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** When and why it ended; undefined while it is active. */
  readonly archivedAt: Date | undefined;
  readonly reason: EndReason | undefined;
}

/**
 * The consents, while they come: can be gone through once. Whole only when the loop ends by itself; one that is cut off throws
 * `snapshot_incomplete`.
 */
export interface Snapshot extends AsyncIterable<SnapshotConsent> {
  /** What happened up to this number is in it. Follow the feed from this + 1. */
  readonly asOfSequenceNr: number;
}

/** Answers when its first line is there. `timeoutMs` is how long nothing may come. */
export async function openSnapshot(apis: Apis, options: CallOptions): Promise<Snapshot> {
  const deadline = apis.deadline(options);
  try {
    const request = { api: 'events', method: 'GET', path: '/snapshot' } as const;
    const response = await apis.patiently(deadline, () => apis.open(request, options, deadline));
    const lines = linesOf(response, deadline);
    const first = await lines.next();
    if (first.done === true) throw cutOff('it has no line at all');
    const asOfSequenceNr = wholeNumberOf(fieldsOf(jsonOf(first.value), 'the first line'), 'asOfSequenceNr');
    return { asOfSequenceNr, [Symbol.asyncIterator]: () => consentsIn(lines, deadline) };
  } catch (error) {
    deadline.end();
    if (error instanceof SamtykkeError && error.code === 'wrong_address') {
      throw new SamtykkeError('not_supported', 'this server has no snapshot of the feed', { status: error.status });
    }
    throw error;
  }
}

async function* consentsIn(
  lines: AsyncGenerator<string, void, undefined>,
  deadline: Deadline,
): AsyncGenerator<SnapshotConsent, void, undefined> {
  let count = 0;
  for await (const line of lines) {
    const fields = fieldsOf(jsonOf(line), 'a line');
    if (fields['complete'] === true) {
      const told = wholeNumberOf(fields, 'count');
      if (told !== count) throw cutOff(`${count} consents came, and there are ${told}`);
      return;
    }
    count += 1;
    deadline.pause();
    yield consentFrom(fields);
    deadline.restart();
  }
  throw cutOff('its last line is missing');
}

const consentFrom = (fields: Fields): SnapshotConsent => {
  const active = booleanOf(fields, 'active');
  return {
    consentId: textOf(fields, 'consentId'),
    clientConsentId: optionalTextOf(fields, 'externalConsentId'),
    purpose: purposeIn(fields, 'scope'),
    active,
    createdAt: instantOf(fields, 'createdAt'),
    expiresAt: instantOf(fields, 'expiresAt'),
    archivedAt: optionalInstantOf(fields, 'archivedAt'),
    reason: active ? undefined : endReasonOf(optionalTextOf(fields, 'reason')),
  };
};

/** Lines of a body as they come. A half line at the end is left out: whoever reads misses the last one then. */
async function* linesOf(response: Response, deadline: Deadline): AsyncGenerator<string, void, undefined> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for (;;) {
      deadline.restart();
      const part = await reader?.read();
      if (part === undefined || part.done) return;
      const pieces = (rest + decoder.decode(part.value, { stream: true })).split('\n');
      rest = pieces.pop() ?? '';
      for (const line of pieces) if (line.trim() !== '') yield line;
    }
  } catch (error) {
    const failure = failureOf(error, deadline, 'the answer was cut off');
    throw failure.code === 'network' ? cutOff('the connection was cut') : failure;
  } finally {
    deadline.end();
    // Whoever leaves the loop early does not want the rest.
    await reader?.cancel().catch(() => undefined);
  }
}

const cutOff = (why: string): SamtykkeError<'snapshot_incomplete'> =>
  new SamtykkeError('snapshot_incomplete', `the snapshot is not whole: ${why}`);
