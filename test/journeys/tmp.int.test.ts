import { after, before, test } from 'node:test';
import { execFileSync } from 'node:child_process';
import { useBrowser } from '../support/browser/chromium.ts';
import { startSandbox, type Sandbox } from '../support/browser/sandbox.ts';
import { checkPageEverywhere } from '../support/browser/page-checks.ts';
const browser = useBrowser();
let sandbox: Sandbox;
before(async () => { sandbox = await startSandbox(); });
after(async () => { await sandbox.close(); });
test('x', async () => {
  const visitor = await sandbox.newVisitor(await browser());
  const { page } = visitor;
  await page.goto(sandbox.portalUrl + '/login');
  await page.locator('#nin').fill('14842249091');
  await page.locator('form').last().locator('button:not([name])').click();
  await page.waitForURL(`${sandbox.portalUrl}/`);
  const c = process.cpuUsage(); const t = performance.now();
  for (let i = 0; i < 10; i++) { await page.goto(sandbox.portalUrl + '/'); await checkPageEverywhere(page, { name: 'x' }); }
  console.log('wall per language', (performance.now() - t) / 30, 'node', process.cpuUsage(c).user / 30000);
  console.log(execFileSync('bash', ['-c', 'for p in $(pgrep -f samtykke-chromium); do echo; tr "\\0" " " < /proc/$p/cmdline | grep -o "type=[a-z-]*"; for t in /proc/$p/task/*; do awk \'{ if ($14+$15 > 10) print $2, $14, $15 }\' $t/stat; done; done']).toString());
  await visitor.leave();
});
