import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { organisationOf } from '../src/creditors/creditor.ts';
import { sandboxCreditors } from './creditor-list.ts';
import {
  issueCertificate,
  makeAuthority,
  ORGANIZATION_IDENTIFIER,
  type CertificateOrder,
  type MadeCertificate,
  type Validity,
} from './make-certificates.ts';

/** The invented organisation that runs the sandbox's Samtykke: its creditors let nobody else ask. */
export const operatorOrganisation = '319009000';

/** The certificates of a sandbox, all of one test authority that nobody else knows. */
export interface SandboxCertificates {
  /** The authority's own, with the key that issues more of them. */
  readonly authority: MadeCertificate;
  /** What the organisation that runs the sandbox proves itself with to creditors. */
  readonly operator: MadeCertificate;
  /** What a creditor's server shows; it names who delivers for the creditor. */
  creditorServer(creditorId: string): MadeCertificate;
  /** What an organisation that delivers proves itself with, when it pushes. */
  deliverer(organisation: string): MadeCertificate;
}

/** The organisations that deliver: some creditors themselves, and two data centres. */
export const deliverers: readonly string[] = [
  ...new Set(sandboxCreditors.map(({ providerId }) => organisationOf(providerId))),
];

/**
 * The certificates in this folder; at first start they are made (mode 0600), and again when they are about to expire or are those of
 * another list of creditors. `now` is real time. Of two processes that make them at once, one wins for both.
 *
 * The files are those that the configuration of a sandbox names: `authority.pem`, `samtykke.pem` and `push.pem` with their keys
 * beside them; and `creditors/` and `deliverers/` with those of the world around it.
 */
export async function sandboxCertificates(folder: string, now: Date): Promise<SandboxCertificates> {
  if (!areGood(folder, now)) await replaceAll(folder, now);
  return {
    authority: readPair(folder, 'authority'),
    operator: readPair(folder, 'samtykke'),
    creditorServer: (creditorId) => readPair(folder, `creditors/${creditorId}`),
    deliverer: (organisation) => readPair(folder, `deliverers/${organisation}`),
  };
}

const DAY_MS = 86_400_000;

const readPair = (folder: string, name: string): MadeCertificate => ({
  cert: readFileSync(join(folder, `${name}.pem`), 'utf8'),
  key: readFileSync(join(folder, `${name}.key`), 'utf8'),
});

function areGood(folder: string, now: Date): boolean {
  const soon = now.getTime() + 30 * DAY_MS;
  try {
    return ['authority', ...orders({ from: now, to: now }).keys()].every((name) => {
      const { validToDate } = new X509Certificate(readPair(folder, name).cert);
      return validToDate.getTime() > soon;
    });
  } catch {
    return false;
  }
}

/** Makes all of them beside the folder, and moves them there when they are whole. */
async function replaceAll(folder: string, now: Date): Promise<void> {
  mkdirSync(dirname(folder), { recursive: true, mode: 0o700 });
  const draft = mkdtempSync(`${folder}.new-`);
  const former = `${draft}.former`;
  try {
    // A clock that is a little behind ours is no reason to refuse what has just been made.
    const validity = { from: new Date(now.getTime() - DAY_MS), to: new Date(now.getTime() + 3_650 * DAY_MS) };
    const authority = await makeAuthority('Samtykke Sandkasse, testutsteder', validity);
    write(draft, 'authority', authority);
    await Promise.all(
      Array.from(orders(validity), async ([name, order]) =>
        write(draft, name, await issueCertificate(authority, order)),
      ),
    );
    if (existsSync(folder) && !areGood(folder, now)) move(folder, former);
    move(draft, folder);
  } finally {
    for (const left of [draft, former]) rmSync(left, { recursive: true, force: true });
  }
}

/** Moves a folder, unless another process was there first. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error;
  }
}

function write(folder: string, name: string, { cert, key }: MadeCertificate): void {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(`${path}.pem`, cert, { mode: 0o600 });
  writeFileSync(`${path}.key`, key, { mode: 0o600 });
}

/** Each certificate by the name of its file. */
function orders(validity: Validity): ReadonlyMap<string, CertificateOrder> {
  const of = (organisation: string, name: string, purpose: 'client' | 'server'): CertificateOrder => ({
    subject: [
      { C: ['NO'] },
      { O: [name] },
      { [ORGANIZATION_IDENTIFIER]: [`NTRNO-${organisation}`] },
      { CN: [purpose === 'server' ? 'localhost' : name] },
    ],
    validity,
    purposes: [purpose],
    ...(purpose === 'server' ? { hosts: ['localhost', '127.0.0.1', '::1'] } : {}),
  });
  return new Map([
    ['samtykke', of(operatorOrganisation, 'Samtykke Sandkasse', 'client')],
    ['push', of(operatorOrganisation, 'Samtykke Sandkasse', 'server')],
    ...sandboxCreditors.map(
      ({ id, name, providerId }) => [`creditors/${id}`, of(organisationOf(providerId), name, 'server')] as const,
    ),
    ...deliverers.map((number) => [`deliverers/${number}`, of(number, `Leverandør ${number}`, 'client')] as const),
  ]);
}
