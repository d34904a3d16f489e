/** How the phone's messages travel: UDP, or TCP and TLS with a connection per place, IPv4 or IPv6. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import type { Destination } from './dialog.ts';

/** What a phone needs for TLS, PEM. */
export interface PhoneTls {
  readonly cert: string;
  readonly key: string;
  /** Who may have signed the server's certificate. */
  readonly ca: string;
}

export interface WireOptions {
  readonly host: string;
  readonly transport: 'udp' | 'tcp' | 'tls';
  readonly tls?: PhoneTls;
  readonly onMessage: (bytes: Buffer, from: Destination) => void;
}

export interface Wire {
  readonly port: number;
  send(bytes: Uint8Array, to: Destination): void;
  close(): Promise<void>;
}

/** Opens a free port of the host; on streams it takes connections too. */
export function openWire(options: WireOptions): Promise<Wire> {
  return options.transport === 'udp' ? openDatagrams(options) : openStreams(options);
}

async function openDatagrams({ host, onMessage }: WireOptions): Promise<Wire> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 }).bind(0, host);
  await once(socket, 'listening');
  socket.on('message', (bytes, from) => onMessage(bytes, { host: from.address, port: from.port }));
  socket.on('error', () => {});
  return {
    port: socket.address().port,
    send: (bytes, to) => socket.send(bytes, to.port, to.host),
    async close() {
      socket.close();
      await once(socket, 'close');
    },
  };
}

async function openStreams(options: WireOptions): Promise<Wire> {
  const { host, transport, tls } = options;
  const open = new Map<string, Socket>();
  const hold = (socket: Socket, from: Destination) => {
    const key = `${from.host} ${from.port}`;
    open.set(key, socket);
    readMessages(socket, (bytes) => options.onMessage(bytes, from));
    socket.on('error', () => {});
    socket.on('close', () => open.get(key) === socket && open.delete(key));
    return socket;
  };
  const accept = (socket: Socket) =>
    void hold(socket, { host: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 });
  const server: Server = transport === 'tls' ? createTlsServer({ ...tls }, accept) : createServer(accept);
  server.listen(0, host);
  await once(server, 'listening');
  const dial = (to: Destination) => {
    const place = { host: to.host, port: to.port, localAddress: host };
    return hold(transport === 'tls' ? connectTls({ ...place, ca: tls?.ca }) : connect(place), to);
  };
  return {
    port: (server.address() as { port: number }).port,
    send: (bytes, to) => void (open.get(`${to.host} ${to.port}`) ?? dial(to)).write(bytes),
    async close() {
      for (const socket of open.values()) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Cuts what comes in by Content-Length; line ends between messages are skipped. */
function readMessages(socket: Socket, onMessage: (bytes: Buffer) => void): void {
  let held: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk]);
    for (;;) {
      while (held[0] === 13 || held[0] === 10) held = held.subarray(1);
      const headEnd = held.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = /^(?:content-length|l)\s*:\s*(\d+)/im.exec(held.toString('latin1', 0, headEnd))?.[1];
      const end = headEnd + 4 + Number(length ?? 0);
      if (held.length < end) return;
      onMessage(held.subarray(0, end));
      held = held.subarray(end);
    }
  });
}
