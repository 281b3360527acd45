import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a database that can go silent, as a machine does that is cut off: nothing is refused, and nothing answered. */
export interface SilentProxy {
  /** The address of the database, through here. */
  readonly url: string;
  /** Whether whatever is sent gets lost. */
  isSilent: boolean;
  close(): Promise<void>;
}

/** Opens one in front of the database of an address. */
export async function openSilentProxy(databaseUrl: string): Promise<SilentProxy> {
  const { hostname, port } = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = connect(Number(port), hostname);
    for (const end of [socket, upstream]) sockets.add(end.on('error', () => undefined));
    socket.on('data', (data) => proxy.isSilent || upstream.write(data));
    upstream.on('data', (data) => proxy.isSilent || socket.write(data));
    socket.on('close', () => upstream.destroy());
    upstream.on('close', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = String((server.address() as AddressInfo).port);
  const proxy: SilentProxy = {
    url: Object.assign(new URL(databaseUrl), { port: own }).href,
    isSilent: false,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return proxy;
}
