import { buildApp } from '../../src/app.ts';
import { creditorClient } from '../../src/creditors/creditor-client.ts';
import { openWakeUps } from '../../src/feed/wake-ups.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { toConfig, type Env } from '../../src/platform/config.ts';
import { generateKeysFile, parseKeys } from '../../src/platform/keys.ts';
import { openPlatform } from '../../src/serve.ts';

/** What the server says of itself. */
export interface Descriptions {
  /** The OpenAPI documents, by the files that copies of them are kept in. */
  readonly documents: Readonly<Record<string, string>>;
  /** The page of the reference. */
  readonly reference: string;
  /** All addresses that it answers, as `GET /v1/debt/{id}`. */
  readonly routes: readonly string[];
}

const served = {
  'docs/openapi.json': '/docs/openapi.json',
  'docs/deliveries.openapi.json': '/docs/deliveries/openapi.json',
} as const;

/** Lets a server describe itself, with these variables over the sandbox's. Needs no database: nothing is asked of it. */
export async function describeServer(env: Env = {}): Promise<Descriptions> {
  const config = toConfig({ LOG_FILE: '-', LOG_LEVEL: 'error', ...env });
  const keys = parseKeys(generateKeysFile({ sandbox: true }));
  const platform = openPlatform({
    config,
    keys,
    clock: systemClock,
    servingUrl: 'postgresql://nobody@localhost:1/none',
    takeOnServingRole: false,
  });
  const creditors = creditorClient(platform);
  const wakeUps = openWakeUps(platform);
  const app = await buildApp(platform, { creditors, wakeUps });
  try {
    const documents: [string, string][] = [];
    for (const [file, url] of Object.entries(served)) documents.push([file, (await app.inject(url)).body]);
    const { body: reference } = await app.inject('/docs');
    const routes = routesIn(app.printRoutes({ commonPrefix: false }));
    return { documents: Object.fromEntries(documents), reference, routes };
  } finally {
    await app.close();
    await wakeUps.close();
    creditors.close();
    await platform.http.close();
    await platform.db.close();
  }
}

/** The web framework's drawing of its routes, in which a branch goes on with the address above it, as addresses. */
function routesIn(drawing: string): readonly string[] {
  const above: string[] = [];
  return drawing.split('\n').flatMap((line) => {
    const [, indent = '', part, methods = ''] = /^((?:[│ ] {3})*)[└├]── (\S+)(?: \(([A-Z, ]+)\))?$/.exec(line) ?? [];
    if (part === undefined) return [];
    above.splice(indent.length / 4, Infinity, part);
    const path = above.join('').replaceAll(/:(\w+)/g, '{$1}');
    return methods === '' ? [] : methods.split(', ').map((method) => `${method} ${path}`);
  });
}
