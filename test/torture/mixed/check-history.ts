import { writeFileSync } from 'node:fs';
import { checkFolder } from './checks/all.ts';
import { asMarkdown, asText, summarise } from './summary.ts';

/**
 * `node test/torture/mixed/check-history.ts FOLDER [MARKDOWN-FILE]`: checks the history of a run and the state at its end, however they were
 * recorded. Ends with 1 when something is broken, and shows the calls by which it was.
 */
const [folder, markdown] = process.argv.slice(2);
if (folder === undefined) {
  process.stderr.write('name the folder of a recorded run: its *.jsonl, final.json and log.ndjson\n');
  process.exitCode = 2;
} else {
  const { history, checked } = checkFolder(folder);
  const summary = summarise(history, checked);
  process.stdout.write(asText(summary));
  if (markdown !== undefined) writeFileSync(markdown, asMarkdown(summary));
  process.exitCode = checked.some(({ findings }) => findings.length > 0) ? 1 : 0;
}
