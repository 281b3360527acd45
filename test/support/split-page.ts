import assert from 'node:assert/strict';
import { DeliveryError, pageSplitter } from '../../src/delivery/page-splitter.ts';

type Options = Parameters<typeof pageSplitter>[0];
export type SplitPage = { customers: unknown[]; providerId: string } | { rule: string; record: number | undefined };

/** What becomes of a page that comes in chunks of these sizes, over and over. */
export function splitPage(page: Buffer | string, sizes: readonly number[] = [7], options: Options = {}): SplitPage {
  const bytes = Buffer.from(page);
  const splitter = pageSplitter(options);
  const customers: unknown[] = [];
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = sizes[turn % sizes.length] ?? 1;
      for (const batch of splitter.push(bytes.subarray(at, at + size))) customers.push(...batch);
      at += size;
    }
    const { rest, providerId } = splitter.end();
    return { customers: [...customers, ...rest], providerId };
  } catch (error) {
    assert.ok(error instanceof DeliveryError, String(error));
    return { rule: error.rule, record: error.record };
  }
}
