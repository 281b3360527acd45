#!/usr/bin/env node
import { readEnv } from '../platform/config.ts';
import { openOutput } from './output.ts';
import { runCommand } from './program.ts';
import { interruptedBy, readAll } from './streams.ts';

// The commands are listed in program.ts.
process.exitCode = await runCommand(process.argv.slice(2), {
  env: readEnv([]),
  output: openOutput(process.stdout, process.stderr),
  input: () => readAll(process.stdin),
  interrupted: () => interruptedBy(process),
});
