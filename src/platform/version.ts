import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const text = readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8');
const { version: read } = JSON.parse(text) as { version: string };

/** The version of the code that runs, from package.json as it was when it was loaded: an upgrade may have been put in its place since. */
export const version = (): string => read;
