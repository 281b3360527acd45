import { Type } from 'typebox';

/** The errors of each API as its description tells them; how they are made is in the presenters. */

const DebtError = Type.Object(
  {
    error: Type.String(),
    error_description: Type.Optional(Type.String()),
    timestamp: Type.String({ format: 'date-time' }),
    trace_id: Type.String({ description: 'The X-Trace-ID of the request, if it sent one' }),
  },
  { title: 'DebtError' },
);

const AgreementError = Type.Object(
  {
    status: Type.Integer(),
    timestamp: Type.String({ format: 'date-time' }),
    path: Type.String(),
    error: Type.String(),
    message: Type.String(),
    requestId: Type.String(),
  },
  { title: 'AgreementError' },
);

/** The headers that all answers have are told in one place, `src/docs/answer-headers.ts`. */
const answers = (schema: object, descriptions: Readonly<Record<number, string>>) =>
  Object.fromEntries(
    Object.entries(descriptions).map(([status, description]) => [
      status,
      { description, content: { 'application/json': { schema } } },
    ]),
  );

const emptyUnauthorized = Type.Null({ description: 'No or an invalid access token; the body is empty' });

const always = {
  429: 'Too many requests of this client',
  500: 'Our fault; a retry may help',
  503: 'The database is away, or this node is closing; try again',
};

/** Of the debt API (D4). */
export const debtErrors = answers(DebtError, {
  400: 'No Authorization header, or an id that is no UUID',
  403: 'A token or consent that is not good for this',
  ...always,
});

/** Of the agreement API (G5). 401 has an empty body. */
export const agreementErrors = {
  401: emptyUnauthorized,
  ...answers(AgreementError, {
    400: 'The request is malformed; the message names the field',
    403: 'A token without this audience or scope, or a client without this purpose',
    409: 'client_consent_id is registered with other data',
    413: 'The body is larger than 64 KiB',
    415: 'The body is not JSON',
    ...always,
  }),
};

/** Of the feed's first and last number. */
export const feedNumberErrors = {
  401: emptyUnauthorized,
  ...answers(AgreementError, { 403: 'A token without this audience or scope', ...always }),
};

/** Of the webhooks of a client: of one, of adding one, of changing one. */
export const webhookErrors = {
  ...feedNumberErrors,
  ...answers(AgreementError, { 404: 'You have no webhook of this id' }),
};
const bodyErrors = answers(AgreementError, {
  400: 'The request is malformed; the message names the field',
  413: 'The body is larger than 64 KiB',
  415: 'The body is not JSON',
});
export const webhookAddErrors = {
  ...feedNumberErrors,
  ...bodyErrors,
  ...answers(AgreementError, { 409: 'You have as many webhooks as there may be' }),
};
export const webhookChangeErrors = {
  ...webhookErrors,
  ...bodyErrors,
  ...answers(AgreementError, { 409: 'The operator has disabled it' }),
};
export const webhookRotateErrors = { ...webhookErrors, ...bodyErrors };

/** Of the feed (F5). */
export const feedErrors = {
  ...feedNumberErrors,
  ...answers(AgreementError, { 400: 'A parameter is missing or malformed; the message names it' }),
};
