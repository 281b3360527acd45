import type { Config } from '../platform/config.ts';
import { deliveryRuleSentence, deliveryRules } from '../delivery/delivery-rules.ts';
import { completeCalls } from './complete.ts';
import type { Call, Description, JsonSchema, Parameter, Response } from './description.ts';
import type { Exchange } from './examples.ts';
import { json } from './oauth-answers.ts';

/** The groups of the calls. */
const tags = [
  {
    name: 'What you answer',
    description:
      'Two calls that a creditor, or the data centre that delivers for it, answers. We show a client certificate of the organisation that runs this registry; you show a server certificate for your host. Redirects are not followed, and compressed answers are not read.',
  },
  {
    name: 'What you send',
    description:
      'What has changed since the last collection, as soon as it has. It is committed before it is answered, and is in the next lookup.',
  },
] as const;

/**
 * The description for those who run creditors' systems (OpenAPI 3.1): what we ask them, and what they may send us. Its answers are held against
 * the sandbox's creditors and against our own by tests.
 */
export function deliveriesDescription(config: Config): Description {
  const push = pushServer(config);
  const description: Description = {
    openapi: '3.1.0',
    info: {
      title: 'Samtykke: deliveries',
      version: 'v1',
      summary: 'What creditors deliver, and how',
      description: INTRODUCTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: push.url, description: push.description }],
    tags,
    components: { securitySchemes },
    security: [{ certificate: [] }],
    paths: {
      '/debt-information/v1/loans/{financialInstitutionID}/customer': {
        get: {
          operationId: 'getDataForSSN',
          summary: "One customer's loans, as they are now",
          description:
            'Asked while an organisation waits for the debt, by consent of the customer. Who has not answered within the deadline (three seconds in all, unless the operator has set another) counts as missing: what it last delivered is shown then. An answer that breaks a rule counts as none.',
          tags: [tags[0].name],
          servers: [YOURS],
          parameters: [
            INSTITUTION,
            {
              name: 'customerid',
              in: 'header',
              required: true,
              description: 'National identity number of the customer',
              schema: nin,
            },
            TRACE,
          ],
          responses: {
            200: json('The customer; an empty list, when there are no loans', customerOf({ complete: false })),
          },
        },
      },
      '/debt-information/v1/loans/{financialInstitutionID}': {
        get: {
          operationId: 'getalldata',
          summary: "All customers' loans, in pages",
          description:
            'Collected once a night. The number of customers on page 0 is the size of a page: a page with fewer of them, or none, is the last. The whole delivery takes the place of the one before, or, when anything in it is wrong, nothing of it does.',
          tags: [tags[0].name],
          servers: [YOURS],
          parameters: [
            INSTITUTION,
            {
              name: 'page',
              in: 'query',
              required: true,
              description: 'Which page, from 0',
              schema: { type: 'integer', minimum: 0 },
            },
            TRACE,
          ],
          responses: { 200: json('A page', deliveryOf({ complete: false })) },
        },
      },
      '/loans': {
        post: {
          operationId: 'pushUpdates',
          summary: 'Send what has changed',
          description:
            'Some customers of one provider, of one institution or several, each with some of their loans or all: what is not in it stays as it is. A loan whose amounts are all 0 is closed. All of it is taken, or nothing. What is older than what is there is left out, and counted as `ignored`. A body may have 1 MiB.',
          tags: [tags[1].name],
          requestBody: {
            required: true,
            content: { 'application/json': { schema: deliveryOf({ complete: true }) } },
          },
          responses: {
            200: json('It is stored', {
              type: 'object',
              required: ['customers', 'loans', 'ignored'],
              properties: {
                customers: { type: 'integer', minimum: 0 },
                loans: { type: 'integer', minimum: 0 },
                ignored: { type: 'integer', minimum: 0, description: 'Loans of which something newer was there' },
              },
            }),
            400: problem('A rule is broken: which, and where. Nothing is stored', {
              rule: { type: 'string', enum: deliveryRules, description: 'Which rule' },
              record: { type: ['integer', 'null'], description: 'Which customer of the body, from 0' },
              loan: { type: ['integer', 'null'], description: 'Which of its loans, from 0' },
            }),
            403: problem('The certificate is not good, or its organisation may not deliver this'),
            413: problem('The body is larger than 1 MiB'),
            415: problem('The body is not JSON, or is compressed'),
            503: problem('It cannot be done right now; try again'),
          },
        },
      },
    },
  };
  return completeCalls(description, config, pushSample);
}

function pushServer({ mode, pushPort, apiUrl }: Config): { url: string; description: string } {
  const { hostname } = new URL(apiUrl);
  const port = pushPort === undefined || pushPort === 0 ? '' : `:${pushPort}`;
  if (mode === 'sandbox') return { url: `https://${hostname}${port}`, description: 'The sandbox' };
  return { url: `https://${hostname}`, description: 'Ask the operator where deliveries are sent to' };
}

/** A push as lines for a shell, with certificates that every sandbox has made for itself. What others answer has none. */
function pushSample({ operation }: Call, { request }: Exchange, config: Config): string | undefined {
  if (operation.operationId !== 'pushUpdates') return undefined;
  const folder = config.mode === 'sandbox' ? '.data/certificates/' : '';
  const own = config.mode === 'sandbox' ? 'deliverers/318465711' : 'yours';
  return [
    `curl -s ${pushServer(config).url}/loans`,
    `--cacert ${folder}authority.pem`,
    `--cert ${folder}${own}.pem --key ${folder}${own}.key`,
    "-H 'Content-Type: application/json'",
    `-d '${JSON.stringify(request.body)}'`,
  ].join(' \\\n  ');
}

const YOURS = { url: 'https://your-host.example/base', description: 'The base URL that you are registered with' };

const INTRODUCTION = `
For those who run the systems of creditors. There are two ways, and a creditor needs the first: we **ask** (one customer while somebody waits, and
everything once a night); and you may **send** what changes in between.

Both are mutual TLS, 1.2 or newer. Organisations are known by the \`organizationIdentifier\` of their certificate (\`NTRNO-\` and the organisation
number). Who may deliver for which institution is in the operator's registry.

## Rules

JSON in UTF-8, without a key twice in one object, and with numbers that lose no digits. Amounts are whole øre, interest is hundredths of a per
cent. Members that are not described are left alone. One broken rule refuses all of a delivery; it is told with one of these names and with its
place, never with the data:

${deliveryRules.map((rule) => `- \`${rule}\`: the page, the customer or the loan ${deliveryRuleSentence(rule)}`).join('\n')}

The errors of \`POST /loans\` are problem details (RFC 9457): see [errors](/docs/errors).
`;

const securitySchemes = {
  certificate: {
    type: 'mutualTLS',
    description: "A client certificate of an organisation: yours when you send, the registry's when we ask.",
  },
};

const nin = { type: 'string', pattern: '^[0-9]{11}$' } as const;
const INSTITUTION: Parameter = {
  name: 'financialInstitutionID',
  in: 'path',
  required: true,
  description: 'Organisation number of the creditor',
  schema: { type: 'string', pattern: '^[0-9]{9}$' },
};
const TRACE: Parameter = {
  name: 'x-trace-id',
  in: 'header',
  description: 'Finds what we have in our log of this: write it into yours',
  schema: { type: 'string' },
};

const problem = (description: string, more: Readonly<Record<string, JsonSchema>> = {}): Response => ({
  description,
  content: {
    'application/problem+json': {
      schema: {
        ...(Object.keys(more).length === 0 ? { title: 'Problem' } : {}),
        type: 'object',
        required: ['type', 'title', 'status', 'detail', 'code', 'trace_id', ...Object.keys(more)],
        properties: {
          type: { type: 'string', format: 'uri', description: 'The page that explains it' },
          title: { type: 'string' },
          status: { type: 'integer' },
          detail: { type: 'string', description: 'What was wrong, and what to do: for people' },
          code: { type: 'string', description: 'Which error: decide by this' },
          trace_id: { type: 'string', description: 'Finds the log lines of this request' },
          ...more,
        },
      },
    },
  },
});

interface How {
  /** Of a push, `terms` and `installmentCharges` must be there. */
  readonly complete: boolean;
}

const deliveryOf = (how: How): JsonSchema => ({
  type: 'object',
  required: ['providerID', 'customers'],
  properties: {
    providerID: {
      type: 'string',
      description: 'Who delivers, in ISO 6523: `9908:` or `0192:` and the organisation number',
    },
    customers: { type: 'array', items: customerOf(how) },
  },
});

const customerOf = (how: How): JsonSchema => ({
  type: 'object',
  required: ['customerID', 'financialInstitutionID', 'loans'],
  properties: {
    customerID: { ...nin, description: 'National identity number' },
    financialInstitutionID: { type: 'string', description: 'Organisation number of the creditor' },
    loans: { type: 'array', items: { oneOf: [creditFacility(how), repaymentLoan(how), chargeCard] } },
  },
});

const amount = (description: string): JsonSchema => ({
  type: 'integer',
  minimum: 0,
  description: `${description} (øre)`,
});
const RATE: JsonSchema = {
  type: 'integer',
  minimum: 0,
  maximum: 2_147_483_647,
  description: 'Nominal interest, hundredths of a per cent',
};

const base = (type: string) => ({
  type: { type: 'string', const: type },
  accountID: {
    type: 'string',
    minLength: 1,
    maxLength: 200,
    description: 'The account, as you know it. It is told to nobody',
  },
  timestamp: {
    type: 'string',
    format: 'date-time',
    description: 'When the figures were drawn; now, when it is missing',
  },
  coBorrower: {
    type: 'integer',
    enum: [0, 1, 2],
    description: '0: no co-borrower, 1: is co-borrower, 2: has a co-borrower',
  },
});
const BASE = ['type', 'accountID', 'coBorrower'];
const charges = {
  installmentCharges: { ...amount('Instalment charges'), type: ['integer', 'null'] },
  installmentChargePeriod: {
    type: ['string', 'null'],
    enum: ['MONTHLY', 'QUARTERLY', 'HALF-YEARLY', 'YEARLY', null],
  },
};
const balances = {
  interestBearingBalance: amount('Balance that bears interest'),
  nonInterestBearingBalance: amount('Balance that does not bear interest'),
};

const loan = (
  title: string,
  required: readonly string[],
  properties: Readonly<Record<string, JsonSchema>>,
): JsonSchema => ({
  title,
  type: 'object',
  required: [...BASE, ...required],
  properties: { ...base(title), ...properties },
});

const creditFacility = ({ complete }: How): JsonSchema =>
  loan(
    'creditFacility',
    [
      'creditLimit',
      'interestBearingBalance',
      'nonInterestBearingBalance',
      'nominalInterestRate',
      ...(complete ? ['installmentCharges'] : []),
    ],
    { creditLimit: amount('Credit limit'), ...balances, nominalInterestRate: RATE, ...charges },
  );

const repaymentLoan = ({ complete }: How): JsonSchema =>
  loan(
    'repaymentLoan',
    ['originalBalance', 'balance', 'nominalInterestRate', ...(complete ? ['terms', 'installmentCharges'] : [])],
    {
      originalBalance: amount('Original amount'),
      balance: amount('Balance'),
      terms: { type: ['integer', 'null'], minimum: 0, description: 'Remaining terms, months' },
      nominalInterestRate: RATE,
      ...charges,
    },
  );

const chargeCard = loan('chargeCard', Object.keys(balances), balances);
