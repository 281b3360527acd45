import { Type, type Static } from 'typebox';
import { debtScopeOf } from '../clients/audience.ts';
import type { HeldConsent } from './consent-as-of.ts';

/** The lines of a snapshot. What events tell too is spelt as events spell it. */

const SnapshotBegin = Type.Object(
  {
    asOfSequenceNr: Type.Integer({
      minimum: 1,
      description: 'What follows is the state after the event of this number: follow the feed from this + 1',
    }),
  },
  { additionalProperties: false, description: 'The first line' },
);

const SnapshotConsent = Type.Object(
  {
    consentId: Type.String({ format: 'uuid' }),
    externalConsentId: Type.Optional(Type.String({ description: "The client's own id, for agreements" })),
    scope: Type.String({ description: 'What the person agreed to' }),
    active: Type.Boolean({
      description:
        'Whether no event up to that number has ended it. One that has expired is active here until the event that says so (within a minute): compare expiresAt with your clock',
    }),
    createdAt: Type.String({ format: 'date-time', description: 'The timestamp of its SAMTYKKE_OPPRETTET' }),
    expiresAt: Type.String({ format: 'date-time', description: 'From this instant on it is not good any more' }),
    archivedAt: Type.Unsafe<string | null>({
      type: ['string', 'null'],
      format: 'date-time',
      description: 'The timestamp of its SAMTYKKE_ARKIVERT; null while it is active',
    }),
    reason: Type.Unsafe<string | null>({
      enum: ['used', 'expired', 'revoked_by_client', 'revoked_by_person', 'revoked_by_operator', null],
      description: 'Why it ended; null while it is active',
    }),
  },
  { additionalProperties: false, description: 'One consent' },
);

const SnapshotEnd = Type.Object(
  {
    complete: Type.Literal(true),
    count: Type.Integer({ minimum: 0, description: 'How many consents there were' }),
  },
  { additionalProperties: false, description: 'The last line. Without it the snapshot is not whole: take it anew' },
);

export const SnapshotLine = Type.Union([SnapshotBegin, SnapshotConsent, SnapshotEnd]);

export const snapshotLine = (line: Static<typeof SnapshotLine>): string => `${JSON.stringify(line)}\n`;

export function snapshotConsent(consent: HeldConsent): Static<typeof SnapshotConsent> {
  const { archived } = consent;
  return {
    consentId: consent.id,
    ...(consent.externalId === null ? {} : { externalConsentId: consent.externalId }),
    scope: debtScopeOf(consent.purpose),
    active: archived === null,
    createdAt: consent.createdAt.toISOString(),
    expiresAt: consent.expiresAt.toISOString(),
    archivedAt: archived === null ? null : archived.at.toISOString(),
    reason: archived?.reason ?? null,
  };
}
