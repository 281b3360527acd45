/** As in package.json, which a test holds. Told to the server as `User-Agent`. */
export const VERSION = '0.1.0';
