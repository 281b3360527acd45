import { apiScopes } from '../clients/audience.ts';
import type { Config } from '../platform/config.ts';
import { withAnswerHeaders } from './answer-headers.ts';
import { apiOf, curlSample } from './code-samples.ts';
import {
  callsOf,
  withCalls,
  type Call,
  type Description,
  type Examples,
  type Operation,
  type Security,
} from './description.ts';
import { readExamples, type Exchange } from './examples.ts';
import { hoistNamed } from './hoist.ts';
import { CODE_FLOW_TOKEN, tags, tokenOf } from './frame.ts';
import { oauthCalls } from './oauth-calls.ts';

/**
 * The whole description: what the routes' own schemas have made, and beside it the authorization server's calls, which token each call
 * takes, the headers that all answers have, what the sandbox answered, and samples. In the order of the groups.
 */
export function completeDescription(made: Description, config: Config): Description {
  const description = JSON.parse(JSON.stringify(made, withoutOurs)) as Description;
  const all = { ...description, paths: { ...oauthCalls(config), ...description.paths } };
  const secured = withCalls(inOrder(all), (call) =>
    withAnswerHeaders({ ...call.operation, security: securityOf(call) }),
  );
  return completeCalls(secured, config, curlSample);
}

/** A call as lines for a shell, made from an exchange; undefined: there is no sense in that. */
type Sample = (call: Call, exchange: Exchange, config: Config) => string | undefined;

/** A description with what the sandbox answered to its calls, and with samples. */
export function completeCalls(description: Description, config: Config, sample: Sample): Description {
  const examples = readExamples(config);
  const hoisted = hoistNamed(description);
  const completed = withCalls(hoisted, (call) => {
    const own = examples.filter(({ operationId }) => operationId === call.operation.operationId);
    const shown = own.find(({ answer }) => answer.status < 400);
    const source = shown === undefined ? undefined : sample(call, shown, config);
    return {
      ...withExamples(call.operation, own),
      ...(source === undefined ? {} : { 'x-codeSamples': [{ lang: 'shell', label: 'curl', source }] }),
    };
  });
  return { ...completed, ...withMessages(hoisted.webhooks, examples) };
}

/** The messages that we send, by their types, with what the sandbox sent. */
function withMessages(
  webhooks: Description['webhooks'],
  examples: readonly Exchange[],
): Pick<Description, 'webhooks'> | Record<string, never> {
  if (webhooks === undefined) return {};
  const messages = Object.entries(webhooks).map(([type, { post }]) => {
    const own = examples.filter(({ operationId }) => operationId === type);
    return [type, post === undefined ? {} : { post: withExamples(post, own) }];
  });
  return { webhooks: Object.fromEntries(messages) };
}

/** Leaves out what schemas say to our own error messages. */
const withoutOurs = (key: string, value: unknown): unknown => (key === 'x-says' ? undefined : value);

function inOrder(description: Description): Description {
  const place = ({ operation }: Call): number => tags.findIndex(({ name }) => name === operation.tags[0]);
  const calls = callsOf(description).toSorted((a, b) => place(a) - place(b));
  const paths = Object.fromEntries(calls.map(({ path }) => [path, description.paths[path] ?? {}]));
  return { ...description, paths };
}

/** Which tokens a call takes: of its API, with the scopes that it asks for; debt also by the token of a person's yes. */
function securityOf({ path, operation }: Call): Security {
  if (operation.security !== undefined) return operation.security;
  const api = apiOf(path);
  if (api === undefined) return [];
  if (api !== 'debt') return [{ [tokenOf[api]]: apiScopes[api] }];
  // One of the scopes: that of the consent.
  const alternatives = apiScopes.debt.flatMap((scope) => [
    ...(path === '/v1/debt' ? [] : [{ [tokenOf.debt]: [scope] }]),
    { [CODE_FLOW_TOKEN]: [scope] },
  ]);
  return alternatives;
}

function withExamples(operation: Operation, exchanges: readonly Exchange[]): Operation {
  if (exchanges.length === 0) return operation;
  const [first] = exchanges.filter(({ answer }) => answer.status < 400);
  const parameters = operation.parameters?.map((parameter) => {
    const value = first?.request.parameters?.[parameter.name];
    return value === undefined ? parameter : { ...parameter, examples: { [first?.name ?? '']: { value } } };
  });
  const bodies = toExamples(
    exchanges.filter(({ request }) => request.body !== undefined),
    ({ request }) => request.body,
  );
  const responses = Object.entries(operation.responses).map(([status, response]) => {
    const of = exchanges.filter(({ answer }) => String(answer.status) === status && answer.body !== undefined);
    return [
      status,
      {
        ...response,
        ...withContent(
          response.content,
          toExamples(of, ({ answer }) => answer.body),
        ),
      },
    ];
  });
  return {
    ...operation,
    ...(parameters === undefined ? {} : { parameters }),
    ...(operation.requestBody === undefined
      ? {}
      : { requestBody: { ...operation.requestBody, ...withContent(operation.requestBody.content, bodies) } }),
    responses: Object.fromEntries(responses),
  };
}

const toExamples = (exchanges: readonly Exchange[], valueOf: (exchange: Exchange) => unknown): Examples =>
  Object.fromEntries(
    exchanges.map((exchange) => [exchange.name, { summary: exchange.summary, value: valueOf(exchange) }]),
  );

function withContent<Content extends Readonly<Record<string, object>>>(
  content: Content | undefined,
  examples: Examples,
): { content: Content } | Record<string, never> {
  if (content === undefined) return {};
  const filled = Object.entries(content).map(([type, media]) => [
    type,
    Object.keys(examples).length === 0 ? media : { ...media, examples },
  ]);
  return { content: Object.fromEntries(filled) as Content };
}
