import { sandboxCertificates } from '../../sandbox/authority.ts';
import { startCreditorServers } from '../../sandbox/creditor-servers.ts';
import type { GeneratedPopulation } from '../../sandbox/people-generator.ts';
import type { Creditor } from '../../src/creditors/creditor.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { certificatesFolder } from './sandbox-env.ts';
import { serve } from './served.ts';

/**
 * Creditors that answer at once, but for the one that takes questions and never answers, if there is one. They are elsewhere in the
 * world too: what they do is not our server's work.
 */
const open = async (told: { generated?: GeneratedPopulation; silentId?: string }): Promise<readonly Creditor[]> => {
  const certificates = await sandboxCertificates(certificatesFolder, systemClock.realNow());
  const { generated, silentId } = told;
  const servers = await startCreditorServers({ now: () => systemClock.now(), certificates, generated });
  if (silentId !== undefined) servers.setBehaviour(silentId, 'silent');
  return servers.creditors;
};

export type OpenCreditors = typeof open;
serve(open);
