import type { Socket } from 'node:net';
import { Client } from 'undici';
import type { Dialer } from './dial.ts';
import type { Exchange } from './exchange.ts';
import type { Target } from './target.ts';

/** The endpoint that a lane belongs to. */
export interface LaneHost {
  /** A dial of the lane began or ended. */
  dialling(delta: 1 | -1): void;
  /** The lane's exchange is done and its connection can take another. */
  laneFree(lane: Lane): void;
  /** The lane will take nothing more. */
  laneGone(lane: Lane): void;
}

// Longer than the gaps of light traffic; the one resend covers servers that give up sooner without saying so.
const KEEP_ALIVE_MS = 30_000;
const MAX_HEADER_BYTES = 16_384;
// A dial that takes longer waits for the network and costs nothing, so it no longer counts among the running ones:
// else a silent endpoint would let only a few of its requests find out.
const COUNTED_DIAL_MS = 100;

/** One connection to an endpoint, with at most one exchange on it at a time. */
export class Lane {
  readonly #host: LaneHost;
  readonly #client: Client;
  readonly #target: Target;
  readonly #dialer: Dialer;
  #current: Exchange | undefined = undefined;
  #served = 0;
  #gone = false;
  #cancelDial: (() => void) | undefined = undefined;
  #cancelCount: (() => void) | undefined = undefined;

  constructor(host: LaneHost, target: Target, dialer: Dialer) {
    this.#host = host;
    this.#target = target;
    this.#dialer = dialer;
    this.#client = new Client(target.origin, {
      connect: (_options, done) => this.#connect(done),
      pipelining: 1,
      allowH2: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      keepAliveTimeout: KEEP_ALIVE_MS,
      // The exchange has its own deadline; undici's clocks are neither exact nor whole.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    this.#client.on('disconnect', () => {
      // With an exchange waiting, undici connects anew by itself.
      if (!this.#current) this.retire();
    });
  }

  /** Whether the connection has served an exchange before the current one. */
  get reused(): boolean {
    return this.#served > 0;
  }

  get gone(): boolean {
    return this.#gone;
  }

  get current(): Exchange | undefined {
    return this.#current;
  }

  run(exchange: Exchange): void {
    this.#current = exchange;
    exchange.lane = this;
    const { target, headers, request } = exchange;
    const sent =
      request.body === undefined ? { method: 'GET' } : { method: request.method ?? 'POST', body: request.body };
    this.#client.dispatch({ ...sent, path: target.path, headers }, exchange);
  }

  /** The current exchange was answered in full. */
  free(connection: string | undefined): void {
    if (this.#current) this.#current.lane = undefined;
    this.#current = undefined;
    this.#served++;
    if (connection !== undefined && /\bclose\b/i.test(connection)) this.retire();
    else this.#host.laneFree(this);
  }

  /** The current exchange is over without a full answer, so what is on the connection is unknown. */
  abandon(): void {
    if (this.#current) this.#current.lane = undefined;
    this.#current = undefined;
    this.retire();
  }

  /** Ends the lane and drops its connection. */
  retire(): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#endDial();
    // Not within undici's own callbacks, which go on working on the connection after they return.
    queueMicrotask(() => this.#client.destroy(null, () => {}));
    this.#host.laneGone(this);
  }

  #connect(done: (...result: [null, Socket] | [Error, null]) => void): void {
    this.#served = 0;
    const exchange = this.#current;
    if (!exchange || this.#gone) {
      queueMicrotask(() => done(new Error('nothing to send'), null));
      return;
    }
    this.#countDial();
    this.#cancelDial = this.#dialer.dial(this.#target, exchange, (error, socket) => {
      this.#cancelDial = undefined;
      this.#uncountDial();
      if (error) done(error, null);
      else done(null, socket!);
    });
  }

  #endDial(): void {
    this.#cancelDial?.();
    this.#cancelDial = undefined;
    this.#uncountDial();
  }

  #countDial(): void {
    this.#host.dialling(1);
    this.#cancelCount = this.#dialer.options.clock.after(COUNTED_DIAL_MS, () => this.#uncountDial());
  }

  #uncountDial(): void {
    if (!this.#cancelCount) return;
    this.#cancelCount();
    this.#cancelCount = undefined;
    this.#host.dialling(-1);
  }
}
