import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import type { Json } from '../support/world.ts';
import { mutation } from './support/any-mutation.ts';
import { faultsOf } from './support/judge.ts';
import { openHouse, type House } from './support/house.ts';
import { mutate, type Mutation } from './support/mutations.ts';
import { readOperations, type Operation } from './support/operations.ts';
import { render, type Rendered } from './support/request.ts';
import { holds } from './support/rounds.ts';
import { doorOf, seedsFor, type Seeds } from './support/seeds.ts';
import type { WireAnswer } from './support/wire.ts';

/** Every call of the documents, asked well, and then in ways that nobody has thought of. */

const documents = readOperations();
const { operations } = documents;
let house: House;
let seeds: Seeds;
before(async () => {
  house = await openHouse();
  seeds = seedsFor(house, documents);
});
after(() => house.close());

/** Asks, and holds the answer against everything that is always so. */
async function ask(operation: Operation, { bytes, method, target }: Rendered): Promise<WireAnswer> {
  const door = doorOf(operation);
  const answer = await house.ask(door, bytes, method);
  // Creditors' own servers are others' to describe: the sandbox's stand for them.
  const faults =
    door === 'creditor'
      ? answer.status >= 500
        ? [`${answer.status} is ours to avoid`]
        : []
      : faultsOf({ method, target, sent: bytes.toString('utf8'), answer }, seeds.tokens, { push: door === 'push' });
  assert.deepEqual(faults, [], `${method} ${target.slice(0, 300)}\n${answer.head}\n${answer.body.slice(0, 500)}`);
  return answer;
}

const reached = new Set<string>();

test('E2: every call of the documents is reached by a good request made from what they show', async () => {
  for (const operation of operations) {
    const examples = Math.max(1, operation.body?.examples.length ?? 1);
    const refused: string[] = [];
    for (let example = 0; example < examples && !reached.has(operation.name); example += 1) {
      const rendered = render(await seeds.draft(operation, example));
      const answer = await ask(operation, rendered);
      await seeds.answered(operation, rendered.method, answer.status, answer.body);
      if (!operation.isGood(answer.status)) {
        refused.push(`${answer.status} ${answer.body.slice(0, 300)}`);
        continue;
      }
      seeds.prefer(operation, example);
      reached.add(operation.name);
    }
    assert.ok(reached.has(operation.name), `${operation.name} is not reached: ${refused.join('\n')}`);
  }
});

const ajv = new Ajv2020({ strict: false, validateFormats: false });
const validators = new Map(
  operations.flatMap(({ name, body }) => (body?.kind === 'json' ? [[name, ajv.compile(body.schema as object)]] : [])),
);

/** Whether a body breaks what the document says of it. */
function breaksDocument({ name }: Operation, body: Buffer | undefined): boolean {
  const validate = validators.get(name);
  if (validate === undefined || body === undefined) return false;
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    return body.length > 0;
  }
  return !validate(value);
}

interface Case {
  readonly call: number;
  readonly changes: readonly Mutation[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  call: fc.nat({ max: operations.length - 1 }),
  changes: fc.array(mutation, { minLength: 1, maxLength: 4 }),
});

test('E1, E2: whatever is done to a good request is answered in the words of its API, and what is refused changes nothing', async () => {
  assert.equal(reached.size, operations.length, 'every call has been reached before it is changed');
  let known: Json;
  const fuzz = async ({ call, changes }: Case): Promise<void> => {
    const operation = operations[call] ?? assert.fail('there is such a call');
    const { made } = seeds;
    const draft = await seeds.draft(operation);
    if (known === undefined || seeds.made !== made) known = await house.kept();
    for (const change of changes) mutate(draft, change, operation);
    // A wait is not what this is about.
    draft.query = draft.query.map(([name, value]) =>
      name === 'waitSeconds' && /^\d+$/.test(value) ? [name, '0'] : [name, value],
    );
    const rendered = render(draft);
    const answer = await ask(operation, rendered);
    if (answer.status >= 400) {
      assert.deepEqual(await house.kept(), known, `${answer.status} and yet something has changed`);
    } else {
      known = undefined;
      const isItself = draft.method === operation.method && draft.path === operation.path;
      const breaks = isItself && !rendered.bytes.includes('gzip') && breaksDocument(operation, rendered.body);
      assert.ok(
        !breaks,
        `${answer.status} for what the document calls wrong: ${rendered.body?.toString().slice(0, 300)}`,
      );
      await seeds.answered(operation, draft.method, answer.status, answer.body);
    }
  };
  await holds('calls', cases, fuzz, { runs: 3_000, seconds: 10 });
});
