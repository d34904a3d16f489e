/** Ports for a demo that must start on any machine. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/** True where the port can be bound for TCP on loopback right now. */
export function tcpPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** True where the port can be bound for UDP on loopback right now. */
function udpPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createSocket('udp4');
    probe.once('error', () => resolve(false));
    probe.bind(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** True where SIP can have the port, over UDP and over TCP. */
export async function sipPortFree(port: number): Promise<boolean> {
  return (await udpPortFree(port)) && (await tcpPortFree(port));
}

/** The first port from `wanted` up for which `free` says yes; rejects after a hundred. */
export async function firstFreePort(wanted: number, free: (port: number) => Promise<boolean>): Promise<number> {
  for (let port = wanted; port < wanted + 100; port++) if (await free(port)) return port;
  throw new Error(`no free port from ${wanted} to ${wanted + 99}`);
}
