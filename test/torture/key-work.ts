import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { compactVerify, createLocalJWKSet, decodeProtectedHeader } from 'jose';
import { syntheticNinAt } from '../../sandbox/synthetic-nin.ts';
import { listCreditors } from '../../src/creditors/creditor-registry.ts';
import { holdingsOf } from '../../src/creditors/delivered-loans.ts';
import { acceptPush } from '../../src/delivery/accept.ts';
import { collectCreditor } from '../../src/delivery/collect-due.ts';
import { openSession } from '../../src/platform/db-session.ts';
import { syntheticNin } from '../support/bare-platform.ts';
import { card, customerText, objectText, pageText } from '../support/broken-deliveries.ts';
import { answerScreen, askAddress, callbacks, formOn, go, sentBack } from '../support/flow.ts';
import { sendJson, type Conduct } from '../support/delivery-world.ts';
import type { KeyNode } from '../support/key-nodes.ts';
import type { NodeProcess } from '../support/node-process.ts';
import { newVisitor, type Visitor } from '../support/visitor.ts';
import { API, agreement, bearer, clientOf, tokenFor, tokenRequest, type Answer } from '../support/world.ts';

/** Somebody whose creditors answer and deliver. */
export const OWING = '14842249091';
/** An institution that pushes all day. */
export const DELIVERING = '315601238';

export const numberOf = (place: number): string => syntheticNinAt(place, 12);

const PUSHED_PERSONS = 40;

/** A loan of somebody for whom is pushed, as it is delivered. */
const pushedLoan = (place: number, mark: number, timestamp: Date): string =>
  customerText(numberOf(900_000 + place), DELIVERING, [
    objectText(card, {
      accountID: JSON.stringify(`p-${place}`),
      timestamp: JSON.stringify(timestamp.toISOString()),
      interestBearingBalance: '0',
      nonInterestBearingBalance: String(mark),
    }),
  ]);

/** The collection of that institution: of all for whom is pushed, and older than any push. */
export const deliveryOfPushed: Conduct = (page, response) => {
  const yesterday = new Date(Date.now() - 20 * 3_600_000);
  const all = Array.from({ length: PUSHED_PERSONS }, (_, place) => pushedLoan(place, 0, yesterday));
  sendJson(response, pageText(`9908:${DELIVERING}`, page === 0 ? all : []));
};

/** What was acknowledged of a consent. */
interface Acknowledged {
  readonly id: string;
  readonly nin: string;
  revoked: boolean;
  looked: number;
}

/** All that goes on over two nodes and a third machine while keys are changed: people, organisations, creditors. */
export interface KeyWork {
  readonly consents: readonly Acknowledged[];
  /** What was pushed last for whom. */
  readonly pushed: ReadonlyMap<string, number>;
  readonly done: { flows: number; pages: number; pushes: number; collections: number; cut: number };
  /** What was answered otherwise than it should be. */
  readonly wrong: string[];
  busy(): boolean;
  /** Does something again and again, until all is done. */
  again(work: (turn: number) => Promise<void>): Promise<void>;
  /** Begins; resolves when everybody is signed in and has a token. */
  begin(): Promise<void>;
  /** One node is being killed or begins anew: what went on over it may end with it. */
  restarting(is: boolean): void;
  /** Ends, and waits until everybody has ended. */
  end(): Promise<void>;
  /** What is stored of the loan that was pushed for somebody. */
  marksOf(nin: string): Promise<readonly number[]>;
  /** Collects from all creditors. */
  collectAll(): Promise<void>;
  /** Whether those who were signed in before everything still are. */
  stillSignedIn(): Promise<boolean>;
}

/** `nodes`: as they are at each moment. `third`: where deliveries come to. */
export function keyWork(nodes: readonly [NodeProcess, NodeProcess], third: () => KeyNode): KeyWork {
  const anyNode = (): NodeProcess => nodes[randomInt(2) as 0 | 1];

  let busy = true;
  const wrong: string[] = [];

  /** Asks until it is answered as it should be, by whichever node; 503 and a cut connection are no answer. */
  async function insist(request: Parameters<NodeProcess['call']>[0], wanted: number): Promise<Answer> {
    for (let tries = 0; tries < 400; tries++) {
      const answer = await anyNode()
        .call(request)
        .catch(() => undefined);
      if (answer?.status === wanted) return answer;
      if (answer === undefined) done.cut += 1;
      else if (answer.status !== 503) {
        wrong.push(`${request.method} ${String(request.url)} ${answer.status} ${answer.text.slice(0, 200)}`);
        break;
      }
      await sleep(randomInt(20, 60));
    }
    throw new Error(`not served as it should be: ${wrong.join('; ')}`);
  }

  /** Goes on with something until all is done; what goes wrong is told at the end. */
  async function again(work: (turn: number) => Promise<void>): Promise<void> {
    for (let turn = 0; busy; turn++) {
      try {
        await work(turn);
      } catch (error) {
        wrong.push(String((error as Error).stack));
        busy = false;
      }
    }
  }

  /** What was acknowledged. */
  const consents: Acknowledged[] = [];
  const pushed = new Map<string, number>();
  const done: KeyWork['done'] = { flows: 0, pages: 0, pushes: 0, collections: 0, cut: 0 };
  let restarting = false;
  const working: Promise<void>[] = [];
  const browsers: Visitor[] = [];

  async function registering(writer: number, tokens: { agreement: string; debt: string }): Promise<void> {
    await again(async (turn) => {
      // Half of them are met for the first time, half of them by two writers at once.
      const nin = turn % 5 === 0 ? OWING : numberOf((turn % 2 === 0 ? 0 : writer * 100_000) + turn);
      const externalId = `keys-${writer}-${turn}`;
      const payload = agreement({ nin, client_consent_id: externalId });
      const put = { method: 'PUT', url: '/v1/consent/agreement', headers: bearer(tokens.agreement), payload } as const;
      const registered = await insist(put, 200);
      const consent = { id: registered.json.consent.id as string, nin, revoked: false, looked: 0 };
      consents.push(consent);
      const looked = await insist({ method: 'GET', url: `/v1/debt/${consent.id}`, headers: bearer(tokens.debt) }, 200);
      assert.equal(looked.json.ssn, nin);
      if (nin === OWING) assert.ok(looked.json.loans.length > 0);
      consent.looked += 1;
      if (turn % 3 === 0) {
        await insist({ method: 'DELETE', url: `/v1/debt/${consent.id}`, headers: bearer(tokens.debt) }, 204);
        consent.revoked = true;
      }
      await sleep(randomInt(20, 80));
    });
  }

  /** A browser that meets one node after the other, and another one when that is away. */
  const newBrowser = (): Visitor =>
    newVisitor(() => async (input, init) => {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input);
      for (let tries = 0; ; tries++) {
        try {
          const answer = await fetch(`http://localhost:${anyNode().port}${pathname}${search}`, init);
          if (answer.status !== 503 || tries > 200) return answer;
        } catch (error) {
          done.cut += 1;
          if (tries > 200) throw error;
        }
        await sleep(50);
      }
    });

  /** Signs in at the portal; answers whether that came through. What a killed node had in hand is gone. */
  async function signIn(browser: Visitor, nin: string): Promise<boolean> {
    const login = await go(browser, '/login?to=%2Fconsents');
    const { action, fields } = formOn(login, /^\/testid\/sign-in\//);
    const page = await go(browser, action, { ...fields, nin });
    return page.status === 200 && page.url.pathname === '/consents';
  }

  /** The portal of somebody who stays signed in all the time. */
  async function reading(browser: Visitor): Promise<void> {
    await again(async () => {
      const page = await browser.request(`${API}/consents`);
      assert.equal(page.status, 200, `signed out: ${page.status} ${page.next?.href ?? ''}`);
      done.pages += 1;
      await sleep(randomInt(30, 80));
    });
  }

  /** A whole consent in the browser, with an ID token that is checked by what the other node publishes. */
  async function asking(): Promise<void> {
    await again(async () => {
      const before = done.cut;
      const browser = newBrowser();
      try {
        const screen = await go(
          browser,
          askAddress({ scope: 'debt.unsecured.presentation openid', more: { nonce: 'n' } }),
        );
        const { code } = sentBack(await answerScreen(browser, screen, 'yes'));
        const { basic } = clientOf(1);
        const form = { grant_type: 'authorization_code', code: code ?? '', redirect_uri: callbacks[1] };
        const answer = await anyNode().call(tokenRequest(form, basic));
        assert.equal(answer.status, 200, answer.text);
        const { id_token: idToken } = answer.json as { id_token: string };
        const { json } = await insist({ method: 'GET', url: '/.well-known/jwks.json' }, 200);
        await compactVerify(idToken, createLocalJWKSet(json)).catch((error: unknown) => {
          throw new Error(`signed with ${decodeProtectedHeader(idToken).kid}: ${String(error)}`);
        });
        done.flows += 1;
      } catch (error) {
        // What went on over a node that was killed may have ended with it; a client begins anew.
        if (done.cut === before && !restarting) throw error;
      }
      await sleep(randomInt(10, 40));
    });
  }

  /** Pushes to the third machine, and reads there what was pushed. */
  async function pushing(): Promise<void> {
    await again(async (turn) => {
      const place = turn % PUSHED_PERSONS;
      const [nin, mark] = [numberOf(900_000 + place), turn + 1];
      const body = Buffer.from(pageText(`9908:${DELIVERING}`, [pushedLoan(place, mark, new Date())]));
      const { kind } = await acceptPush(third().platform, { organisation: DELIVERING, body });
      assert.equal(kind, 'stored');
      pushed.set(nin, mark);
      assert.deepEqual(await marksOf(nin), [mark]);
      done.pushes += 1;
      await sleep(randomInt(20, 60));
    });
  }

  async function marksOf(nin: string): Promise<readonly number[]> {
    const { db, vault } = third().platform;
    const holdings = await holdingsOf(db, vault, syntheticNin(nin), new Date(0));
    return holdings
      .filter(({ creditor }) => creditor.id === DELIVERING)
      .flatMap(({ delivered }) =>
        delivered().map((loan) => (loan.type === 'chargeCard' ? loan.nonInterestBearingBalance : -1)),
      );
  }

  async function collectAll(): Promise<void> {
    const session = await openSession({ ...third().platform.db.login(), applicationName: 'test', statementMs: 60_000 });
    try {
      for (const { id } of await listCreditors(third().platform.db)) {
        await collectCreditor(third().platform, session, id, {
          node: 'test',
          report: ({ outcome }) => {
            if (outcome.kind === 'applied') done.collections += 1;
            else wrong.push(`collecting: ${JSON.stringify(outcome)}`);
          },
        });
      }
    } finally {
      await session.close();
    }
  }

  return {
    consents,
    pushed,
    done,
    wrong,
    busy: () => busy,
    again,
    begin: async () => {
      const [one, two] = nodes;
      const tokens = { agreement: await tokenFor(one, 'agreement'), debt: await tokenFor(two, 'debt') };
      browsers.push(newBrowser(), newBrowser());
      for (const browser of browsers) assert.ok(await signIn(browser, OWING));
      working.push(
        ...[1, 2, 3].map((writer) => registering(writer, tokens)),
        ...browsers.map(reading),
        asking(),
        pushing(),
      );
    },
    restarting: (is) => {
      restarting = is;
    },
    end: async () => {
      busy = false;
      await Promise.all(working);
    },
    marksOf,
    collectAll,
    stillSignedIn: async () => {
      const pages = await Promise.all(browsers.map((browser) => browser.request(`${API}/consents`)));
      return pages.every(({ status }) => status === 200);
    },
  };
}
