/** Done; failed, and may go through another time; wrongly called, and never will (EX_USAGE). */
export const EXIT = { done: 0, failed: 1, usage: 64 } as const;

/** Why a command did not do what it was told: a line for each reason, for people. Never a personal number or a secret. */
export class CommandProblem extends Error {
  readonly lines: readonly string[];
  readonly exitCode: number;

  constructor(lines: readonly string[], exitCode: number = EXIT.failed) {
    super(lines.join('\n'));
    this.name = 'CommandProblem';
    this.lines = lines;
    this.exitCode = exitCode;
  }
}
