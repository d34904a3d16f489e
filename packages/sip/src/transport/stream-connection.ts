import type { Socket } from 'node:net';
import type { Clock } from '../clock.ts';
import { type FramingFault, StreamFramer } from './stream-framer.ts';
import { type StreamLimits, tcpKeepAliveMs } from './stream-limits.ts';

interface StreamConnectionOptions {
  readonly socket: Socket;
  /** The peer's, fixed: a socket forgets it when it closes. */
  readonly remote: { readonly address: string; readonly port: number };
  /** Did we open it? Then it has to come up first. */
  readonly isOurs: boolean;
  readonly clock: Clock;
  readonly limits: StreamLimits;
  readonly onMessage: (bytes: Uint8Array) => boolean;
  readonly onUnframed: (head: Uint8Array, fault: FramingFault) => void;
  /** It takes no more messages out; once. */
  readonly onGone: () => void;
}

const pong = Buffer.from('\r\n');
/** A phone pings every 95 s or so (RFC 5626 4.4.1); so many in a second are a flood. */
const mostPings = 20;
const pingWindowMs = 1_000;

/** One TCP or TLS connection: framing, keep-alives, and its limits in time and space. */
export class StreamConnection {
  readonly remote: { readonly address: string; readonly port: number };
  readonly #options: StreamConnectionOptions;
  readonly #socket: Socket;
  readonly #framer: StreamFramer;
  #activeAtMs: number;
  /** By when the message in progress, or the first one, has to be whole; once gone, by when the socket ends. */
  #dueAtMs: number | undefined;
  #admitted = false;
  #broughtAny = false;
  #pings = 0;
  #pingsSinceMs = Number.NEGATIVE_INFINITY;
  #up: boolean;
  #gone = false;
  #cut = false;

  constructor(options: StreamConnectionOptions) {
    const { socket, clock, limits } = options;
    this.#options = options;
    this.#socket = socket;
    this.remote = options.remote;
    this.#activeAtMs = clock.monoMs();
    this.#up = !options.isOurs;
    this.#dueAtMs = this.#activeAtMs + (options.isOurs ? limits.connectMs : limits.messageMs);
    socket.setKeepAlive(true, tcpKeepAliveMs);
    this.#framer = new StreamFramer({
      onMessage: (bytes) => {
        if (!this.#gone) this.#dueAtMs = undefined;
        this.#broughtAny = true;
        if (options.onMessage(bytes)) this.#admitted = true;
      },
      onPing: () => this.#answerPing(),
      onFault: (head, fault) => {
        this.#broughtAny = true;
        options.onUnframed(head, fault);
        this.#leave();
        socket.end();
      },
    });
    socket.on('data', (chunk) => {
      this.#activeAtMs = clock.monoMs();
      this.#framer.push(chunk);
      if (this.#framer.isMidMessage) this.#dueAtMs ??= this.#activeAtMs + limits.messageMs;
    });
    socket.on('end', () => this.#leave());
    // 'close' follows; a broken connection ends no call (C6).
    socket.on('error', () => this.#leave());
    socket.on('close', () => {
      this.#framer.end();
      this.#leave();
    });
  }

  /** Milliseconds without a byte either way. */
  get quietMs(): number {
    return this.#options.clock.monoMs() - this.#activeAtMs;
  }

  /** Did it bring anything from an admitted peer, or is it ours? */
  get isAdmitted(): boolean {
    return this.#admitted;
  }

  /** Did a message come by it, or what was to be one? */
  get broughtAny(): boolean {
    return this.#broughtAny;
  }

  /** Is it established, or was it? */
  get wasUp(): boolean {
    return this.#up;
  }

  /** Did we end it, for what the peer did or did not? */
  get wasCut(): boolean {
    return this.#cut;
  }

  /** A connection of ours is up: it owes no first message. */
  connected(): void {
    this.#up = true;
    this.#admitted = true;
    this.#dueAtMs = undefined;
  }

  /** Hands bytes to the socket; `onFailed` hears, later, that they did not leave. A peer that does not read is cut off. */
  send(bytes: Uint8Array, onFailed: (error: Error) => void = () => {}): void {
    if (this.#socket.destroyed || !this.#socket.writable) {
      queueMicrotask(() => onFailed(new Error('The connection is closed')));
      return;
    }
    this.#activeAtMs = this.#options.clock.monoMs();
    this.#socket.write(bytes, (error) => {
      if (!error) return;
      // This may come before the socket's own events, and say less than they will.
      this.#leave();
      onFailed(this.#socket.errored ?? error);
    });
    if (this.#socket.writableLength > this.#options.limits.maxUnsentBytes) this.cut();
  }

  /** Was it without a byte either way for the time a connection may be? */
  get isIdle(): boolean {
    return this.quietMs >= this.#options.limits.idleMs;
  }

  /** Closes it where a message, or the connection itself, took too long. */
  enforce(): void {
    const isLate = this.#dueAtMs !== undefined && this.#options.clock.monoMs() >= this.#dueAtMs;
    if (isLate) this.cut();
  }

  /** Ends it at once. */
  cut(): void {
    this.#cut = true;
    this.#framer.end();
    this.#leave();
    this.#socket.destroy();
  }

  #answerPing(): void {
    if (this.#gone) return;
    this.#dueAtMs = undefined;
    const nowMs = this.#options.clock.monoMs();
    if (nowMs - this.#pingsSinceMs >= pingWindowMs) {
      this.#pings = 0;
      this.#pingsSinceMs = nowMs;
    }
    this.#pings += 1;
    if (this.#pings > mostPings) this.cut();
    else this.send(pong);
  }

  #leave(): void {
    if (this.#gone) return;
    this.#gone = true;
    // What is written still leaves, if the peer takes it in time.
    this.#dueAtMs = this.#options.clock.monoMs() + this.#options.limits.messageMs;
    this.#options.onGone();
  }
}
