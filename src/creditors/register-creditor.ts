import { hostAddresses } from '../platform/host-addresses.ts';
import { ConfigError } from '../platform/config.ts';
import type { Platform } from '../platform/platform.ts';
import { readClientTls } from '../platform/tls.ts';
import { hostProblem } from './address.ts';
import type { RegisteredCreditor } from './creditor.ts';
import { findCreditor, logChange, saveName, saveProvider, takeTurns } from './creditor-registry.ts';
import {
  planRegistration,
  type RegistrationInput,
  type RegistrationPlan,
  type RegistrationProblem,
  type RegistryChange,
} from './registration.ts';

export type RegistrationResult =
  | { readonly outcome: 'refused'; readonly problems: readonly RegistrationProblem[] }
  | {
      readonly outcome: 'added' | 'changed' | 'unchanged';
      readonly creditor: RegisteredCreditor;
      readonly changes: readonly RegistryChange[];
    };

/**
 * Adds a creditor to the registry, or changes what is said of one that is there; with a log row (C7), but not when nothing changes.
 * Outside of a sandbox the host of its address is looked up, and refused when it is not on the open internet. That is asked again
 * at each connection, since names may be given other addresses at any time. A certificate of ours that is named must be there, and
 * good to call somebody with.
 *
 * Answers all that is wrong, and changes nothing then. Of two who register the same creditor at once the second one changes what the
 * first one left. Errors: `unavailable`.
 */
export async function registerCreditor(
  platform: Pick<Platform, 'db' | 'clock' | 'config'>,
  input: RegistrationInput,
): Promise<RegistrationResult> {
  const { db, clock, config } = platform;
  const now = clock.now();
  const where = { open: config.mode === 'production' };
  // Nobody is asked for names while a transaction is open; so this is decided once before it, and once within.
  const first = planRegistration(input, await findCreditor(db, input.number), where);
  const problems =
    'creditor' in first ? [...(await problemsOfHost(first, where)), ...problemsOfCertificate(platform, first)] : first;
  if (problems.length > 0) return { outcome: 'refused', problems };
  return db.transaction(async (tx) => {
    await takeTurns(tx);
    const existing = await findCreditor(tx, input.number);
    const plan = planRegistration(input, existing, where);
    if (!('creditor' in plan)) return { outcome: 'refused', problems: plan };
    const { creditor, changes } = plan;
    const [provider] = creditor.providers;
    if (changes.length === 0 && existing !== undefined) return { outcome: 'unchanged', creditor: existing, changes };
    if (changes.some((change) => change.provider === undefined)) await saveName(tx, creditor);
    if (changes.some((change) => change.provider !== undefined)) await saveProvider(tx, creditor.id, provider);
    const outcome = existing === undefined ? 'added' : 'changed';
    await logChange(tx, { at: now, creditorId: creditor.id, reason: outcome, changes });
    return { outcome, creditor: (await findCreditor(tx, creditor.id)) ?? creditor, changes };
  });
}

async function problemsOfHost(
  plan: RegistrationPlan,
  { open }: { open: boolean },
): Promise<readonly RegistrationProblem[]> {
  const name = plan.nameToLookUp;
  if (name === undefined || !open) return [];
  const addresses = await hostAddresses(name);
  const what = addresses.length === 0 ? `is at ${name}, a name that nobody knows` : hostProblem(name, addresses);
  return what === undefined ? [] : [{ field: 'baseUrl', what }];
}

function problemsOfCertificate(
  { config, clock }: Pick<Platform, 'config' | 'clock'>,
  { certificateToRead: name }: RegistrationPlan,
): readonly RegistrationProblem[] {
  if (name === undefined) return [];
  const unusable = (why: string): RegistrationProblem => ({
    field: 'clientCertificate',
    what: `is '${name}', which cannot be used: ${why}`,
  });
  try {
    const { goodUntil } = readClientTls(config, name);
    return goodUntil > clock.realNow() ? [] : [unusable(`it ended on ${goodUntil.toISOString().slice(0, 10)}`)];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(unusable);
    throw error;
  }
}
