/** The secrets that the sandbox's clients have (X1). Production refuses to start where one of them is good (R4). */
export const sandboxSecrets = ['sandbox-secret-1', 'sandbox-secret-2', 'sandbox-secret-3'] as const;
