import { isUtf8 } from 'node:buffer';
import { parseExactly, parseJson, stringsIn } from '../creditors/strict-json.ts';
import type { DeliveryRule } from './delivery-rules.ts';
import { newScan, scanOn, type Stop } from '../creditors/json-scan.ts';

/** A delivery breaks a rule. Says which and where; never holds the data. */
export class DeliveryError extends Error {
  readonly rule: DeliveryRule;
  /** Which element of the page's `customers` (0-based); undefined when it is about the page. */
  readonly record: number | undefined;

  constructor(rule: DeliveryRule, record?: number) {
    super(`rule of delivery: ${rule}${record === undefined ? '' : `, record ${record}`}`);
    this.name = 'DeliveryError';
    this.rule = rule;
    this.record = record;
  }
}

/**
 * Reads a page `{"providerID": …, "customers": […]}` as it arrives. What `push` hands out may not be believed before `end` has
 * returned: until then the page may turn out to be cut off, or to hold something else behind the list.
 */
export interface PageSplitter {
  /**
   * Takes the next bytes, cut anywhere, and returns the batches of customers (parsed, not looked into) that they complete, in
   * order. Throws a `DeliveryError` as soon as a rule is seen to be broken, and the same one ever after.
   */
  push(chunk: Buffer): readonly unknown[][];
  /** Says that all bytes have come. Returns the last batch and who delivers; throws a `DeliveryError` if the page is not whole. */
  end(): { rest: readonly unknown[]; providerId: string };
}

const KIB = 1024;
/** What surrounds the list of customers: some dozens of bytes, and what a creditor may add of its own. */
const MAX_ENVELOPE_BYTES = 64 * KIB;
/** Large chunks are taken in parts, so that memory does not depend on them. */
const PART_BYTES = 64 * KIB;
const OPENING = 0x5b;
const CLOSING = 0x5d;

/**
 * Cuts the list of customers at the ends of its elements, in batches of `batchBytes` or a little more, and leaves the rest of
 * JSON to `JSON.parse`: each batch as a list, and in the end what stood before and behind the list as an envelope around an
 * empty one. So what is accepted is what `JSON.parse` would have made of the whole, but for whole numbers that are written
 * with a point or an exponent: they become NaN.
 *
 * Refused, though `JSON.parse` lets it through: invalid UTF-8, a key that comes twice in one object, an element of more than
 * `maxElementBytes` (with the spaces around it), a depth over 32, an envelope over 64 KiB, a page without `customers` or
 * `providerID`. Memory is bounded by some `batchBytes + maxElementBytes` and what is made of them, whatever is sent.
 */
export function pageSplitter(options: { batchBytes?: number; maxElementBytes?: number } = {}): PageSplitter {
  const { batchBytes = 256 * KIB, maxElementBytes = 1024 * KIB } = options;
  const scan = newScan();
  let zone: 'head' | 'list' | 'tail' = 'head';
  /** In the head: all of it. In the list: from the bracket or comma before the batch. In the tail: from the closing bracket. */
  let held = Buffer.allocUnsafe(batchBytes + 2 * PART_BYTES);
  let length = 0;
  let head = Buffer.alloc(0);
  let stringsInHead = 0;
  /** Elements in earlier batches. */
  let records = 0;
  /** Where this batch begins, and its elements: where each ends (from there), how many strings it has. */
  let batchStart = 0;
  let elements: { end: number; strings: number }[] = [];
  let elementStart = 0;
  let rest: readonly unknown[] = [];
  let failed: DeliveryError | undefined;

  function fail(rule: DeliveryRule, record?: number): never {
    failed = new DeliveryError(rule, record);
    throw failed;
  }

  function hold(bytes: Buffer): void {
    if (length + bytes.length > held.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * held.length, length + bytes.length));
      held.copy(larger, 0, 0, length);
      held = larger;
    }
    bytes.copy(held, length);
    length += bytes.length;
  }

  function letGoBefore(start: number): void {
    held.copyWithin(0, start, length);
    length -= start;
    scan.at -= start;
    elementStart -= start;
    batchStart = 0;
  }

  /** Whether a list that has just been opened at depth 2 is the one of customers: its key stands right before it. */
  function opensCustomers(): boolean {
    const key = scan.stringAt < 0 ? '' : held.toString('utf8', scan.stringAt, scan.at - 1);
    scan.stringAt = -1; // a key is looked at once: brackets without end behind a long one would take long
    if (held[scan.at - 1] !== OPENING || key === '') return false;
    const member = parseJson(`{${key}[]}`);
    return isRecord(member) && Object.hasOwn(member, 'customers');
  }

  function enterList(): void {
    head = Buffer.from(held.subarray(0, scan.at));
    if (head.length > MAX_ENVELOPE_BYTES) fail('envelope_too_large');
    stringsInHead = scan.strings;
    scan.strings = 0;
    scan.oddNumbers = false;
    elementStart = scan.at;
    zone = 'list';
    letGoBefore(scan.at - 1);
  }

  /** The scan stands behind the comma or bracket that ends an element. */
  function endElement(): void {
    const end = scan.at - 1;
    if (end - elementStart > maxElementBytes) fail('element_too_large', records + elements.length);
    elements.push({ end: end - batchStart, strings: scan.strings });
    scan.strings = 0;
    elementStart = scan.at;
  }

  function endBatch(isLast: boolean): unknown[] {
    const end = scan.at - 1;
    // The commas around a batch become brackets. The bracket that ends the list must be one by itself.
    held[batchStart] = OPENING;
    if (!isLast) held[end] = CLOSING;
    const read = readBatch(held.subarray(batchStart, end + 1), elements, scan.oddNumbers);
    if (!Array.isArray(read)) return fail(read.rule, read.index === undefined ? undefined : records + read.index);
    // Nothing at all between two commas; but a list may be empty.
    if (read.length === 0 && !(isLast && records === 0)) fail('broken_json', records);
    records += read.length;
    elements = [];
    scan.oddNumbers = false;
    batchStart = end;
    return read;
  }

  function stopped(stop: Stop, batches: unknown[][]): void {
    if (stop === 'too_deep') fail('too_deep', zone === 'list' ? records + elements.length : undefined);
    if (zone === 'head' && stop === 'opened' && opensCustomers()) enterList();
    else if (zone === 'list') {
      endElement();
      if (stop === 'closed') {
        rest = endBatch(true);
        zone = 'tail';
        letGoBefore(scan.at - 1);
      } else if (scan.at - 1 - batchStart > batchBytes) batches.push(endBatch(false));
    }
  }

  function take(part: Buffer, batches: unknown[][]): void {
    hold(part);
    for (let stop = scanOn(scan, held, length); stop !== 'end'; stop = scanOn(scan, held, length)) {
      stopped(stop, batches);
    }
    if (zone === 'list') {
      if (length - elementStart > maxElementBytes) fail('element_too_large', records + elements.length);
      if (batchStart > 0) letGoBefore(batchStart);
    } else if (head.length + length > MAX_ENVELOPE_BYTES) fail('envelope_too_large');
  }

  return {
    push: (chunk) => {
      if (failed !== undefined) throw failed;
      const batches: unknown[][] = [];
      for (let from = 0; from < chunk.length; from += PART_BYTES) {
        take(chunk.subarray(from, from + PART_BYTES), batches);
      }
      return batches;
    },
    end: () => {
      if (failed !== undefined) throw failed;
      if (zone === 'list') fail('broken_json');
      const bytes = Buffer.concat([head, held.subarray(0, length)]);
      if (!isUtf8(bytes)) fail('not_utf8');
      const envelope = parseJson(bytes.toString('utf8'));
      if (envelope === undefined) return fail('broken_json');
      if (!isRecord(envelope) || zone === 'head') return fail('customers_missing');
      // `customers` that comes again is found here too.
      if (stringsIn(envelope) !== stringsInHead + scan.strings) fail('duplicate_key');
      const { providerID } = envelope;
      if (typeof providerID !== 'string' || providerID === '') return fail('provider_missing');
      return { rest, providerId: providerID };
    },
  };
}

/**
 * The elements of a list, or the first that breaks a rule of JSON. `elements`: where the scan saw each end (from the beginning
 * of the list), and the strings that it saw within.
 */
function readBatch(
  list: Buffer,
  elements: readonly { end: number; strings: number }[],
  oddNumbers: boolean,
): unknown[] | { rule: DeliveryRule; index: number | undefined } {
  const firstThat = (isWrong: (element: Buffer) => boolean): number | undefined => {
    const index = elements.findIndex(({ end }, index) =>
      isWrong(list.subarray((elements[index - 1]?.end ?? 0) + 1, end)),
    );
    return index < 0 ? undefined : index;
  };
  if (!isUtf8(list)) return { rule: 'not_utf8', index: firstThat((element) => !isUtf8(element)) };
  const text = list.toString('utf8');
  const values = parseJson(text);
  if (!Array.isArray(values)) {
    return { rule: 'broken_json', index: firstThat((element) => parseJson(element.toString('utf8')) === undefined) };
  }
  const repeats = values.findIndex((value, index) => stringsIn(value) !== elements[index]?.strings);
  if (repeats >= 0) return { rule: 'duplicate_key', index: repeats };
  return oddNumbers ? (parseExactly(text) as unknown[]) : values;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
