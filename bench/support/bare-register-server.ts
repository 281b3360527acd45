import { REGISTER } from '../../src/consent/store.ts';
import { bodyOf, listenBare, openBareDatabase, type BareTold } from './bare-http.ts';
import { keptPerson, registerValues, syntheticNins, type KeptPerson } from './register-values.ts';
import { serve } from './served.ts';

/**
 * The baseline of registering a consent: the one statement of a node for each request, over a pool of as many connections. It checks
 * neither token nor number, and encrypts nothing: what is kept of each person it has ready.
 */
const open = async (told: BareTold & { clientId: string }): Promise<string> => {
  const database = await openBareDatabase(told.databaseUrl, 'pool');
  const persons = new Map(syntheticNins().map((nin) => [nin, keptPerson(nin)]));
  return listenBare(told.headers, async (request) => {
    const body = JSON.parse(await bodyOf(request)) as Record<string, string>;
    const { nin = '', client_consent_id: externalId = '', scope_of_consent } = body;
    const { id, expiresAt, values } = registerValues(told.clientId, persons.get(nin) as KeptPerson, externalId);
    const [row] = await database.query(REGISTER, values);
    // Counts come as text here.
    if (Number(row?.['made']) !== 1) throw new Error('nothing was registered');
    const consent = { id, expires_at: expiresAt.toISOString(), scope_of_consent };
    return JSON.stringify({ client_consent_id: externalId, consent });
  });
};

export type OpenBareRegister = typeof open;
serve(open);
