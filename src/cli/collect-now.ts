import type { RegisteredCreditor } from '../creditors/creditor.ts';
import { DomainError } from '../errors/domain-error.ts';
import type { DeliveryReport } from '../delivery/delivery-run.ts';
import { openCollector } from '../delivery/collector.ts';
import { openLog, STANDARD_ERROR } from '../platform/log.ts';
import { openMetrics } from '../platform/metrics.ts';
import { readClientTls } from '../platform/tls.ts';
import { CommandProblem } from './command-problem.ts';
import type { Connected } from './connect.ts';
import { keysOf } from './read-keys.ts';

/**
 * Collects from one creditor at once, in a process of its own as a node does. Throws what is wrong with keys, and with the certificates
 * by which it knows us, before anything is begun. What is logged goes where a node's log goes; but what would go to standard output goes
 * to standard error, and then only what went wrong with us: the outcome is told by the command.
 */
export async function collectNow(
  { platform }: Connected,
  creditor: RegisteredCreditor,
): Promise<{ reports: readonly DeliveryReport[]; busy: number }> {
  const toStandardOutput = platform.config.logFile === '-';
  const config = toStandardOutput
    ? { ...platform.config, logFile: STANDARD_ERROR, logLevel: 'error' as const }
    : platform.config;
  for (const { enabled, clientCertificate } of creditor.providers) {
    if (enabled) readClientTls(config, clientCertificate);
  }
  keysOf(config);
  const log = openLog({ file: config.logFile, level: config.logLevel });
  const collector = openCollector({ ...platform, config, log, metrics: openMetrics() });
  try {
    return await collector.collectCreditor(creditor.id);
  } catch (error) {
    if (error instanceof DomainError) throw error;
    const where = toStandardOutput ? 'above' : `in ${config.logFile}`;
    throw new CommandProblem([`${(error as Error).message}: why is in the log, ${where}`]);
  } finally {
    await collector.close();
    log.flush();
  }
}
