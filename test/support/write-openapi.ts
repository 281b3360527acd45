import { writeFileSync } from 'node:fs';
import { describeServer } from './describe.ts';

/** `npm run openapi`: writes copies of the documents that the server makes. */
const { documents } = await describeServer();
for (const [file, text] of Object.entries(documents)) writeFileSync(file, text);
