/** Ports that stay free while a gateway is restarted: none of those the system hands out by itself. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

const [FIRST, LAST] = [12_000, 15_998];

/** An even port below the ephemeral ones, free for UDP at this moment. */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = FIRST + 2 * Math.floor((Math.random() * (LAST - FIRST)) / 2);
    const socket = createSocket('udp4');
    const free = await new Promise<boolean>((resolve) => {
      socket.once('error', () => resolve(false));
      socket.bind(port, '127.0.0.1', () => resolve(true));
    });
    if (free) socket.close();
    if (free) await once(socket, 'close');
    if (free) return port;
  }
}
