import { baseUrlFrom } from './address.ts';
import { isOrganisationNumber } from '../person/organisation-number.ts';
import { isCertificateName, organisationOf, providerFrom, type RegisteredCreditor } from './creditor.ts';

/** What an operator says of a creditor; undefined: nothing, and so it stays as it is. */
export interface RegistrationInput {
  /** Its organisation number. */
  readonly number: string;
  readonly name?: string | undefined;
  /** Who delivers for it. */
  readonly provider?: string | undefined;
  readonly baseUrl?: string | undefined;
  /** Empty: it has none (any more). */
  readonly contactEmail?: string | undefined;
  readonly contactPhone?: string | undefined;
  /** Organisation numbers: whose certificates are good for pushing. Empty ones are passed over: with these alone nobody may. */
  readonly organisations?: readonly string[] | undefined;
  /** The name of our certificate by which whoever delivers knows us; empty or `default`: the usual one. */
  readonly clientCertificate?: string | undefined;
}

type Field = Exclude<keyof RegistrationInput, 'number'> | 'number';

/** What is wrong with a registration. `what` is the end of a sentence whose subject is the field. */
export interface RegistrationProblem {
  readonly field: Field;
  readonly what: string;
}

/** One thing that is not as it was. Null: there was, or is, none. */
export interface RegistryChange {
  readonly field:
    'name' | 'contactEmail' | 'contactPhone' | 'baseUrl' | 'organisations' | 'clientCertificate' | 'enabled';
  /** Of which provider, when it is about one. */
  readonly provider?: string;
  readonly before: RegistryValue;
  readonly after: RegistryValue;
}
type RegistryValue = string | boolean | readonly string[] | null;

/** What is to be in the registry, and how that differs from what is. */
export interface RegistrationPlan {
  /** One provider of it only: the one that this is about. */
  readonly creditor: RegisteredCreditor & { readonly providers: readonly [RegisteredCreditor['providers'][number]] };
  readonly changes: readonly RegistryChange[];
  /** The host of the address, where that was told and is a name: it has to be looked up. */
  readonly nameToLookUp: string | undefined;
  /** A certificate of ours that was named: whether it can be used has to be seen. */
  readonly certificateToRead: string | undefined;
}

/**
 * Decides what a registration makes of a creditor (`existing`; undefined: it is new). Returns that, or all that is wrong with it.
 * `open`: the world is not ours, as it is in a sandbox.
 */
export function planRegistration(
  input: RegistrationInput,
  existing: RegisteredCreditor | undefined,
  where: { open: boolean },
): RegistrationPlan | readonly RegistrationProblem[] {
  const problems: RegistrationProblem[] = [];
  /** Reads a field; what is not said stays. `read` answers what is wrong as a problem. */
  const value = <Kept>(
    field: Exclude<Field, 'number' | 'organisations'>,
    kept: Kept,
    read: (text: string) => Kept | Wrong,
  ): Kept => {
    const text = input[field];
    if (text === undefined) return kept;
    const result = read(text.trim());
    if (!(result instanceof Wrong)) return result;
    problems.push({ field, what: result.what });
    return kept;
  };
  const missing = (field: Field): void => {
    if (existing === undefined && input[field] === undefined) {
      problems.push({ field, what: 'is missing: a new creditor needs it' });
    }
  };

  const id = input.number.trim();
  if (!isOrganisationNumber(id)) problems.push({ field: 'number', what: NOT_A_NUMBER });
  missing('name');
  const name = value('name', existing?.name ?? '', readName);
  missing('provider');
  const named = value('provider', onlyProviderOf(existing), readProvider);
  // A row that was written by hand may have the other prefix.
  const known = existing?.providers.find(
    ({ providerId }) => providerId === named || providerFrom(providerId) === named,
  );
  const providerId = known?.providerId ?? named;
  if (providerId === undefined && existing !== undefined && input.provider === undefined) {
    problems.push({ field: 'provider', what: 'is missing: this creditor has more than one, so say which' });
  }
  if (existing !== undefined && known === undefined && providerId !== undefined && input.baseUrl === undefined) {
    problems.push({ field: 'baseUrl', what: `is missing: ${providerId} is new here, and needs one` });
  }
  missing('baseUrl');
  const address = value('baseUrl', { url: known?.baseUrl ?? '', name: undefined }, (text) => {
    const read = baseUrlFrom(text, where);
    return typeof read === 'string' ? new Wrong(read) : { url: read.url, name: read.name };
  });
  const email = value('contactEmail', existing?.contact.email ?? null, readEmail);
  const phone = value('contactPhone', existing?.contact.phone ?? null, readPhone);
  const certificate = value('clientCertificate', known?.clientCertificate ?? null, readCertificateName);
  const organisations = input.organisations?.map((text) => text.trim()).filter((text) => text !== '');
  for (const text of organisations ?? []) {
    if (!isOrganisationNumber(text))
      problems.push({ field: 'organisations', what: `has '${shown(text)}', which ${NOT_A_NUMBER}` });
  }
  if (problems.length > 0 || providerId === undefined) return problems;

  const creditor: RegistrationPlan['creditor'] = {
    id,
    name,
    contact: { email, phone },
    enabled: existing?.enabled ?? true,
    providers: [
      {
        providerId,
        baseUrl: address.url,
        organisations:
          organisations === undefined
            ? (known?.organisations ?? [organisationOf(providerId)])
            : [...new Set(organisations)].toSorted((one, other) => one.localeCompare(other)),
        clientCertificate: certificate,
        enabled: known?.enabled ?? true,
        deliveredAt: known?.deliveredAt ?? null,
      },
    ],
  };
  return {
    creditor,
    changes: changesTo(creditor, existing),
    nameToLookUp: input.baseUrl === undefined ? undefined : address.name,
    certificateToRead: input.clientCertificate === undefined ? undefined : (certificate ?? undefined),
  };
}

class Wrong {
  readonly what: string;
  constructor(what: string) {
    this.what = what;
  }
}

const NOT_A_NUMBER = 'is no Norwegian organisation number: 9 digits, of which the last one fits the others';

/** What somebody wrote, as it can be shown to them. */
const shown = (text: string): string => text.replaceAll(/\p{C}/gu, '?').slice(0, 40);

function onlyProviderOf(existing: RegisteredCreditor | undefined): string | undefined {
  const [first, ...others] = existing?.providers ?? [];
  return others.length === 0 ? first?.providerId : undefined;
}

const readProvider = (text: string): string | Wrong =>
  providerFrom(text) ??
  new Wrong(`is '${shown(text)}': write 9908: or 0192: and the organisation number of who delivers, as 9908:310472654`);

function readName(text: string): string | Wrong {
  if (text === '') return new Wrong('is empty');
  if (text.length > 200) return new Wrong('is longer than 200 characters');
  return /\p{C}/u.test(text) ? new Wrong('has characters that cannot be seen') : text;
}

function readEmail(text: string): string | null | Wrong {
  if (text === '') return null;
  const fits =
    text.length <= 254 && /^[^\s@<>,;"]+@[^\s@<>,;".]+(?:\.[^\s@<>,;".]+)+$/.test(text) && !/\p{C}/u.test(text);
  return fits ? text : new Wrong(`is '${shown(text)}': write it as kunde@bank.example`);
}

function readPhone(text: string): string | null | Wrong {
  if (text === '') return null;
  const digits = text.replaceAll(/\D/g, '').length;
  const fits = text.length <= 30 && digits >= 3 && text.length >= 5 && /^\+?[\d ()-]+$/.test(text);
  return fits ? text : new Wrong(`is '${shown(text)}': write it as +47 22 00 00 00`);
}

function readCertificateName(text: string): string | null | Wrong {
  if (text === '' || text === 'default') return null;
  return isCertificateName(text)
    ? text
    : new Wrong(`is '${shown(text)}': write the name of its files, in small letters, digits and hyphens, 40 at most`);
}

function changesTo(
  creditor: RegistrationPlan['creditor'],
  existing: RegisteredCreditor | undefined,
): readonly RegistryChange[] {
  const [provider] = creditor.providers;
  const known = existing?.providers.find(({ providerId }) => providerId === provider.providerId);
  const of = { provider: provider.providerId };
  const changes: RegistryChange[] = [
    { field: 'name', before: existing?.name ?? null, after: creditor.name },
    { field: 'contactEmail', before: existing?.contact.email ?? null, after: creditor.contact.email },
    { field: 'contactPhone', before: existing?.contact.phone ?? null, after: creditor.contact.phone },
    { field: 'baseUrl', ...of, before: known?.baseUrl ?? null, after: provider.baseUrl },
    { field: 'organisations', ...of, before: known?.organisations ?? null, after: provider.organisations },
    {
      field: 'clientCertificate',
      ...of,
      before: known?.clientCertificate ?? null,
      after: provider.clientCertificate,
    },
  ];
  return changes.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
}
