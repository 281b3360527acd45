/** What a process that a test starts has of ours, whatever else it is given: the path, and where modules are kept once they are compiled. */
export const bareEnvironment = (): Readonly<Record<string, string | undefined>> => ({
  PATH: process.env['PATH'],
  NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
});
