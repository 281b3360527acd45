import type { ErrorCode } from './domain-error.ts';

/** The address of the page that explains an error to whoever calls the APIs: `type` of problem details, and the link «help». */
export const helpAddress = (apiUrl: string, code: ErrorCode): string => `${apiUrl}/docs/errors/${code}`;

/** RFC 8288: the link to that page, for answers whose shape has no room for it. */
export const helpLink = (apiUrl: string, code: ErrorCode) => ({
  link: `<${helpAddress(apiUrl, code)}>; rel="help"`,
});
