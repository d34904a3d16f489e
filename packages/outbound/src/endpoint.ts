import type { Dialer } from './dial.ts';
import type { Exchange } from './exchange.ts';
import { Lane, type LaneHost } from './lane.ts';
import type { Target } from './target.ts';

/** What an endpoint needs of its surroundings. */
export interface EndpointOptions {
  readonly target: Target;
  readonly dialer: Dialer;
  /** The most connections at once. */
  readonly maxConnections: number;
  /** Nothing is left: no connection and nobody waiting. */
  readonly onEmpty: (endpoint: Endpoint) => void;
}

// New connections are opened in groups, so that a burst to one endpoint does not fill the event loop with handshakes.
const MAX_DIALS = 64;

/** One origin: its connections and those who wait for one, first come first served. */
export class Endpoint implements LaneHost {
  readonly origin: string;
  /** When a request was last given to it, on the monotonic clock. */
  usedAtMs = 0;
  readonly #options: EndpointOptions;
  readonly #lanes = new Set<Lane>();
  // Last used first, so that surplus connections grow old and close.
  readonly #idle: Lane[] = [];
  readonly #queue = new Set<Exchange>();
  #dials = 0;

  constructor(options: EndpointOptions) {
    this.origin = options.target.origin;
    this.#options = options;
  }

  /** Whether nothing is in progress. */
  get quiet(): boolean {
    return this.#queue.size === 0 && this.#idle.length >= this.#lanes.size;
  }

  submit(exchange: Exchange): void {
    if (this.#queue.size > 0 || !this.#start(exchange)) this.#queue.add(exchange);
  }

  /** Takes an exchange out of the queue, where it still is there. */
  withdraw(exchange: Exchange): void {
    this.#queue.delete(exchange);
    this.#checkEmpty();
  }

  /** Sends on a new connection, past the queue: the exchange has had its turn, and its old connection is gone. */
  runFresh(exchange: Exchange): void {
    this.#newLane().run(exchange);
  }

  /** Everything that is in progress or waits. */
  *exchanges(): Generator<Exchange> {
    yield* this.#queue;
    for (const lane of this.#lanes) if (lane.current) yield lane.current;
  }

  /** Closes all connections. */
  close(): void {
    for (const lane of [...this.#lanes]) lane.retire();
  }

  dialling(delta: 1 | -1): void {
    this.#dials += delta;
    if (delta < 0) this.#pump();
  }

  laneFree(lane: Lane): void {
    const next = this.#takeQueued();
    if (next) lane.run(next);
    else this.#idle.push(lane);
  }

  laneGone(lane: Lane): void {
    this.#lanes.delete(lane);
    const at = this.#idle.lastIndexOf(lane);
    if (at >= 0) this.#idle.splice(at, 1);
    this.#pump();
    this.#checkEmpty();
  }

  #pump(): void {
    for (const exchange of this.#queue) {
      if (!this.#mayStart()) return;
      this.#queue.delete(exchange);
      this.#start(exchange);
    }
  }

  #mayStart(): boolean {
    return this.#idle.length > 0 || (this.#lanes.size < this.#options.maxConnections && this.#dials < MAX_DIALS);
  }

  #start(exchange: Exchange): boolean {
    if (!this.#mayStart()) return false;
    const lane = this.#idle.pop() ?? this.#newLane();
    lane.run(exchange);
    return true;
  }

  #takeQueued(): Exchange | undefined {
    if (this.#queue.size === 0) return undefined;
    const [first] = this.#queue;
    this.#queue.delete(first!);
    return first;
  }

  #newLane(): Lane {
    const lane = new Lane(this, this.#options.target, this.#options.dialer);
    this.#lanes.add(lane);
    return lane;
  }

  #checkEmpty(): void {
    if (this.#lanes.size === 0 && this.#queue.size === 0) this.#options.onEmpty(this);
  }
}
