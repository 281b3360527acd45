import { writeFileSync } from 'node:fs';
import { describeApi } from './describe.ts';

writeFileSync('docs/openapi.json', await describeApi());
