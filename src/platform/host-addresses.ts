import { lookup } from 'node:dns/promises';
import { DomainError } from '../errors/domain-error.ts';

/**
 * The IP addresses that a name stands for, asked of where connections ask, too (the system's resolver, its hosts file included).
 * None: there is no such name. Errors: `unavailable` when nobody knows at this moment.
 */
export async function hostAddresses(name: string): Promise<readonly string[]> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOTFOUND') return [];
    throw new DomainError(
      'unavailable',
      `the name ${name} cannot be looked up right now: try again, or check the network`,
      {
        cause,
      },
    );
  }
}
