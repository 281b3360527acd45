import type { Door, Heard, Sent } from './client-door.ts';
import type { Call, Told, ToldEvent } from './history.ts';

/** An organisation as it knows itself. */
export interface Organisation {
  readonly id: string;
  readonly secret: string;
  readonly redirect: string;
}

/** What the organisations call Samtykke, whatever node is behind it. */
export interface Surface {
  readonly publicUrl: string;
}

const scopes = {
  agreement: ['/v1/consent/agreement', 'consent.create'],
  events: ['/feed/v1/consent', 'client.access.consent.events'],
  debt: ['/v1/debt', 'debt.unsecured.presentation debt.unsecured.processing'],
} as const;

/** How long a token is used before a new one is fetched: they are good for an hour. */
const TOKEN_MS = 20 * 60_000;

/** The calls that an organisation makes, in its words. Each is one attempt, but for tokens, which are insisted on. */
export interface Calls {
  readonly organisation: string;
  register(asked: Agreement, node?: string): Promise<Call>;
  registerOther(asked: Agreement): Promise<Call>;
  status(consent: string, node?: string): Promise<Call>;
  lookUp(consent: string, how?: { node?: string; patience?: number }): Promise<Call>;
  revoke(consent: string, how?: { node?: string; patience?: number }): Promise<Call>;
  poll(from: number, limit: number, waitSeconds: number): Promise<Call>;
  lastNumber(): Promise<Call>;
  exchange(code: string, trace: string): Promise<Heard>;
  /** Has all of the feed sent to this address by webhook; tells whether that is so now. */
  subscribe(url: string): Promise<boolean>;
}

export interface Agreement {
  readonly nin: string;
  readonly scope: string;
  readonly days: number;
  readonly externalId: string;
}

export function callsOf(door: Door, organisation: Organisation, { publicUrl }: Surface): Calls {
  const basic = `Basic ${Buffer.from(`${organisation.id}:${organisation.secret}`).toString('base64')}`;
  const form = { authorization: basic, 'content-type': 'application/x-www-form-urlencoded' };
  const tokens = new Map<keyof typeof scopes, { since: number; token: Promise<string> }>();
  const { id } = organisation;

  const fetched = async (api: keyof typeof scopes): Promise<string> => {
    const [path, scope] = scopes[api];
    const body = new URLSearchParams({
      grant_type: 'client_credentials',
      audience: `${publicUrl}${path}`,
      scope,
    }).toString();
    let token = '';
    const call = await door.insist(() =>
      door.send(
        { op: 'token', organisation: id, asked: {} },
        { method: 'POST', path: '/oauth2/token', headers: form, body },
        (heard) => {
          token = String(heard.json?.access_token ?? '');
          return heard.status === 200 ? {} : { error: heard.text };
        },
      ),
    );
    if (call.status !== 200) throw new Error(`no token: ${call.status} ${call.told.error}`);
    return token;
  };
  const bearer = async (api: keyof typeof scopes): Promise<Record<string, string>> => {
    const known = tokens.get(api);
    const fresh =
      known !== undefined && door.clock() - known.since < TOKEN_MS
        ? known
        : { since: door.clock(), token: fetched(api) };
    tokens.set(api, fresh);
    // One that could not be had is asked for again next time.
    fresh.token.catch(() => tokens.delete(api));
    return { authorization: `Bearer ${await fresh.token}` };
  };

  const agree = async (op: 'register' | 'register_other', asked: Agreement, node?: string): Promise<Call> => {
    const { nin, scope, days, externalId } = asked;
    const body = JSON.stringify({
      nin,
      scope_of_consent: scope,
      consent_duration_days: days,
      client_consent_id: externalId,
    });
    const headers = { ...(await bearer('agreement')), 'content-type': 'application/json' };
    const sent: Sent = { method: 'PUT', path: '/v1/consent/agreement', headers, body };
    return door.send(
      { op, organisation: id, asked: { externalId, data: `${scope} ${days}` } },
      sent,
      agreementTold,
      node,
    );
  };
  const debt = async (
    op: 'status' | 'look_up' | 'revoke',
    consent: string,
    rest: Partial<Sent>,
    read: (heard: Heard) => Told,
    node?: string,
  ) => {
    const path = `/v1/debt/${consent}${op === 'status' ? '/status' : ''}`;
    const sent: Sent = { method: op === 'revoke' ? 'DELETE' : 'GET', path, headers: await bearer('debt'), ...rest };
    return door.send({ op, organisation: id, asked: { consent } }, sent, read, node);
  };
  const patient = (patience: number | undefined): Partial<Sent> => (patience === undefined ? {} : { patience });

  return {
    organisation: id,
    register: (asked, node) => agree('register', asked, node),
    registerOther: (asked) => agree('register_other', asked),
    status: (consent, node) => debt('status', consent, {}, statusTold, node),
    lookUp: (consent, how = {}) => debt('look_up', consent, patient(how.patience), debtTold, how.node),
    revoke: (consent, how = {}) => debt('revoke', consent, patient(how.patience), refusalTold, how.node),
    poll: async (from, limit, waitSeconds) => {
      const path = `/feed/v1/consent?fromSequenceNr=${from}&limit=${limit}${waitSeconds > 0 ? `&waitSeconds=${waitSeconds}` : ''}`;
      const sent: Sent = { method: 'GET', path, headers: await bearer('events') };
      return door.send({ op: 'poll', organisation: id, asked: { from, limit } }, sent, pageTold);
    },
    lastNumber: async () => {
      const sent: Sent = { method: 'GET', path: '/feed/v1/consent/lastSequenceNr', headers: await bearer('events') };
      return door.send({ op: 'last_number', organisation: id, asked: {} }, sent, (heard) =>
        heard.status === 200 ? { last: Number(heard.json.lastSequenceNr) } : { error: heard.text },
      );
    },
    exchange: async (code, trace) => {
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: organisation.redirect,
      }).toString();
      let answer: Heard | undefined;
      // Its outcome is part of the call that it belongs to.
      const headers = { ...form, 'x-trace-id': trace };
      await door.send(
        { op: 'token', organisation: id, asked: {} },
        { method: 'POST', path: '/oauth2/token', headers, body },
        (heard) => {
          answer = heard;
          return heard.status === 200 ? {} : { error: heard.text };
        },
      );
      if (answer === undefined) throw new Error('no answer to the code');
      return answer;
    },
    subscribe: async (url) => {
      const headers = { ...(await bearer('events')), 'content-type': 'application/json' };
      const sent: Sent = {
        method: 'POST',
        path: '/feed/v1/consent/webhooks',
        headers,
        body: JSON.stringify({ url, fromSequenceNr: 0 }),
      };
      const call = await door.send({ op: 'subscribe', organisation: id, asked: {} }, sent, (heard) =>
        heard.status === 201 || heard.status === 409 ? {} : { error: heard.text },
      );
      return call.status === 201 || call.status === 409;
    },
  };
}

const agreementTold = ({ status, json, text }: Heard): Told =>
  status === 200
    ? { consent: String(json.consent.id), expiresAt: Date.parse(json.consent.expires_at) }
    : { error: text };

const statusTold = ({ status, json, text }: Heard): Told =>
  status !== 200
    ? { error: text }
    : {
        active: json.active === true,
        ...(json.expires_at === undefined ? {} : { expiresAt: Number(json.expires_at) * 1000 }),
      };

const debtTold = (heard: Heard): Told =>
  heard.status !== 200
    ? refusalTold(heard)
    : {
        consent: String(heard.json.consent.id),
        expiresAt: Number(heard.json.consent.exp) * 1000,
        creditorsAnswered: Number(heard.json.numberOfCreditorsAnswered),
        creditorsMissing: Number(heard.json.numberOfcreditorsMissing),
      };

function refusalTold({ status, json, text }: Heard): Told {
  if (status === 204) return {};
  const [, why, at] = /^Consent (expired|was used|was revoked) at (.*)$/.exec(String(json?.error_description)) ?? [];
  if (json?.error !== 'invalid consent' || why === undefined || at === undefined) return { error: text };
  return { refused: { why: why.replace('was ', '') as 'expired' | 'used' | 'revoked', at } };
}

const pageTold = ({ status, json, text }: Heard): Told =>
  status !== 200
    ? { error: text }
    : { start: Number(json.startSequenceNr), end: Number(json.endSequenceNr), events: json.result.map(eventTold) };

/** An event as it is on the wire, of a poll or a webhook. */
// eslint-disable-next-line typescript/no-explicit-any -- whatever came
export function eventTold(event: any): ToldEvent {
  const created = event.samtykkeOpprettetEvent;
  const archived = event.samtykkeArkivertEvent;
  return {
    number: Number(event.sequenceNr),
    event: String(event.eventId),
    consent: String(event.consentId),
    type: event.eventType === 'SAMTYKKE_OPPRETTET' ? 'created' : 'archived',
    at: Date.parse(event.timestamp),
    ...(created?.externalConsentId === undefined ? {} : { externalId: String(created.externalConsentId) }),
    ...(archived?.reason === undefined ? {} : { reason: String(archived.reason) }),
  };
}
