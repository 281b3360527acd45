import { DomainError } from '../errors/domain-error.ts';
import type { Platform } from '../platform/platform.ts';
import { providerFrom, type RegisteredCreditor } from './creditor.ts';
import { findCreditor, logChange, saveSwitch, takeTurns } from './creditor-registry.ts';

/**
 * Switches a creditor off or on; or, with `provider`, one of those who deliver for it. Off: from the commit on it is neither asked nor
 * collected from, and nobody may push for it. With a log row (C7), but not when it was so already.
 *
 * Answers the creditor as it is now, and whether anything changed. Errors: `not_found` (no such creditor, or no such provider of it),
 * `unavailable`.
 */
export async function switchCreditor(
  platform: Pick<Platform, 'db' | 'clock'>,
  which: { id: string; provider: string | undefined },
  on: boolean,
): Promise<{ creditor: RegisteredCreditor; changed: boolean }> {
  const now = platform.clock.now();
  const { id, provider } = which;
  return platform.db.transaction(async (tx) => {
    await takeTurns(tx);
    const providerId =
      provider === undefined ? undefined : providerOf(existing(id, await findCreditor(tx, id)), provider);
    const changed = await saveSwitch(tx, { id, providerId }, on);
    if (changed) {
      const of = providerId === undefined ? {} : { provider: providerId };
      const changes = [{ field: 'enabled', ...of, before: !on, after: on } as const];
      await logChange(tx, { at: now, creditorId: id, reason: on ? 'switched_on' : 'switched_off', changes });
    }
    return { creditor: existing(id, await findCreditor(tx, id)), changed };
  });
}

function existing(id: string, creditor: RegisteredCreditor | undefined): RegisteredCreditor {
  if (creditor === undefined) throw new DomainError('not_found', `there is no creditor ${id} in the registry`);
  return creditor;
}

function providerOf(creditor: RegisteredCreditor, text: string): string {
  const wanted = providerFrom(text) ?? text;
  const found = creditor.providers.find(
    ({ providerId }) => providerId === text || (providerFrom(providerId) ?? '') === wanted,
  );
  if (found === undefined)
    throw new DomainError('not_found', `${text} does not deliver for the creditor ${creditor.id}`);
  return found.providerId;
}
