#!/usr/bin/env node
import { readEnv } from '../platform/config.ts';
import { openOutput } from './output.ts';
import { runCommand } from './program.ts';
import { interruptedBy, pipedInput } from './streams.ts';

// The commands are listed in program.ts.
process.exitCode = await runCommand(process.argv.slice(2), {
  env: readEnv([]),
  output: openOutput(process.stdout, process.stderr),
  stdin: () => pipedInput(process.stdin),
  interrupted: () => interruptedBy(process),
});
