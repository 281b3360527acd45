import { dirname, join } from 'node:path';
import { sandboxCertificates } from '../../sandbox/authority.ts';
import { startCreditorServers } from '../../sandbox/creditor-servers.ts';
import type { Creditor } from '../../src/creditors/creditor.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { serve } from './served.ts';

/** Creditors that answer at once. They are elsewhere in the world too: what they do is not our server's work. */
const open = async (): Promise<readonly Creditor[]> => {
  const folder = join(dirname(process.env['SAMTYKKE_TEST_KEYS'] ?? ''), 'certificates');
  const certificates = await sandboxCertificates(folder, systemClock.realNow());
  const { creditors } = await startCreditorServers({ now: () => systemClock.now(), certificates });
  return creditors;
};

export type OpenCreditors = typeof open;
serve(open);
