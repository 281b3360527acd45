import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './sources.ts';
import { withVariables } from './variables-table.ts';

/** `npm run variables`: writes the table of variables in docs/operations.md from the code. */
const file = join(ROOT, 'docs/operations.md');
writeFileSync(file, withVariables(readFileSync(file, 'utf8')));
