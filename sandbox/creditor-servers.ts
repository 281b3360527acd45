import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Creditor } from '../src/creditors/creditor.ts';
import { Nin } from '../src/person/nin.ts';
import { operatorOrganisation, type SandboxCertificates } from './authority.ts';
import { nonsenses, spoiltBatch, spoiltCustomer, type Strangers, wireCustomer } from './creditor-answers.ts';
import { type SandboxCreditor, sandboxCreditors } from './creditor-list.ts';
import { type DeliveredBatches, deliveredBatches } from './delivered-batch.ts';
import { dated } from './holding.ts';
import { testPersons } from './people.ts';
import { type GeneratedPopulation, holdingsOf } from './people-generator.ts';
import { type PushedLoans, pushedLoans } from './pushed-loans.ts';

/**
 * What a creditor's server does with a question in order: answer at once; answer after a while; answer 500; take the question and
 * never answer; answer something that breaks the rules of delivery, each time in another way (`nonsenses`, in that order).
 */
export const behaviours = ['normal', 'slow', 'failing', 'silent', 'nonsense'] as const;

export type Behaviour = (typeof behaviours)[number];

export interface CreditorServersOptions {
  /** Business time, for the timestamps of the answers. */
  readonly now: () => Date;
  /** What the servers show, and who may ask them. */
  readonly certificates: SandboxCertificates;
  /** The loopback address to listen on; 127.0.0.1 unless told. */
  readonly host?: string;
  /** How long a `slow` creditor waits, in milliseconds; 1000 unless told. */
  readonly slowMs?: number;
  /** The generated persons that the creditors know besides the test persons; none unless told. */
  readonly generated?: GeneratedPopulation | undefined;
  /** What was pushed in their names, so that they answer the same; nothing unless told. */
  readonly pushed?: PushedLoans;
}

/** The sandbox's creditors while they listen. */
export interface CreditorServers {
  /** All of them, with the addresses where they answer. */
  readonly creditors: readonly Creditor[];
  /** Changes what a creditor does from the next question on; false when there is no such creditor. */
  setBehaviour(creditorId: string, behaviour: Behaviour): boolean;
  /** What a creditor does now (`normal` at first), or undefined when there is no such creditor. */
  behaviourOf(creditorId: string): Behaviour | undefined;
  /** How many well-formed questions about one person a creditor has received, answered or not. */
  questionsTo(creditorId: string): number;
  /** Stops them all, cutting what is in flight. Safe to repeat. */
  close(): Promise<void>;
}

/**
 * Starts one server for each creditor of the sandbox, each on a free port (X3). They speak the delivery interface over mutual TLS, with
 * the organisation that runs the sandbox and with nobody else.
 */
export async function startCreditorServers(options: CreditorServersOptions): Promise<CreditorServers> {
  const { now, certificates, host = '127.0.0.1', slowMs = 1000, generated, pushed = pushedLoans() } = options;
  const batches = deliveredBatches(generated, pushed);
  const world: World = { now, certificates, slowMs, generated, pushed, batches };
  const running = new Map(sandboxCreditors.map((creditor) => [creditor.id, serve(creditor, world)]));
  const close = async (): Promise<void> => {
    await Promise.all(Array.from(running.values(), stop));
  };
  const started = await Promise.allSettled(Array.from(running.values(), ({ server }) => listen(server, host)));
  const failed = started.find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw new Error(`the sandbox's creditors cannot listen on ${host}`, { cause: failed.reason });
  }
  return {
    creditors: Array.from(running.values(), ({ creditor: { id, name, providerId, contact }, server }) => ({
      id,
      name,
      providerId,
      contact,
      baseUrl: addressOf(server),
      clientCertificate: null,
    })),
    setBehaviour(creditorId, behaviour) {
      const conduct = running.get(creditorId)?.conduct;
      if (conduct === undefined) return false;
      conduct.behaviour = behaviour;
      conduct.nonsensesGiven = 0;
      return true;
    },
    behaviourOf: (creditorId) => running.get(creditorId)?.conduct.behaviour,
    questionsTo: (creditorId) => running.get(creditorId)?.conduct.questions ?? 0,
    close,
  };
}

/** What all creditors have in common. */
interface World {
  readonly now: () => Date;
  readonly certificates: SandboxCertificates;
  readonly slowMs: number;
  readonly generated: GeneratedPopulation | undefined;
  readonly pushed: PushedLoans;
  readonly batches: DeliveredBatches;
}

/** What one creditor is told to do, and has done. */
interface Conduct {
  behaviour: Behaviour;
  questions: number;
  nonsensesGiven: number;
}

interface RunningCreditor {
  readonly creditor: SandboxCreditor;
  readonly server: Server;
  /** All that are open, also those that are still being made: the server itself only knows of requests. */
  readonly connections: ReadonlySet<Socket>;
  readonly conduct: Conduct;
}

/** Longer than clients keep an idle connection, so that they seldom write to one that is being closed here. */
const KEEP_ALIVE_MS = 65_000;

function serve(creditor: SandboxCreditor, world: World): RunningCreditor {
  const conduct: Conduct = { behaviour: 'normal', questions: 0, nonsensesGiven: 0 };
  const { certificates } = world;
  const tls = {
    ...certificates.creditorServer(creditor.id),
    ca: certificates.authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
    minVersion: 'TLSv1.2',
  } as const;
  const server = createServer({ ...tls, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    if (!isOfOperator(request.socket as TLSSocket)) {
      refuse(response, 403, 'only the operator of this registry may ask, with its client certificate');
      return;
    }
    const question = readQuestion(request, creditor.id);
    if (question.about === 'nothing') {
      refuse(response, question.status, question.reason);
      return;
    }
    if (question.about === 'one') conduct.questions += 1;
    respond(response, question, { creditor, conduct, world });
  });
  const connections = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  return { creditor, server, connections, conduct };
}

/** The authority issues certificates to those who deliver too: they may not read what other creditors hold. */
function isOfOperator(socket: TLSSocket): boolean {
  const { organizationIdentifier } = socket.getPeerCertificate().subject as { organizationIdentifier?: unknown };
  return organizationIdentifier === `NTRNO-${operatorOrganisation}`;
}

type Question =
  | { readonly about: 'one'; readonly nin: string }
  | { readonly about: 'all'; readonly page: number }
  | { readonly about: 'nothing'; readonly status: 400 | 404 | 405; readonly reason: string };

const nothing = (status: 400 | 404 | 405, reason: string): Question => ({ about: 'nothing', status, reason });

function readQuestion(request: IncomingMessage, creditorId: string): Question {
  const [path = '', query = ''] = (request.url ?? '').split('?', 2);
  const [, institution, customer] = /^\/debt-information\/v1\/loans\/([^/]+)(\/customer)?$/.exec(path) ?? [];
  if (institution === undefined) return nothing(404, 'no such path');
  if (request.method !== 'GET') return nothing(405, 'only GET is answered');
  if (institution !== creditorId) return nothing(404, 'unknown financialInstitutionID');
  if (customer === undefined) {
    const page = new URLSearchParams(query).get('page') ?? '0';
    return /^\d{1,9}$/.test(page)
      ? { about: 'all', page: Number(page) }
      : nothing(400, 'page must be a whole number from 0');
  }
  const nin = Nin.parse(request.headers['customerid'], 'synthetic');
  return nin instanceof Nin
    ? { about: 'one', nin: nin.reveal() }
    : nothing(400, 'the header customerID must be a synthetic national identity number');
}

interface Asked {
  readonly creditor: SandboxCreditor;
  readonly conduct: Conduct;
  readonly world: World;
}

type GoodQuestion = Exclude<Question, { about: 'nothing' }>;

function respond(response: ServerResponse, question: GoodQuestion, asked: Asked): void {
  const { conduct, world } = asked;
  const answer = (write: typeof goodAnswer): void => {
    write(question, asked).then(
      (body) => send(response, 200, body),
      () => refuse(response, 500, 'the answer could not be made'),
    );
  };
  switch (neverAnswers(question, asked) ? 'silent' : conduct.behaviour) {
    case 'normal':
      answer(goodAnswer);
      return;
    case 'slow': {
      const timer = setTimeout(() => answer(goodAnswer), world.slowMs);
      response.once('close', () => clearTimeout(timer));
      return;
    }
    case 'failing':
      refuse(response, 500, 'this creditor is told to fail');
      return;
    case 'silent':
      return;
    case 'nonsense':
      answer(nonsense);
      return;
  }
}

/** Whether this creditor is one of those that never answer for this person, whatever it is told to do. */
function neverAnswers(question: GoodQuestion, { creditor, world }: Asked): boolean {
  if (question.about === 'all') return false;
  return holdingsOf(question.nin, world.generated).some((held) => held.creditorId === creditor.id && !held.live);
}

function customerAnswer(nin: string, { creditor, world }: Asked) {
  const holding = holdingsOf(nin, world.generated).find((held) => held.creditorId === creditor.id);
  const loans = dated(holding?.loans ?? [], world.now());
  return wireCustomer(nin, creditor.id, world.pushed.merged(creditor.id, nin, loans));
}

async function goodAnswer(question: GoodQuestion, asked: Asked): Promise<string> {
  const { creditor, world } = asked;
  if (question.about === 'one') return JSON.stringify(customerAnswer(question.nin, asked));
  return JSON.stringify(await world.batches.page(creditor, question.page, world.now()));
}

async function nonsense(question: GoodQuestion, asked: Asked): Promise<string> {
  const { creditor, conduct, world } = asked;
  const kind = nonsenses[conduct.nonsensesGiven % nonsenses.length] ?? 'broken JSON';
  conduct.nonsensesGiven += 1;
  if (question.about === 'one') {
    return spoiltCustomer(kind, customerAnswer(question.nin, asked), strangersTo(creditor.id, question.nin));
  }
  const batch = await world.batches.page(creditor, question.page, world.now());
  return spoiltBatch(kind, batch, creditor.id, strangersTo(creditor.id));
}

function strangersTo(creditorId: string, nin?: string): Strangers {
  const person = testPersons.find((person) => person.nin !== nin);
  const creditor = sandboxCreditors.find((creditor) => creditor.id !== creditorId);
  if (person === undefined || creditor === undefined) throw new Error('there is nobody else in the sandbox');
  return { nin: person.nin, creditorId: creditor.id };
}

function refuse(response: ServerResponse, status: number, reason: string): void {
  if (status === 405) response.setHeader('allow', 'GET');
  send(response, status, JSON.stringify({ error: reason }));
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

async function listen(server: Server, host: string): Promise<void> {
  server.listen(0, host);
  await once(server, 'listening');
}

function addressOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  return family === 'IPv6' ? `https://[${address}]:${port}` : `https://${address}:${port}`;
}

async function stop({ server, connections }: RunningCreditor): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  for (const connection of connections) connection.destroy();
  await closed;
}
