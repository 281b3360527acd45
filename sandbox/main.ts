import { createServer } from 'node:net';
import { runUntilSignal, tellAndExit, toldAbout } from '../src/command-line.ts';
import { startProduction } from '../src/main.ts';
import { modeOf, readEnv } from '../src/platform/config.ts';
import { startSandbox } from './start.ts';
import { welcome } from './welcome.ts';

/** `npm start`: the sandbox; or production, where the environment says so. */
async function main(args: readonly string[]): Promise<void> {
  if (toldAbout(args)) return;
  const env = readEnv(args);
  if (modeOf(env) === 'production') {
    await runUntilSignal(() => startProduction(env));
    return;
  }
  // Whoever leaves the choice of one port to us leaves us the other.
  const free = env.PORT === '0' ? { PORT: String(await freePort()), PUSH_PORT: env.PUSH_PORT ?? '0' } : {};
  const sandbox = await runUntilSignal(() => startSandbox({ ...env, ...free }));
  process.stdout.write(welcome(sandbox.config, sandbox.database));
}

/** A port that nothing listens on at this moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, 'localhost', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  tellAndExit(error);
}
