/**
 * SIP over TCP and TLS (RFC 3261 18). One transport holds every connection of a listener, those it accepted and
 * those it opened, by the peer's address and port: responses and requests go over the connection that is open, else
 * over a new one. The loss of a connection is nobody's hang-up (C6): it is only forgotten.
 */
import { lookup } from 'node:dns/promises';
import { connect, createServer, isIP, isIPv6, type Server, type Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { listenError } from './listen-error.ts';
import { type Destination, flowKey, type Source, type Transport, type TransportEvents } from './port.ts';
import { StreamConnection } from './stream-connection.ts';
import { defaultStreamLimits, quietMs, type StreamLimits } from './stream-limits.ts';
import { TlsEndpoint, type TlsIdentity } from './tls-endpoint.ts';

/** A transport that holds connections. */
export interface StreamListener extends Transport {
  /** TLS only: handshakes from now on have this identity. Throws, with all as it was, where it cannot be used. */
  setTlsIdentity(identity: TlsIdentity): void;
}

interface StreamOptions extends TransportEvents {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly clock: Clock;
  /** Makes it TLS, 1.2 or later. */
  readonly tls?: TlsIdentity;
  readonly limits?: Partial<StreamLimits>;
}

const sweepMs = 1_000;
/** What was handed over has so long to leave when the listener closes. */
const closeMs = 500;
/** Connections the system may hold beyond ours: new ones until we chose. */
const unsettledConnections = 64;
/** TLS handshakes at once. Beyond it the eldest makes room: one that goes on needs a few round trips, no more. */
const mostHandshakes = 500;

/** Opens a TCP or TLS listener. Rejects with an error that names host and port, `code` as the system gave it. */
export async function openStream(options: StreamOptions): Promise<StreamListener> {
  const { address } = await lookup(options.host);
  const limits = { ...defaultStreamLimits, ...options.limits };
  const tls = options.tls && new TlsEndpoint(options.tls, limits.messageMs);
  const server = tls?.server ?? createServer({ noDelay: true });
  server.maxConnections = limits.maxConnections + unsettledConnections + (tls ? mostHandshakes : 0);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(listenError(options.tls ? 'tls' : 'tcp', options, cause));
    });
    server.listen({ host: address, port: options.port, exclusive: true, ipv6Only: isIPv6(address) }, () => resolve());
  });
  server.removeAllListeners('error');
  // Too many open files, or a peer gone before accept: the next connection may do better.
  server.on('error', () => {});
  return new StreamTransport({ server, tls, options, limits });
}

class StreamTransport implements StreamListener {
  readonly kind: 'tcp' | 'tls';
  readonly reliable = true;
  readonly local: { readonly host: string; readonly port: number };
  readonly #server: Server;
  readonly #tls: TlsEndpoint | undefined;
  readonly #options: StreamOptions;
  readonly #limits: StreamLimits;
  readonly #connections = new Map<string, StreamConnection>();
  /** Those too that take no more messages out and only wait for their end. */
  readonly #live = new Set<StreamConnection>();
  /** Those that brought no admitted request so far, eldest first. */
  readonly #strangers = new Set<StreamConnection>();
  /** Every socket until it is closed, TLS handshakes included. */
  readonly #sockets = new Set<Socket>();
  /** TLS handshakes in progress by the peer's end, eldest first. */
  readonly #handshakes = new Map<string, Socket>();
  #stopSweep: (() => void) | undefined;
  #closed = false;

  constructor(made: {
    readonly server: Server;
    readonly tls: TlsEndpoint | undefined;
    readonly options: StreamOptions;
    readonly limits: StreamLimits;
  }) {
    const { server, tls, options, limits } = made;
    this.kind = tls ? 'tls' : 'tcp';
    this.#server = server;
    this.#tls = tls;
    this.#options = options;
    this.#limits = limits;
    const bound = server.address();
    if (typeof bound !== 'object' || bound === null) throw new Error('A stream listener has an address');
    this.local = { host: bound.address, port: bound.port };
    server.on('connection', (socket: Socket) => {
      this.#hold(socket);
      // A banned stranger costs no TLS handshake.
      if (!this.#isHeeded(socket)) socket.destroy();
      else if (tls) this.#awaitHandshake(socket);
    });
    server.on(tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#accept(socket));
  }

  send(bytes: Uint8Array, to: Destination, onFailed: (error: Error) => void = () => {}): void {
    if (this.#closed || isIPv6(to.address) !== isIPv6(this.local.host)) {
      queueMicrotask(() => onFailed(new Error(`No ${this.kind} connection leads to ${to.address}`)));
      return;
    }
    const open = this.#connections.get(keyOf(to));
    if (!open) return this.#sendAnew(bytes, to, onFailed);
    open.send(bytes, (error) => {
      // A connection that was lost is replaced (RFC 3261 18.2.2); one that never came up would not the next time.
      if (this.#closed || open.wasCut || !open.wasUp) onFailed(error);
      else this.#sendAnew(bytes, to, onFailed);
    });
  }

  #sendAnew(bytes: Uint8Array, to: Destination, onFailed: (error: Error) => void): void {
    const target = to.reconnect ?? to;
    const other = this.#connections.get(keyOf(target)) ?? this.#connect(target, to.name);
    if (other) other.send(bytes, onFailed);
    else queueMicrotask(() => onFailed(new Error(`No ${this.kind} connection can be had to ${target.address}`)));
  }

  setTlsIdentity(identity: TlsIdentity): void {
    if (!this.#tls) throw new TypeError('Only a TLS listener has an identity');
    this.#tls.setIdentity(identity);
  }

  close(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    this.#closed = true;
    this.#stopSweep?.();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    // What was handed over still leaves; a peer that does not read is not waited for.
    for (const socket of this.#sockets) socket.destroySoon();
    const stopWaiting = this.#options.clock.after(closeMs, () => {
      for (const socket of this.#sockets) socket.destroy();
    });
    return closed.finally(stopWaiting);
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
  }

  /** A handshake that is not gone on with ends by its time limit, or where it keeps others from theirs. */
  #awaitHandshake(socket: Socket): void {
    const source = this.#sourceOf(socket);
    if (!source) return;
    const key = keyOf(source);
    this.#handshakes.set(key, socket);
    socket.once('close', () => {
      if (this.#handshakes.get(key) !== socket) return;
      this.#handshakes.delete(key);
      this.#options.onWasted?.(source);
    });
    if (this.#handshakes.size <= mostHandshakes) return;
    const [eldest] = this.#handshakes.values();
    eldest?.destroy();
  }

  #isHeeded(socket: Socket): boolean {
    const source = this.#sourceOf(socket);
    return source !== undefined && (this.#options.heeds?.(source) ?? true);
  }

  #sourceOf({ remoteAddress: address, remotePort: port }: Socket): Source | undefined {
    return address === undefined || port === undefined ? undefined : { address, port, transport: this.kind };
  }

  #accept(socket: Socket): void {
    const source = this.#sourceOf(socket);
    socket.on('error', () => {});
    if (source) this.#handshakes.delete(keyOf(source));
    if (this.#closed || !source || !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const { address, port } = source;
    const connection = this.#add(socket, { address, port }, false);
    this.#receiveStranger(connection);
    socket.once('close', () => {
      if (!connection.broughtAny && !this.#closed) this.#options.onWasted?.(source);
    });
  }

  /** So that strangers never take the sockets that calls need. */
  #receiveStranger(connection: StreamConnection): void {
    this.#strangers.add(connection);
    if (this.#strangers.size <= this.#limits.maxStrangers) return;
    const [eldest] = this.#strangers;
    if (eldest) this.#drop(eldest);
  }

  #connect(target: { readonly address: string; readonly port: number }, name?: string): StreamConnection | undefined {
    if (target.port < 1 || isIP(target.address) === 0 || !this.#makeRoom()) return undefined;
    const socket = this.#open(target, name);
    this.#hold(socket);
    const connection = this.#add(socket, target, true);
    socket.once(this.kind === 'tls' ? 'secureConnect' : 'connect', () => connection.connected());
    return connection;
  }

  #open({ address, port }: { readonly address: string; readonly port: number }, name: string | undefined): Socket {
    const { host } = this.local;
    const isWildcard = host === '0.0.0.0' || host === '::';
    // Peers know us by the address we listen on.
    const place = { host: address, port, noDelay: true, ...(isWildcard ? {} : { localAddress: host }) };
    return this.#tls ? this.#tls.connect(place, name) : connect(place);
  }

  #add(socket: Socket, remote: { readonly address: string; readonly port: number }, isOurs: boolean): StreamConnection {
    const key = keyOf(remote);
    const source: Source = { ...remote, transport: this.kind };
    const connection: StreamConnection = new StreamConnection({
      socket,
      remote,
      isOurs,
      clock: this.#options.clock,
      limits: this.#limits,
      onMessage: (bytes) => {
        const isAdmitted = !this.#closed && this.#options.onMessage(bytes, source, this);
        // Who is banned by now is not even listened to.
        if (isAdmitted) this.#strangers.delete(connection);
        else if (this.#options.heeds?.(source) === false) connection.cut();
        return isAdmitted;
      },
      onUnframed: (head, fault) => this.#closed || this.#options.onUnframed(head, fault, source, this),
      onGone: () => {
        if (this.#connections.get(key) === connection) this.#connections.delete(key);
      },
    });
    this.#connections.set(key, connection);
    this.#live.add(connection);
    socket.once('close', () => {
      this.#live.delete(connection);
      this.#strangers.delete(connection);
    });
    this.#sweepLater();
    return connection;
  }

  /** False where every connection is in use. Strangers, the eldest first, make room before anybody else. */
  #makeRoom(): boolean {
    if (this.#live.size < this.#limits.maxConnections) return true;
    const inUse = this.#inUse();
    let quietest: StreamConnection | undefined;
    for (const one of this.#live) {
      if (!one.isAdmitted) return this.#drop(one);
      if (one.quietMs > (quietest?.quietMs ?? 0) && !inUse(one)) quietest = one;
    }
    return quietest !== undefined && quietest.quietMs >= quietMs && this.#drop(quietest);
  }

  /** Says which connections calls go over; those are asked for once, where one is asked about. */
  #inUse(): (connection: StreamConnection) => boolean {
    let flows: ReadonlySet<string> | undefined;
    return ({ remote }) => {
      flows ??= this.#options.flowsInUse?.() ?? new Set();
      return flows.has(flowKey(this.kind, remote));
    };
  }

  #drop(connection: StreamConnection): true {
    this.#live.delete(connection);
    this.#strangers.delete(connection);
    connection.cut();
    return true;
  }

  #sweepLater(): void {
    this.#stopSweep ??= this.#options.clock.after(sweepMs, () => {
      this.#stopSweep = undefined;
      const inUse = this.#inUse();
      for (const connection of [...this.#live]) {
        connection.enforce();
        if (connection.isIdle && !inUse(connection)) connection.cut();
      }
      if (this.#live.size > 0 && !this.#closed) this.#sweepLater();
    });
  }
}

const keyOf = ({ address, port }: { readonly address: string; readonly port: number }): string => `${address} ${port}`;
