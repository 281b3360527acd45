/**
 * The address of the page that explains an error, one of ours or of OAuth, to whoever calls the APIs: `type` of problem details, the link
 * «help», OAuth's `error_uri`.
 */
export const helpAddress = (apiUrl: string, code: string): string => `${apiUrl}/docs/errors/${code}`;

/** RFC 8288: the link to that page, for answers whose shape has no room for it. */
export const helpLink = (apiUrl: string, code: string) => ({ link: `<${helpAddress(apiUrl, code)}>; rel="help"` });
