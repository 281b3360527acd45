import type { DomainError } from '../errors/domain-error.ts';
import type { ErrorContext, PresentedError } from '../errors/presented.ts';
import type { Face } from './explanations.ts';

/** How each of the faces spells an error: the presenters of the floor plan. Pages are for people, and spell none. */
export type Presenters = Readonly<
  Record<Exclude<Face, 'pages'>, (error: DomainError, context: ErrorContext) => PresentedError>
>;

export const faceNames: Readonly<Record<Face, string>> = {
  agreement: 'Agreement API',
  debt: 'Debt API',
  feed: 'Consents Feed API and Webhooks API',
  tokens: 'Token, revocation and pushed requests',
  userinfo: '/userinfo',
  deliveries: 'Deliveries (POST /loans)',
  pages: 'Pages for people',
};

export const facePaths: Readonly<Record<Face, string>> = {
  agreement: '/v1/consent/agreement',
  debt: '/v1/debt/0193a2f4-6b1e-7c3d-9a10-5b2e8d41c7f0',
  feed: '/feed/v1/consent',
  tokens: '/oauth2/token',
  userinfo: '/userinfo',
  deliveries: '/loans',
  pages: '/',
};
