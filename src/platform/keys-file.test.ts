import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { keysFileText, makeKeysFile, replaceKeysFile, withNewKeys } from './keys-file.ts';
import { openKeyring, remade } from './keys-ring.ts';
import { idsOf } from './keys-order.ts';
import { generateKeysFile, KeysFileProblem, parseKeys, readKeysFile } from './keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'samtykke-keys-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const text = generateKeysFile({ sandbox: false });
const { text: next } = withNewKeys(text, 'cookies');
const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('R7: a new keys file is for its owner only, and takes the place of none', () => {
  const path = join(folder, 'new.json');
  makeKeysFile(path, text);
  assert.equal(modeOf(path), 0o600);
  assert.equal(readFileSync(path, 'utf8'), text);
  assert.throws(
    () => makeKeysFile(path, next),
    (error: Error) => error instanceof KeysFileProblem && /is there already/.test(error.message),
  );
  assert.equal(readFileSync(path, 'utf8'), text);
  assert.throws(() => makeKeysFile(join(folder, 'nowhere', 'new.json'), text), /ENOENT/);
  assert.deepEqual(readdirSync(folder), ['new.json'], 'nothing is left behind');
});

test('R7: a changed keys file has the rights of the one before, is where a link leads to, and keys never stand in a message', () => {
  const path = join(folder, 'changed.json');
  writeFileSync(path, text);
  chmodSync(path, 0o640);
  // As where root changes the file of the user who runs the nodes.
  if (process.getuid?.() === 0) chownSync(path, 12_345, 12_346);
  const link = join(folder, 'link.json');
  symlinkSync(path, link);
  replaceKeysFile(link, next);
  assert.equal(realpathSync(link), realpathSync(path));
  assert.equal(keysFileText(path), next);
  const { mode, uid, gid } = statSync(path);
  assert.equal(mode & 0o777, 0o640);
  if (process.getuid?.() === 0) assert.deepEqual([uid, gid], [12_345, 12_346]);
  assert.throws(() => replaceKeysFile(path, '{}'), /ninEncryption/);
  writeFileSync(join(folder, 'broken.json'), text.slice(0, 300));
  assert.throws(
    () => keysFileText(join(folder, 'broken.json')),
    (error: Error) => error.message.endsWith('broken.json: it is not JSON'),
  );
  assert.throws(() => keysFileText(join(folder, 'none.json')), /none\.json cannot be read \(ENOENT\)$/);
  const out = join(folder, 'out.json');
  replaceKeysFile(path, text, out);
  assert.deepEqual([keysFileText(out), keysFileText(path)], [text, next]);
});

test('R7: whoever reads a keys file while it is changed has the one before or the one after, also when that is killed', async () => {
  const path = join(folder, 'busy.json');
  writeFileSync(path, text, { mode: 0o600 });
  const program = `
    import { replaceKeysFile } from ${JSON.stringify(join(import.meta.dirname, 'keys-file.ts'))};
    process.stdout.write('ready');
    process.stdin.once('data', (sent) => {
      const texts = JSON.parse(sent.toString());
      for (let turn = 0; ; turn++) replaceKeysFile(${JSON.stringify(path)}, texts[turn % 2]);
    });`;
  for (let turn = 0; turn < 3; turn++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.stdin.write(JSON.stringify([next, text]));
    const seen = new Set<string>();
    const until = Date.now() + 20_000;
    while (seen.size < 2 && Date.now() < until) {
      const read = readFileSync(path, 'utf8');
      assert.ok(read === text || read === next, 'whole');
      seen.add(read);
      await sleep(0);
    }
    assert.equal(seen.size, 2, 'both were seen');
    child.kill('SIGKILL');
    await once(child, 'exit');
    assert.ok([text, next].includes(readFileSync(path, 'utf8')));
    assert.equal(modeOf(path), 0o600);
  }
});

test('R7: a keyring sees that its file has changed, keeps its keys until the new ones are taken, and tells of a broken file once', () => {
  const path = join(folder, 'ring.json');
  writeFileSync(path, text, { mode: 0o600 });
  const ring = openKeyring(readKeysFile(path), path, 4000);
  assert.equal(ring.look(), undefined);
  replaceKeysFile(path, next);
  const before = ring.current();
  const looked = ring.look();
  assert.ok(looked !== undefined && 'keys' in looked && !looked.again);
  assert.equal(ring.look()?.again, true, 'it is still not taken');
  assert.equal(ring.current(), before);
  ring.take(looked.keys);
  assert.equal(ring.look(), undefined);
  assert.deepEqual(ring.known().cookies, idsOf(parseKeys(next)).cookies);
  const [, added = ''] = ring.known().cookies;
  ring.use({ cookies: [added] });
  assert.equal(idsOf(ring.current()).cookies[0], added);
  const used = ring.current();
  ring.use({ cookies: [added] });
  assert.equal(ring.current(), used, 'nothing has changed');

  writeFileSync(path, text.slice(0, 100));
  const broken = ring.look();
  assert.ok(broken !== undefined && 'problem' in broken && !broken.again && !broken.problem.includes('"key"'));
  assert.equal(ring.look()?.again, true);
  rmSync(path);
  const gone = ring.look();
  assert.ok(gone !== undefined && 'problem' in gone && /ENOENT/.test(gone.problem));
  assert.equal(ring.current(), used);
});

test('what is made from a value is made anew when that is another one, and only then', () => {
  let [source, made] = [{}, 0];
  const current = remade(
    () => source,
    () => ++made,
  );
  assert.deepEqual([current(), current()], [1, 1]);
  source = {};
  assert.deepEqual([current(), current()], [2, 2]);
});
