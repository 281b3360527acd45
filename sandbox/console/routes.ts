import formbody from '@fastify/formbody';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { overviewOfConsents } from '../../src/consent/overview.ts';
import { lastRuns } from '../../src/delivery/run-log.ts';
import { dayAndTime } from '../../src/html/format.ts';
import { html } from '../../src/html/html.ts';
import { sendPage, speakIn } from '../../src/html/send-page.ts';
import type { Platform } from '../../src/platform/platform.ts';
import { startAddress } from '../callback.ts';
import { sandboxClients } from '../clients.ts';
import { testPersons } from '../people.ts';
import type { SandboxWorld } from '../sandbox-world.ts';
import { flowAddress, portalAs } from './addresses.ts';
import { clientsPage } from './clients.page.ts';
import { consentsPage, reasonWords } from './consents.page.ts';
import { creditorsPage, outcomeWords } from './creditors.page.ts';
import { clientsNow, consentNamed, consentsNow, creditorsNow, feedsNow } from './facts.ts';
import { feedPage, REFRESH_SECONDS } from './feed.page.ts';
import { consoleForms, parameter } from './forms.ts';
import { moves } from './moves.ts';
import { owedByPersons } from './owed.ts';
import { aheadWords, overviewPage } from './overview.page.ts';
import { conductNames, personsPage } from './persons.page.ts';
import { consoleFrame, type Here, type Said } from './site.ts';

/** How many consents, and events of a client, are on their page. */
const CONSENTS_SHOWN = 50;
const EVENTS_SHOWN = 20;
/** Counted no further on the first page. */
const CONSENTS_COUNTED = 1_000;

/** `/sandbox`: pages where the whole world of a sandbox is seen and moved. They are routes of the sandbox, and production has none (X7). */
export function consoleRoutes(app: FastifyInstance, platform: Platform, world: SandboxWorld): void {
  const { clock, config } = platform;
  const forms = consoleForms(config);
  const frame = (request: FastifyRequest, here: Here) => consoleFrame(platform, request, here);

  const overview: Show = async (request, reply) => {
    const csrf = forms.proofFor(request, reply);
    const creditors = await creditorsNow(platform, world);
    const active = await overviewOfConsents(platform, { state: 'active', atMost: CONSENTS_COUNTED + 1 });
    const [now, aheadSeconds] = [clock.now(), ahead(platform)];
    const moved = `The clock was moved: it is ${dayAndTime('en', now)} now, ${aheadWords(aheadSeconds)}. What was due has been done.`;
    const page = overviewPage(frame(request, '/sandbox'), {
      csrf,
      said: parameter(request, 'clock') === 'moved' ? { well: true, words: moved } : null,
      refused: parameter(request, 'refused') === 'days',
      now,
      aheadSeconds,
      count: {
        persons: testPersons.length,
        creditors: creditors.length,
        notNormal: creditors.filter(({ behaviour }) => behaviour !== 'normal').length,
        clients: (await clientsNow(platform)).length,
        consents: active.length > CONSENTS_COUNTED ? `over ${CONSENTS_COUNTED}` : String(active.length),
      },
      flow: startAddress(config),
      portalUrl: config.portalUrl,
      apiUrl: config.apiUrl,
    });
    return sendPage(reply, page);
  };

  const persons: Show = async (request, reply) => {
    const [{ client }] = sandboxClients(config.portalUrl);
    const page = personsPage(frame(request, '/sandbox/persons'), {
      persons: owedByPersons(world, clock.now()),
      generated: config.sandboxPersons,
      portalAs: (nin) => portalAs(config, nin, '/'),
      flowAs: (nin) => flowAddress(config, client, { purpose: 'presentation', nin }) ?? startAddress(config),
    });
    return sendPage(reply, page);
  };

  const creditors: Show = async (request, reply) => {
    const page = creditorsPage(frame(request, '/sandbox/creditors'), {
      csrf: forms.proofFor(request, reply),
      said: await saidOfCreditors(platform, world, request),
      creditors: await creditorsNow(platform, world),
      persons: testPersons,
      refused: parameter(request, 'refused') === 'kroner',
      pushPort: world.pushPort(),
    });
    return sendPage(reply, page);
  };

  const consents: Show = async (request, reply) => {
    const csrf = forms.proofFor(request, reply);
    const found = await consentsNow(platform, CONSENTS_SHOWN + 1);
    const page = consentsPage(frame(request, '/sandbox/consents'), {
      csrf,
      said: await saidOfConsent(platform, request),
      consents: found.slice(0, CONSENTS_SHOWN),
      more: found.length > CONSENTS_SHOWN,
    });
    return sendPage(reply, page);
  };

  const feed: Show = async (request, reply) => {
    const refresh = parameter(request, 'refresh') === String(REFRESH_SECONDS) ? REFRESH_SECONDS : null;
    const page = feedPage(frame(request, '/sandbox/feed'), {
      ...(await feedsNow(platform, EVENTS_SHOWN)),
      refresh,
      urls: config,
    });
    // For those who have asked for it; the page itself has a link that ends it.
    if (refresh !== null) reply.header('refresh', refresh);
    return sendPage(reply, page);
  };

  void app.register(async (pages) => {
    await pages.register(formbody);
    pages.addHook('onRoute', (route) => {
      const shared = route.method === 'GET' && route.url === '/sandbox/creditors';
      if (!shared) route.config = Object.assign(route.config ?? {}, { page: true });
    });
    pages.addHook('onRequest', async (request) => speakIn(request, 'en'));
    const hidden = { schema: { hide: true } };
    pages.get('/sandbox', hidden, overview);
    pages.get('/sandbox/persons', hidden, persons);
    pages.get('/sandbox/clients', hidden, async (request, reply) =>
      sendPage(reply, clientsPage(frame(request, '/sandbox/clients'), await clientsNow(platform))),
    );
    pages.get('/sandbox/consents', hidden, consents);
    pages.get('/sandbox/feed', hidden, feed);
    // Programs had this address first, and get what they got: a page is for whoever asks for one, as browsers do.
    pages.get('/sandbox/creditors', hidden, async (request, reply) => {
      reply.header('vary', 'accept');
      if (/\btext\/html\b/.test(request.headers.accept ?? '')) return creditors(request, reply);
      return world.servers.creditors.map(({ id, name }) => ({ id, name, behaviour: world.servers.behaviourOf(id) }));
    });
    await pages.register(async (subtree) => moves(subtree, platform, world, forms.check));
  });
}

type Show = (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>;

const ahead = ({ clock }: Platform): number => Math.round((clock.now().getTime() - clock.realNow().getTime()) / 1_000);

async function saidOfCreditors(
  platform: Platform,
  { servers }: SandboxWorld,
  request: FastifyRequest,
): Promise<Said | null> {
  const named = (parameterName: string) => servers.creditors.find(({ id }) => id === parameter(request, parameterName));
  const set = named('set');
  if (set !== undefined) {
    const conduct = conductNames[servers.behaviourOf(set.id) ?? 'normal'];
    return { well: true, words: html`<strong>${set.name}</strong> is ${conduct} from the next question on.` };
  }
  if (
    parameter(request, 'set') === 'all' &&
    servers.creditors.every(({ id }) => servers.behaviourOf(id) === 'normal')
  ) {
    return { well: true, words: 'All creditors are normal again.' };
  }
  const refused = named('refused');
  if (refused !== undefined) {
    return { well: false, words: html`The push for <strong>${refused.name}</strong> was not taken: the log says why.` };
  }
  const collected = named('collected');
  const pushed = named('pushed');
  const creditor = collected ?? pushed;
  if (creditor === undefined) return null;
  const kind = collected === undefined ? 'push' : 'collect';
  const run = (await lastRuns(platform.db, creditor.id, 1)).find((recorded) => recorded.kind === kind);
  if (run === undefined) return { well: false, words: html`<strong>${creditor.name}</strong>: nothing was delivered.` };
  const words = html`<strong>${creditor.name}</strong>, ${kind === 'push' ? 'pushed' : 'collected'} ${dayAndTime('en', run.startedAt)}: ${outcomeWords(run)}.`;
  return { well: run.outcome === 'applied', words };
}

async function saidOfConsent(platform: Platform, request: FastifyRequest): Promise<Said | null> {
  const consent = await consentNamed(platform, parameter(request, 'revoked'));
  if (consent === undefined || consent.state.active) return null;
  const { clientName, person, state } = consent;
  const words = html`The consent of <strong>${person}</strong> to ${clientName} has ended: ${reasonWords[state.reason].toLowerCase()}, ${dayAndTime('en', state.since)}.`;
  return { well: state.reason === 'revoked_by_operator', words };
}
