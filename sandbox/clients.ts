import { usualClient, type Client } from '../src/clients/client.ts';
import { sandboxSecrets } from '../src/clients/sandbox-secrets.ts';
import { sha256 } from '../src/platform/crypto.ts';

/** A client of the sandbox with its secret in clear, which only a sandbox's client has (X1). */
export interface SandboxClient {
  readonly client: Client;
  readonly secret: string;
}

const [secret1, secret2, secret3] = sandboxSecrets;

/** The clients that are there at every start (X1). `portalUrl`: where the sandbox's own callback page is. */
export function sandboxClients(portalUrl: string): readonly [SandboxClient, SandboxClient, SandboxClient] {
  const both = ['presentation', 'processing'];
  return [
    {
      secret: secret1,
      client: {
        ...usualClient,
        id: 'a0000000-0000-4000-8000-000000000001',
        name: 'Sparekompis AS',
        organisationNumber: '314159268',
        enabled: true,
        secretHashes: [sha256(secret1)],
        mayRegisterAgreements: true,
        mayReadEvents: true,
        mayUseOpenid: true,
        redirectUris: [`${portalUrl}/sandbox/callback`, 'http://localhost:8765/callback'],
        postLogoutRedirectUris: [`${portalUrl}/sandbox/callback`, 'http://localhost:8765/callback'],
        purposes: both,
      },
    },
    {
      secret: secret2,
      client: {
        ...usualClient,
        id: 'a0000000-0000-4000-8000-000000000002',
        name: 'Fjordbanken ASA',
        organisationNumber: '314159276',
        enabled: true,
        secretHashes: [sha256(secret2)],
        mayRegisterAgreements: true,
        mayReadEvents: true,
        mayUseOpenid: false,
        redirectUris: ['http://localhost:8766/callback'],
        purposes: both,
      },
    },
    {
      secret: secret3,
      client: {
        ...usualClient,
        id: 'a0000000-0000-4000-8000-000000000003',
        name: 'Visning AS',
        organisationNumber: '314159284',
        enabled: true,
        secretHashes: [sha256(secret3)],
        mayRegisterAgreements: false,
        mayReadEvents: false,
        mayUseOpenid: false,
        redirectUris: ['http://localhost:8767/callback'],
        purposes: ['presentation'],
      },
    },
  ];
}
