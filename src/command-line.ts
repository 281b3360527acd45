import { ConfigError, variables } from './platform/config.ts';
import { DataFolderInUseError } from './platform/data-folder.ts';
import { KeysFileProblem } from './platform/keys.ts';
import { MigrationError } from './platform/migrate.ts';
import { version } from './platform/version.ts';

/** Answers `--help` and `--version`, and whether that was all that was asked. */
export function toldAbout(args: readonly string[]): boolean {
  const answer = args.includes('--help') ? help() : args.includes('--version') ? `${version()}\n` : undefined;
  if (answer !== undefined) process.stdout.write(answer);
  return answer !== undefined;
}

/** What `--help` prints. */
function help(): string {
  const width = Math.max(...variables.map((variable) => variable.name.length));
  const lines = variables.map(
    ({ name, what, fallback }) => `  ${name.padEnd(width)}  ${what}${fallback === undefined ? '' : ` (${fallback})`}`,
  );
  return `Samtykke ${version()}: consents to share debt information

  npm start                  the sandbox, on http://localhost:4000
  npm start -- --port 4001   on another port
  --help, --version

Environment (default in brackets):
${lines.join('\n')}
`;
}

/** Tells why nothing could be started, a line for each reason, and ends with exit code 1 (R3). */
export function tellAndExit(error: unknown): never {
  const known = [ConfigError, MigrationError, DataFolderInUseError, KeysFileProblem].some(
    (kind) => error instanceof kind,
  );
  const lines =
    error instanceof ConfigError
      ? error.problems
      : [known ? (error as Error).message : `could not start: ${String((error as Error).stack ?? error)}`];
  process.stderr.write(lines.map((line) => `samtykke: ${line}\n`).join(''));
  process.exit(1);
}

/**
 * Starts something that can be closed, and closes it at SIGTERM or SIGINT, also when that comes while it is still starting: then
 * the process ends with exit code 0. A second signal does not wait. What cannot be started is told, with exit code 1.
 */
export async function runUntilSignal<Running extends { close(): Promise<void> }>(
  start: () => Promise<Running>,
): Promise<Running> {
  process.stdout.on('error', () => undefined); // nobody reads us any more: that is no reason to stop
  const starting = start();
  let closing = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (closing) process.exit(1);
      closing = true;
      starting
        .then((running) => running.close())
        .then(
          () => process.exit(0),
          (error: unknown) => {
            process.stderr.write(`samtykke: could not close cleanly: ${String(error)}\n`);
            process.exit(1);
          },
        );
    });
  }
  return starting.catch(tellAndExit);
}
