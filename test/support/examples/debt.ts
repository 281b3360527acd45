import { switchPermission } from '../../../src/consent/switch-permission.ts';
import { tokenFromFlow } from '../flow.ts';
import { agreement, bearer, clientOf, newConsent, tokenFor, type World } from '../world.ts';
import type { Show } from './recorder.ts';

/** The calls of the agreement API and of the debt API. */

export interface Consents {
  /** Good for 28 days. */
  readonly active: string;
  readonly debtToken: string;
}

export async function agreements(world: World, show: Show): Promise<Consents> {
  const token = await tokenFor(world, 'agreement');
  const debtToken = await tokenFor(world, 'debt');
  const put = (name: string, summary: string, json: unknown, bearerToken: string | undefined = token) =>
    show('registerConsent', name, summary, {
      method: 'PUT',
      path: '/v1/consent/agreement',
      json,
      ...(bearerToken === '' ? {} : { token: bearerToken }),
    });
  const application = agreement({ client_consent_id: 'loan-application-20261123-1' });
  const { json } = await put('application', 'An application for a loan: 28 days', application);
  await put('presentation', 'To show the debt: a year', {
    ...application,
    scope_of_consent: 'debt.unsecured.presentation',
    consent_duration_days: 365,
    client_consent_id: 'budget-app-4711',
  });
  await put('wrong-number', 'Control digits that are wrong', { ...application, nin: '14842249092' });
  await put('unknown-member', 'A member that is not described', { ...application, comment: 'x' });
  await put('no-token', 'Without a token', application, '');
  await put('wrong-token', 'A token for another API', application, debtToken);
  await put('same-id', 'The same id, for another person', { ...application, nin: '29868099311' });
  const other = { method: 'PUT', path: '/v1/consent/agreement', token } as const;
  await show('registerConsent', 'text', 'Text instead of JSON', {
    ...other,
    raw: { type: 'text/plain', body: 'nin' },
  });
  await show('registerConsent', 'too-large', 'A body of more than 64 KiB', {
    ...other,
    raw: { type: 'application/json', body: JSON.stringify({ nin: 'x'.repeat(70_000) }) },
  });
  const { platform } = world;
  const permission = { kind: 'client_purpose', clientId: clientOf(2).id, purpose: 'processing' } as const;
  const token2 = await tokenFor(world, 'agreement', { client: 2 });
  await switchPermission(platform, permission, false);
  await put('not-permitted', 'A purpose that the operator has switched off for the client', application, token2);
  await switchPermission(platform, permission, true);
  return { active: json.consent.id, debtToken };
}

export const DEBT = '/v1/debt/{id}';

export async function debt(world: World, show: Show, { active, debtToken }: Consents): Promise<void> {
  const look = (name: string, summary: string, id: string, token: string | undefined = debtToken) =>
    show('debtOfConsent', name, summary, { path: DEBT, id, ...(token === '' ? {} : { token }) });
  await look('all-answer', 'Six creditors, and all of them answer', active);
  const incomplete = await newConsent(world, { nin: '29868099311', client_consent_id: 'incomplete' });
  await look('some-missing', 'One creditor has delivered before, one never has', incomplete);
  const none = await newConsent(world, { nin: '07857193886', client_consent_id: 'without-debt' });
  await look('no-debt', 'Nothing is owed', none);
  const once = await world.call({
    method: 'GET',
    url: '/v1/debt',
    headers: bearer(await tokenFromFlow(world, { scope: 'debt.unsecured.processing', nin: '07857193886' })),
  });
  await look('used', 'A consent that was good once', once.json.consent.id);
  await look('unknown', 'A consent that you do not have', '0193a2f4-6b1e-7c3d-9a10-5b2e8d41c7f0');
  await look('not-an-id', 'Your own id instead of ours', 'budget-app-4711');
  await look('no-token', 'Without a token', active, '');
  await look('wrong-token', 'A token that is not good', active, 'not-a-token');
  await look('other-api', 'A token for another API', active, await tokenFor(world, 'events'));
  const ofToken = { path: '/v1/debt' } as const;
  const token = await tokenFromFlow(world, { scope: 'debt.unsecured.presentation.30', nin: '48918391250' });
  await show('debtOfToken', 'thirty-days', 'Of the person who has just said yes', { ...ofToken, token });
  await show('debtOfToken', 'no-token', 'Without a token', ofToken);
  await show('debtOfToken', 'no-consent', 'A token of client credentials', { ...ofToken, token: debtToken });
}

export async function statusAndRevocation(
  world: World,
  show: Show,
  { active, debtToken: token }: Consents,
): Promise<void> {
  const status = (name: string, summary: string, id: string) =>
    show('consentStatus', name, summary, { path: `${DEBT}/status`, id, token });
  const revoke = (name: string, summary: string, id: string, more: { token?: string } = { token }) =>
    show('revokeConsent', name, summary, { method: 'DELETE', path: DEBT, id, ...more });
  await status('active', 'It is good', active);
  await revoke('active', 'One that is good', active);
  await revoke('again', 'The same once more', active);
  await status('ended', 'It has ended', active);
  await status('unknown', 'One that you do not have', '0193a2f4-6b1e-7c3d-9a10-5b2e8d41c7f0');
  await show('debtOfConsent', 'revoked', 'A consent that has been withdrawn', { path: DEBT, id: active, token });
  await status('not-an-id', 'Your own id instead of ours', 'budget-app-4711');
  await revoke('not-an-id', 'Your own id instead of ours', 'budget-app-4711');
  await show('consentStatus', 'wrong-token', 'A token that is not good', {
    path: `${DEBT}/status`,
    id: active,
    token: 'not-a-token',
  });
  const short = await newConsent(world, { consent_duration_days: 1, client_consent_id: 'one-day' });
  const offset = world.clock.offsetSeconds();
  world.clock.setOffsetSeconds(offset + 86_400);
  await show('debtOfConsent', 'expired', 'A consent whose time is over', { path: DEBT, id: short, token });
  await revoke('expired', 'One whose time is over', short);
  world.clock.setOffsetSeconds(offset);
}
