import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { listenError } from './listen-error.ts';
import type { Transport, TransportEvents } from './port.ts';
import { answerStun, isStun, StunRate } from './stun.ts';

const bufferBytes = 2 * 1024 * 1024;

interface UdpOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly onMessage: TransportEvents['onMessage'];
  readonly monoMs: () => number;
}

/** Opens a UDP listener. Rejects with an error that names host and port, `code` as the system gave it. */
export async function openUdp(options: UdpOptions): Promise<Transport> {
  const { address } = await lookup(options.host);
  const family = isIPv6(address) ? 6 : 4;
  const socket = createSocket({
    type: family === 6 ? 'udp6' : 'udp4',
    ipv6Only: family === 6,
    recvBufferSize: bufferBytes,
    sendBufferSize: bufferBytes,
    // Only addresses are ever sent to: answering at once makes send() hand over before it returns.
    lookup: (host, _options, done) => done(null, host, family),
  });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      socket.close();
      reject(listenError('udp', options, cause));
    });
    socket.bind({ address, port: options.port, exclusive: true }, () => resolve());
  });
  socket.removeAllListeners('error');
  // An ICMP refusal of one peer must not end the listener.
  socket.on('error', () => {});
  const bound = socket.address();
  let closed = false;
  const transport: Transport = {
    kind: 'udp',
    reliable: false,
    local: { host: bound.address, port: bound.port },
    send(bytes, to, onFailed) {
      if (closed || isIPv6(to.address) !== (family === 6)) {
        if (onFailed) queueMicrotask(() => onFailed(new Error(`No udp socket leads to ${to.address}`)));
        return;
      }
      // The callback keeps errors of one datagram (unreachable, too long) away from the socket.
      socket.send(bytes, to.port, to.address, (error) => {
        if (error) onFailed?.(error);
      });
    },
    close() {
      if (closed) return Promise.resolve();
      closed = true;
      return new Promise((resolve) => socket.close(() => resolve()));
    },
  };
  const stunRate = new StunRate(options.monoMs);
  socket.on('message', (bytes, peer) => {
    if (isStun(bytes)) {
      const answer = stunRate.allow(peer.address) ? answerStun(bytes, peer) : undefined;
      if (answer) transport.send(answer, peer);
      return;
    }
    options.onMessage(bytes, { address: peer.address, port: peer.port, transport: 'udp' }, transport);
  });
  return transport;
}
