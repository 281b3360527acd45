import type { Site } from '../html/layout.ts';

/** Pages for developers: in English, with a name of their own. Addresses are paths, as these pages live where the APIs do. */
export const developers: Site = {
  name: 'Samtykke for developers',
  home: '/docs',
  about: [
    { href: '/docs', words: 'API reference' },
    { href: '/docs/errors', words: 'Errors' },
    { href: '/docs/deliveries', words: 'Deliveries by creditors' },
  ],
};
