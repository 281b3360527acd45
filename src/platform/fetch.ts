import { isInsideTransaction } from './db.ts';

/**
 * The `fetch` that libraries of ours speak with. Redirects are not followed: the answer is then the redirect itself. Refuses inside a
 * database transaction, as the HTTP client does. Whoever calls it brings a time limit (`signal`).
 */
export const outgoingFetch: typeof fetch = async (input, init) => {
  if (isInsideTransaction()) throw new Error('no HTTP call may be made while a database transaction is open');
  return fetch(input, { ...init, redirect: 'manual' });
};
