import { API, bearer, tokenFor, type Answer, type World } from './world.ts';
import { formOn, wordsOf } from './flow.ts';
import type { Visited, Visitor } from './visitor.ts';

/** A page's words, with ordinary spaces. */
export const said = (page: Visited): string => wordsOf(page.text).replaceAll('\u00A0', ' ');

/** One page of the portal, nothing followed. */
export const get = (visitor: Visitor, address: string): Promise<Visited> => visitor.request(new URL(address, API));

/** Sends a form to the portal, nothing followed. */
export const post = (visitor: Visitor, address: string, form: Record<string, string>): Promise<Visited> =>
  visitor.request(new URL(address, API), form);

/** What proves that a form comes from a page of this visitor's login. */
export const csrfOf = async (visitor: Visitor): Promise<string> =>
  formOn(await get(visitor, '/help'), /\/logout$/).fields['csrf'] ?? '';

/** A lookup of the first client with a consent. */
export const lookUp = async (world: Pick<World, 'call'>, consentId: string): Promise<Answer> =>
  world.call({ method: 'GET', url: `/v1/debt/${consentId}`, headers: bearer(await tokenFor(world, 'debt')) });
