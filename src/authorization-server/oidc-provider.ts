/**
 * The library, without one line that it prints when it is loaded on a Node.js release that is not marked as long-term support:
 * a newcomer would take it for a fault. Everything else that it says is let through. See docs/adr/0006-authorization-server.md.
 */
const { warn } = console;
console.warn = (...said: unknown[]) => {
  if (!String(said[0]).includes('Unsupported runtime')) warn(...said);
};
const library = await import('oidc-provider');
console.warn = warn;

export const { Provider, errors, interactionPolicy } = library;
