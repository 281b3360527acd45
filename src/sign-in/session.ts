const MINUTE_MS = 60_000;

/** A session that nobody used for so long has ended. */
export const IDLE_MS = 30 * MINUTE_MS;

/** A session has ended so long after the login, however much it is used. */
export const ABSOLUTE_MS = 120 * MINUTE_MS;

/** So long may a login at the provider take. */
export const LOGIN_MS = 30 * MINUTE_MS;

interface Times {
  readonly signedInAt: Date;
  readonly lastSeenAt: Date;
}

/** Whether a session is alive at an instant; at the very instant of a limit it is not. */
export const isAlive = (session: Times, now: Date): boolean =>
  now.getTime() < session.lastSeenAt.getTime() + IDLE_MS && now.getTime() < session.signedInAt.getTime() + ABSOLUTE_MS;

/** Whether it is worth writing down that a session was used: at most once a minute, so it may end that much before its time. */
export const isWorthNoting = (session: Times, now: Date): boolean =>
  now.getTime() >= session.lastSeenAt.getTime() + MINUTE_MS;

/** Whose address a login belongs to: the portal's, or that of the authorization server, where consent requests are answered. */
export const faceOf = (usedFor: string, urls: { readonly portalUrl: string; readonly accessUrl: string }): string =>
  usedFor === 'portal' ? urls.portalUrl : urls.accessUrl;

/** `__Host-` binds a cookie to this host and to https; browsers refuse it elsewhere, as on a sandbox's http. */
const cookieName = (name: string, face: string): string => (face.startsWith('https:') ? `__Host-${name}` : name);

/** The cookie of a session: one for the portal, one for each consent request (the random end of its id), so that one does not sign in for another. */
export const sessionCookie = (usedFor: string, face: string): string =>
  cookieName(usedFor === 'portal' ? 'samtykke' : `samtykke-${usedFor.slice(-12)}`, face);

/** The cookie that a browser has while it logs in; windows beside each other share it. */
export const loginCookie = (face: string): string => cookieName('samtykke-login', face);

/**
 * Whether a text is a path of ours that a browser may be sent to, in signs that an address has. Browsers take a backslash for a slash, and
 * leave out control characters: either could make another host of what begins like a path.
 */
export const isOwnPath = (text: string): boolean => /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(text);

/** The path with what became of the login added to its query. */
export function withOutcome(path: string, outcome: 'cancelled' | 'failed'): string {
  const [before = '', fragment] = path.split('#', 2);
  const joined = `${before}${before.includes('?') ? '&' : '?'}login=${outcome}`;
  return fragment === undefined ? joined : `${joined}#${fragment}`;
}

/** For whom number and ID token of a session are sealed (`vault.seal`): for its row alone. */
export const sealedFor = (sessionId: Buffer): string => `session ${sessionId.toString('hex')}`;
