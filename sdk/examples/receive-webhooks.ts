/**
 * A web server that the platform sends events to. Add its address as a webhook, and give its secret here:
 *
 * node receive-webhooks.ts whsec_…
 */
import { createServer } from 'node:http';
import { isSamtykkeError, verifyWebhook } from '@samtykke/client';

const PORT = 8790;
const secrets = process.argv.slice(2); // the old and the new one while it changes

/** Messages may come twice. A real server remembers the ids for a few days, together with what it did. */
const handled = new Set<string>();

createServer((request, response) => {
  const answer = async (): Promise<number> => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    try {
      // The bytes as they came: what has been parsed and written anew has another signature.
      const { id, message } = await verifyWebhook(Buffer.concat(chunks), request.headers, secrets);
      if (handled.has(id)) return 204;
      if (message.type === 'event')
        console.log(`${message.event.sequenceNr} ${message.event.type} ${message.event.consentId}`);
      if (message.type === 'gap') console.log(`missed events before ${message.nextSequenceNr}: take a snapshot`);
      if (message.type === 'test') console.log('a test');
      handled.add(id);
      return 204;
    } catch (error) {
      if (!isSamtykkeError(error, 'webhook_refused')) throw error;
      console.error(error.message);
      return 400;
    }
  };
  answer().then(
    (status) => response.writeHead(status).end(),
    (error: unknown) => {
      console.error(error);
      response.writeHead(500).end();
    },
  );
}).listen(PORT, 'localhost', () => console.log(`http://localhost:${PORT}`));
