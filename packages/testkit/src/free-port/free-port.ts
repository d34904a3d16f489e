import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port of `host` (default 127.0.0.1) that is free over UDP and TCP at this moment, for a program that needs to be told one. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, host);
    await once(server, 'listening');
    const { port } = server.address() as { readonly port: number };
    const isFree = await freeOverUdp(port, host);
    server.close();
    await once(server, 'close');
    if (isFree) return port;
  }
}

function freeOverUdp(port: number, host: string): Promise<boolean> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.once('error', () => resolve(false));
    socket.bind(port, host, () => socket.close(() => resolve(true)));
  });
}
