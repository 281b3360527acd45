import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, variables } from './platform/config.ts';
import { DataFolderInUseError } from './platform/data-folder.ts';
import { MigrationError } from './platform/migrate.ts';

/** The version of this code, from package.json. */
export function version(): string {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')) as {
    version: string;
  };
  return version;
}

/** What `--help` prints. */
export function help(): string {
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
  const known =
    error instanceof ConfigError || error instanceof MigrationError || error instanceof DataFolderInUseError;
  const lines =
    error instanceof ConfigError
      ? error.problems
      : [known ? error.message : `could not start: ${String((error as Error).stack ?? error)}`];
  process.stderr.write(lines.map((line) => `samtykke: ${line}\n`).join(''));
  process.exit(1);
}

/** Closes at SIGTERM or SIGINT, then ends with exit code 0; a second signal does not wait. */
export function runUntilSignal(close: () => Promise<void>): void {
  let closing = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (closing) process.exit(1);
      closing = true;
      close().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`samtykke: could not close cleanly: ${String(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
}
