import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { callbacks } from '../support/flow.ts';
import { API, clientOf, type Json } from '../support/world.ts';
import { mutation } from './support/any-mutation.ts';
import { draftAt, forms, pageParameters, pages, placeAt, routesOf, type Arrival, type Place } from './support/forms.ts';
import { families, inAddress } from './support/hostile.ts';
import { openHouse, type House } from './support/house.ts';
import { faultsOf } from './support/judge.ts';
import { mutate, type Mutation } from './support/mutations.ts';
import { readOperations } from './support/operations.ts';
import { render, type Draft, type Rendered } from './support/request.ts';
import { fuzzSeed, fuzzTimes, holds } from './support/rounds.ts';
import { requestText, type WireAnswer } from './support/wire.ts';

/** Pages and forms, met by somebody who sends what no page of ours would make a browser send. */

let house: House;
let places: readonly Place[];
before(async () => {
  house = await openHouse();
  // Everything that answers GET is asked for, whatever it is; the calls of the documents have a file of their own.
  const known = new Set([...forms, ...pages].map(({ name }) => name));
  const others = routesOf(house.world).filter(
    (route) => route.startsWith('GET ') && !known.has(route) && !described(route),
  );
  places = [...forms, ...pages, ...others.map((route) => placeAt(route.slice('GET '.length)))];
});
after(() => house.close());

const documented = new Set(readOperations().operations.map(({ name }) => name.replaceAll(/\{(\w+)\}/g, ':$1')));
const described = (route: string): boolean => documented.has(route);

/** Where a browser may be sent: here, or to where a client of the sandbox has said. */
const origins = new Set([API, ...Object.values(callbacks).map((address) => new URL(address).origin)]);

/** Asks for a page, and holds the answer against everything that is always so. */
async function ask({ bytes, method, target }: Rendered): Promise<WireAnswer> {
  const answer = await house.ask('main', bytes, method);
  const faults = faultsOf({ method, target, sent: bytes.toString('utf8'), answer }, new Set());
  const location = answer.headers.get('location')?.[0];
  if (location !== undefined && !isOurs(location)) faults.push(`it leads to ${location}`);
  if (answer.headers.get('content-type')?.[0]?.startsWith('text/html') === true) {
    for (const [, address = ''] of answer.body.matchAll(/\s(?:href|action|src)="([^"]*)"/g)) {
      if (!mayStandThere(address.replaceAll('&amp;', '&'))) faults.push(`a page leads to ${address}`);
    }
  }
  assert.deepEqual(faults, [], `${method} ${target.slice(0, 300)}\n${answer.head}\n${answer.body.slice(0, 300)}`);
  return answer;
}

const isOurs = (address: string): boolean => {
  const url = URL.parse(address, API);
  return url !== null && origins.has(url.origin) && url.username === '';
};
/** Links to who runs this, to the law and to those who owe an answer are written by us. */
const mayStandThere = (address: string): boolean =>
  isOurs(address) || (/^(https|mailto|tel|data):/.test(address) && !/evil|^data:text/.test(address));

test('E2: every route for forms is met by a form that somebody has in front of them', () => {
  const posts = routesOf(house.world).filter((route) => route.startsWith('POST ') && !described(route));
  const known = new Set(forms.map(({ name }) => name));
  assert.deepEqual(
    posts.filter((route) => !known.has(route)),
    [],
    'a new form is added to test/fuzz/support/forms.ts',
  );
  assert.deepEqual(
    [...known].filter((route) => !posts.includes(route)),
    [],
  );
});

/** What people have come to, until it is used up. */
const arrivals = new Map<string, Arrival>();
async function arrivalAt(place: Place): Promise<Arrival> {
  const arrival = arrivals.get(place.name) ?? (await place.arrive(house.world));
  arrivals.set(place.name, arrival);
  return arrival;
}

/** Whether a form comes with its proof, once, as the page has it. */
const hasProof = ({ body }: Draft, { fields }: Arrival): boolean => {
  if (body?.kind !== 'form') return false;
  const sent = body.fields.filter(([name]) => name === 'csrf');
  return fields['csrf'] !== undefined && sent.length === 1 && sent[0]?.[1] === fields['csrf'];
};

test('E2: every page and form answers what its browser would send, before anything is done to that', async () => {
  for (const place of places) {
    // It moves the time that others are about.
    if (place.name.endsWith('clock')) continue;
    const answer = await ask(render(draftAt(await arrivalAt(place))));
    assert.ok(
      answer.status < 400 || /callback|testid|:uid|\/userinfo|collect|sandbox\/creditors|frontchannel/.test(place.name),
      `${place.name}: ${answer.head}`,
    );
    if (place.name.startsWith('POST')) arrivals.delete(place.name);
  }
});

interface Case {
  readonly place: number;
  readonly changes: readonly Mutation[];
}

test('E1, E2: whatever is sent to a page or form is answered by a page or a way on to ours, and changes nothing without its proof', async () => {
  const cases: fc.Arbitrary<Case> = fc.record({
    place: fc.nat({ max: places.length - 1 }),
    changes: fc.array(mutation, { minLength: 1, maxLength: 4 }),
  });
  let known: Json;
  const property = async ({ place: at, changes }: Case): Promise<void> => {
    const place = places[at] ?? assert.fail('there is such a place');
    if (!arrivals.has(place.name)) known = undefined;
    const arrival = await arrivalAt(place);
    const draft = draftAt(arrival);
    for (const change of changes) mutate(draft, change, { parameters: pageParameters, body: undefined });
    known ??= await house.kept();
    const answer = await ask(render(draft));
    const isPost = draft.method === 'POST';
    if (answer.status >= 400 || (isPost && !hasProof(draft, arrival) && arrival.fields['csrf'] !== undefined)) {
      assert.deepEqual(await house.kept(), known, `${place.name}: ${answer.status} and yet something has changed`);
    }
    if (answer.status < 400) {
      known = undefined;
      // A lookup of one's own is logged; a form that was taken is used up; a login may lead on.
      if (isPost || /auth|testid|done/.test(place.name)) arrivals.delete(place.name);
    }
  };
  await holds('pages and forms', cases, property, { runs: 2_000, seconds: 6 });
});

test('A8: nobody is ever sent to another address than the registered one, however like that it looks', async () => {
  // All addresses that look alike, and of the other families another part each time.
  const others = [...families.unicode, ...families.headers, ...families.prototype, ...families.sql].filter(
    (text) => text.length < 1_000,
  );
  // All that look like an address of ours; of the others another part each time.
  const texts = [
    ...families.addresses,
    ...fc.sample(fc.constantFrom(...others), { numRuns: 20 * fuzzTimes, seed: fuzzSeed }),
  ];
  const before = await house.kept();
  const asked = (
    text: string,
    how: 'once' | 'twice',
    more: Record<string, string> = {},
  ): [string, string, readonly number[]][] => {
    const said = inAddress(text, how);
    const query = (parameters: Record<string, string>): string =>
      Object.entries({
        client_id: clientOf(1).id,
        response_type: 'code',
        scope: 'debt.unsecured.presentation',
        state: 's',
        ...parameters,
        ...more,
      })
        .map(([name, value]) => `${name}=${value}`)
        .join('&');
    const good = encodeURIComponent(callbacks[1]);
    return [
      ['redirect_uri', `/oauth2/auth?${query({ redirect_uri: said })}`, [400]],
      ['client_id', `/oauth2/auth?${query({ redirect_uri: good, client_id: said })}`, [400]],
      ['redirect_uri twice', `/oauth2/auth?${query({ redirect_uri: `${good}&redirect_uri=${said}` })}`, [400]],
      ['request_uri', `/oauth2/auth?${query({ redirect_uri: good, request_uri: said })}`, [303, 400]],
      ['state', `/oauth2/auth?${query({ redirect_uri: good, state: said, scope: 'none' })}`, [303, 400]],
      [
        'post_logout_redirect_uri',
        `/oauth2/sessions/logout?client_id=${clientOf(1).id}&post_logout_redirect_uri=${said}`,
        [303, 400],
      ],
      [
        'a hint of who it was',
        `/oauth2/sessions/logout?id_token_hint=${said}&post_logout_redirect_uri=${good}`,
        [303, 400],
      ],
      ['to', `/login?to=${said}`, [303]],
      ['to, on the front page', `/?to=${said}&login=failed`, [200]],
      ['a sign-out', `/login/frontchannel-logout?iss=${said}&sid=${said}`, [200, 400]],
      ['a way back from the login', `/login/callback?code=${said}&state=${said}&iss=${said}`, [400, 403]],
    ];
  };
  for (const text of texts) {
    for (const [name, target, statuses] of [
      ...asked(text, 'once'),
      ...(text.includes('%') ? asked(text, 'twice') : []),
    ]) {
      const bytes = requestText(`GET ${target} HTTP/1.1`, [['Accept', 'text/html']]);
      const answer = await ask({ bytes, method: 'GET', target, body: undefined });
      assert.ok(statuses.includes(answer.status), `${name} ${JSON.stringify(text)}: ${answer.head}`);
      const location = answer.headers.get('location')?.[0] ?? '';
      if (name === 'to') assert.match(location, new RegExp(`^${API}/testid/auth\\?`));
    }
  }
  const led = await house.world.inspect(
    "select distinct return_to from login_attempt where return_to !~ '^/(consents|accesses|help|privacy|accessibility|interaction/[^/?]+)?([?]|$)'",
  );
  assert.deepEqual(led, []);
  assert.deepEqual(await house.kept(), before);
});
