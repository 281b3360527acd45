import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codeFlow } from '../authorization-server/code-flow.ts';
import { toConfig } from '../platform/config.ts';
import type { Platform } from '../platform/platform.ts';
import { neededForSeconds } from './rotation.ts';

test('R7: keys are kept for as long as what was signed with them is good', () => {
  // Nothing else of a platform is asked for before a request comes.
  const { ttl } = codeFlow({ config: toConfig({}) } as Platform);
  const seconds = (model: 'IdToken' | 'Interaction'): number => Number(ttl?.[model]);
  assert.ok(seconds('IdToken') > 0 && seconds('IdToken') < neededForSeconds.signing);
  assert.ok(seconds('Interaction') > 0 && seconds('Interaction') < neededForSeconds.cookies);
});
