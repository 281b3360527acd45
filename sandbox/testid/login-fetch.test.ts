import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { toConfig } from '../../src/platform/config.ts';
import { loginFetch } from './login-fetch.ts';

test('X6: a sandbox reaches its own TestID at its own port, whatever it is called, and others where they are', async () => {
  const server = createServer((request, response) => {
    response.writeHead(request.url === '/elsewhere' ? 302 : 200, { location: 'http://evil.example/' });
    response.end(`${request.method} ${request.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as { port: number };
  try {
    for (const PUBLIC_URL of ['https://samtykke.example', 'http://localhost:1']) {
      for (const HOST of ['localhost', '0.0.0.0']) {
        const reach = loginFetch(toConfig({ PUBLIC_URL, HOST, PORT: String(port) }));
        const answer = await reach(`${PUBLIC_URL}/testid/token?x=1`, {
          method: 'POST',
          body: new URLSearchParams('a=b'),
        });
        assert.equal(await answer.text(), 'POST /testid/token?x=1');
        const other = await reach(`http://localhost:${port}/elsewhere`);
        assert.equal(other.status, 302, 'not followed');
        await other.body?.cancel();
      }
    }
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
