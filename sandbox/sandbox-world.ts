import type { CreditorClient } from '../src/creditors/creditor-client.ts';
import type { Jobs } from '../src/platform/jobs.ts';
import type { SandboxCertificates } from './authority.ts';
import type { BusinessClock } from './business-clock.ts';
import type { Behaviour, CreditorServers } from './creditor-servers.ts';
import type { PushedLoans } from './pushed-loans.ts';

/** What is around the app in a sandbox, and can be moved. */
export interface SandboxWorld {
  readonly servers: CreditorServers;
  readonly clock: BusinessClock;
  readonly jobs: Jobs;
  readonly creditors: CreditorClient;
  readonly pushed: PushedLoans;
  readonly certificates: SandboxCertificates;
  /** Where creditors push, once that is listened to. */
  readonly pushPort: () => number | undefined;
}

/** How far the clock is moved at a time: ten years. */
export const MOST_SECONDS = 315_360_000;

/** Changes what a creditor does from the next question on (X3); false when there is no such creditor. */
export function setBehaviour(world: SandboxWorld, creditorId: string, behaviour: Behaviour): boolean {
  if (!world.servers.setBehaviour(creditorId, behaviour)) return false;
  // What it did before says nothing about what it does now.
  world.creditors.forgetFailures(creditorId);
  return true;
}

/** Moves business time forward, and does what is due then before it resolves (X4). */
export async function moveClock(world: SandboxWorld, seconds: number): Promise<void> {
  await world.clock.advance(seconds);
  await world.jobs.runDue();
}
