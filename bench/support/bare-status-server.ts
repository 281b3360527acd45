import { sha256 } from '../../src/platform/crypto.ts';
import { FIND_WITH_CALLER } from '../../src/consent/store.ts';
import { listenBare, openBareDatabase, type BareTold } from './bare-http.ts';
import { serve } from './served.ts';

/** The baseline of status by id: the statement that a node runs, and the answer that it gives; nothing is checked but what the statement says. */
const open = async (told: BareTold): Promise<string> => {
  const database = await openBareDatabase(told.databaseUrl, told.connection);
  return listenBare(told.headers, async ({ url = '', headers: { authorization = '' } }) => {
    const id = url.slice('/v1/debt/'.length, -'/status'.length);
    const values = [sha256(authorization.slice('Bearer '.length)), new Date(), id];
    const [row] = await database.query(FIND_WITH_CALLER, values);
    const expiresAt = row?.['expires_at'] as Date;
    const active = row?.['archived_at'] === null && expiresAt.getTime() > Date.now();
    return JSON.stringify({ active, expires_at: Math.floor(expiresAt.getTime() / 1000) });
  });
};

export type OpenBareStatus = typeof open;
serve(open);
