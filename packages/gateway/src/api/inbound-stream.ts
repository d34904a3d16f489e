/**
 * One client that follows inbounds, by server-sent events.
 *
 * `id` of an event is the number of the last end this client was sent, so whoever comes back with it misses no end and
 * gets none twice; it is also sent at the start and with every heartbeat. Ends are read from the store in their order,
 * changes in between come as they happen and are left out while the client does not keep up. A client that takes
 * nothing for 15 s is dropped: what it missed it can ask for again.
 */
import type { ServerResponse } from 'node:http';
import type { InboundObject } from '@pickup/contract';
import type { InboundFeed } from '../observe/inbound-feed.ts';
import type { Log } from '../observe/log.ts';
import type { Clock } from '../runners/clock.ts';
import { matchFilters } from '../stores/match-filters.ts';
import type { FieldFilter, Store } from '../stores/port.ts';

export const HEARTBEAT_MS = 15_000;
/** Without taking anything, at most. */
const STALL_LIMIT_MS = 15_000;
/** For the last bytes when the gateway stops. */
const CLOSE_LIMIT_MS = 1_000;
/** How soon a client may come back, in its own hands. */
const RETRY_MS = 1_000;
/** Ends read at once; each may be a few hundred KiB. */
const PAGE = 20;

export interface InboundStreamDeps {
  readonly ends: Pick<Store, 'inboundsEndedAfter'>;
  readonly feed: InboundFeed;
  readonly clock: Clock;
  readonly log: Log;
  /** The inbound as the client gets it, JSON on one line. */
  readonly render: (inbound: InboundObject) => string;
}

export interface StreamRequest {
  readonly filters: readonly FieldFilter[];
  /** The number of the last end this client knows; undefined: from now on. */
  readonly after: number | undefined;
}

/** Writes to `response` until the client or the gateway ends it; `stillAllowed` is asked at every heartbeat. */
export class InboundStream {
  readonly #deps: InboundStreamDeps;
  readonly #response: ServerResponse;
  readonly #filters: readonly FieldFilter[];
  readonly #stillAllowed: () => Promise<boolean>;
  #sentEnd = 0;
  #stalledSince: number | undefined;
  #resume = () => {};
  #reading = false;
  #hasMore = true;
  #over = false;
  #stopListening = () => {};
  #stopHeart = () => {};

  constructor(
    deps: InboundStreamDeps,
    response: ServerResponse,
    request: StreamRequest & { readonly stillAllowed: () => Promise<boolean>; readonly lastEnd: number },
  ) {
    this.#deps = deps;
    this.#response = response;
    this.#filters = request.filters;
    this.#stillAllowed = request.stillAllowed;
    // A number this store has not come to yet is another store's.
    this.#sentEnd = Math.min(request.after ?? request.lastEnd, request.lastEnd);
  }

  start(): void {
    const response = this.#response;
    response.on('close', () => this.#end());
    response.on('error', () => this.#end());
    response.on('drain', () => this.#drained());
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      connection: 'close',
    });
    this.#write(`retry: ${RETRY_MS}\nid: ${this.#sentEnd}\n\n`);
    this.#stopListening = this.#deps.feed.listen({
      changed: (inbound) => this.#changed(inbound),
      ended: () => this.#readEnds(),
      closed: () => this.#close(),
    });
    this.#beatLater();
    this.#readEnds();
  }

  #changed(inbound: InboundObject): void {
    if (this.#stalledSince === undefined && matchFilters(inbound, this.#filters)) this.#send(inbound);
  }

  /** Sends what ended since, and what ends meanwhile. */
  #readEnds(): void {
    this.#hasMore = true;
    if (this.#reading || this.#over) return;
    this.#reading = true;
    this.#pump().catch((error: unknown) => {
      this.#deps.log.warn('inbound_stream_failed', { error: String(error) });
      this.#close();
    });
  }

  async #pump(): Promise<void> {
    try {
      while (this.#hasMore && !this.#over) {
        this.#hasMore = false;
        await this.#sendPage();
      }
    } finally {
      // In the same turn as the look at `hasMore`: an end that is told after it starts anew.
      this.#reading = false;
    }
  }

  async #sendPage(): Promise<void> {
    const after = this.#sentEnd;
    const page = await this.#deps.ends.inboundsEndedAfter({ after, limit: PAGE, filters: this.#filters });
    for (const { ended, inbound } of page.items) {
      await this.#keptUp();
      if (this.#over) return;
      this.#sentEnd = ended;
      this.#send(inbound);
    }
    this.#sentEnd = page.up_to;
    if (page.up_to > after) this.#hasMore = true;
  }

  #send(inbound: InboundObject): void {
    this.#write(`event: inbound\nid: ${this.#sentEnd}\ndata: ${this.#deps.render(inbound)}\n\n`);
  }

  #write(text: string): void {
    if (this.#over) return;
    if (!this.#response.write(text)) this.#stalledSince ??= this.#deps.clock.monoMs();
  }

  #drained(): void {
    this.#stalledSince = undefined;
    this.#resume();
  }

  #keptUp(): Promise<void> {
    if (this.#stalledSince === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.#resume = resolve;
    });
  }

  #beatLater(): void {
    this.#stopHeart = this.#deps.clock.after(HEARTBEAT_MS, () => {
      this.#beat().catch((error: unknown) => {
        this.#deps.log.warn('inbound_stream_failed', { error: String(error) });
        this.#close();
      });
    });
  }

  async #beat(): Promise<void> {
    const { clock, log } = this.#deps;
    if (this.#stalledSince !== undefined && clock.monoMs() - this.#stalledSince >= STALL_LIMIT_MS) {
      log.warn('inbound_stream_dropped', { why: 'the client does not read' });
      this.#response.destroy();
      return this.#end();
    }
    if (!(await this.#stillAllowed())) return this.#close();
    // Another node may have ended one.
    this.#readEnds();
    if (this.#stalledSince === undefined) this.#write(`: still here\nid: ${this.#sentEnd}\n\n`);
    if (!this.#over) this.#beatLater();
  }

  /** Ends the answer; one that does not get through in time is cut. */
  #close(): void {
    if (this.#over) return;
    const stopWaiting = this.#deps.clock.after(CLOSE_LIMIT_MS, () => this.#response.destroy());
    this.#response.once('close', stopWaiting);
    this.#response.end();
    this.#end();
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopListening();
    this.#stopHeart();
    this.#resume();
  }
}
