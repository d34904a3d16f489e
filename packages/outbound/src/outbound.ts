/**
 * Every HTTP request to somebody else's URL goes through here. What holds for each of them:
 * C1 it ends at its deadline in whatever phase; C5 one resend after a reset of a reused connection; C6 an abort ends it
 * at once and what was queued is never sent; C7 no redirect is followed and no cookie kept; the address is judged on
 * every connection; a slow endpoint holds up nobody but itself.
 */
import { createAddressGuard, type GuardOptions } from './address-guard.ts';
import { checkUrl } from './check-url.ts';
import { Deadlines } from './deadlines.ts';
import type { Dialer } from './dial.ts';
import { Endpoint } from './endpoint.ts';
import { Exchange, type ExchangeHost } from './exchange.ts';
import { abortedBy, addressRefused, type Failure } from './failure.ts';
import { type DialSettings, makeDialer } from './make-dialer.ts';
import { httpUrlOf, type OpenedSocket, openSocket, type SocketRequest } from './open-socket.ts';
import { parseTarget, type Target, type TargetFault } from './target.ts';
import type { Clock, OutboundGet, OutboundRequest, OutboundResult, UrlVerdict } from './types.ts';

/** Settings of a sender, with the rules for addresses. */
export interface OutboundOptions extends GuardOptions, DialSettings {
  /**
   * The most connections to one origin; the next request waits, and its deadline counts the wait. Default 2,048: an
   * endpoint may use its time to delay the pickup (F3), so as many must fit as calls may ring on it.
   */
  readonly connectionsPerEndpoint?: number;
  /** Sent where the request has no `user-agent` of its own. */
  readonly userAgent?: string;
}

/** Sends requests to URLs that somebody else chose. */
export interface Outbound {
  /** Sends once. Never rejects; `ok` is true for any status that came with its whole reply in time. */
  post(request: OutboundRequest): Promise<OutboundResult>;
  /** Reads once, under the same rules: a redirect is a reply like any other. */
  get(request: OutboundGet): Promise<OutboundResult>;
  /** Opens a WebSocket under the same rules. Never rejects. */
  openSocket(request: SocketRequest): Promise<OpenedSocket>;
  /** Judges a URL when it is saved. */
  checkUrl(url: string): UrlVerdict;
  /** Ends what is in progress (`aborted`) and closes all connections. */
  close(): Promise<void>;
}

const MAX_TARGETS = 10_000;
const MAX_ENDPOINTS = 1_000;

/** Makes a sender. Throws on a malformed CIDR in `allow`. */
export function createOutbound(options: OutboundOptions): Outbound {
  return new Sender(options);
}

class Sender implements Outbound, ExchangeHost {
  readonly clock: Clock;
  readonly #options: OutboundOptions;
  readonly #guard: ReturnType<typeof createAddressGuard>;
  readonly #dialer: Dialer;
  readonly #deadlines: Deadlines;
  readonly #targets = new Map<string, Target>();
  readonly #endpoints = new Map<string, Endpoint>();
  readonly #sockets = new Set<{ close(): void }>();
  #closed = false;

  constructor(options: OutboundOptions) {
    this.clock = options.clock;
    this.#options = options;
    this.#guard = createAddressGuard(options, () => options.clock.monoMs());
    this.#deadlines = new Deadlines(options.clock);
    this.#dialer = makeDialer(options, this.#guard);
  }

  checkUrl(url: string): UrlVerdict {
    return checkUrl(url, this.#guard);
  }

  post(request: OutboundRequest): Promise<OutboundResult> {
    return this.#send(request);
  }

  get(request: OutboundGet): Promise<OutboundResult> {
    return this.#send(request);
  }

  async openSocket(request: SocketRequest): Promise<OpenedSocket> {
    const target = /^wss?:/i.test(request.url) ? this.#target(httpUrlOf(request.url)) : 'unsupported_scheme';
    if (typeof target === 'string') return { ok: false, ...addressRefused(target) };
    if (this.#closed) return { ok: false, ...abortedBy('gateway', 'the sender is closed') };
    return openSocket({ dialer: this.#dialer, clock: this.clock, sockets: this.#sockets }, target, request);
  }

  #send(request: OutboundGet | OutboundRequest): Promise<OutboundResult> {
    const target = this.#target(request.url);
    if (typeof target === 'string') return this.#refuse(addressRefused(target));
    if (this.#closed) return this.#refuse(abortedBy('gateway', 'the sender is closed'));
    if (request.signal?.aborted) return this.#refuse(abortedBy('caller', 'aborted before it began'));
    return new Promise((resolve) => {
      const exchange = new Exchange(this, target, this.#headers(request, target), request, resolve);
      if (request.deadlineMonoMs <= this.clock.monoMs()) {
        exchange.expire();
        return;
      }
      this.#deadlines.add(exchange);
      this.#endpoint(target).submit(exchange);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const endpoint of [...this.#endpoints.values()]) {
      for (const exchange of [...endpoint.exchanges()]) exchange.fail(abortedBy('gateway', 'the sender was closed'));
      endpoint.close();
    }
    for (const socket of [...this.#sockets]) socket.close();
    this.#deadlines.close();
    // Connections are dropped in a microtask; their sockets close in the next turn of the loop.
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  settled(exchange: Exchange): void {
    this.#deadlines.remove(exchange);
    if (!exchange.lane) this.#endpoints.get(exchange.target.origin)?.withdraw(exchange);
  }

  resend(exchange: Exchange): void {
    this.#endpoint(exchange.target).runFresh(exchange);
  }

  #refuse(failure: Failure): Promise<OutboundResult> {
    const nowMonoMs = this.clock.monoMs();
    const wallMs = this.clock.wallMs();
    const times = { startedMonoMs: nowMonoMs, endedMonoMs: nowMonoMs, startedWallMs: wallMs, endedWallMs: wallMs };
    return Promise.resolve({ ok: false, ...failure, phases: { total_ms: 0 }, ...times, resent: false });
  }

  #target(url: string): Target | TargetFault {
    const known = this.#targets.get(url);
    if (known) return known;
    const target = parseTarget(url);
    if (typeof target === 'string') return target;
    if (this.#targets.size >= MAX_TARGETS) this.#targets.delete(this.#targets.keys().next().value!);
    this.#targets.set(url, target);
    return target;
  }

  #headers(request: OutboundGet, target: Target): Readonly<Record<string, string>> {
    const { userAgent } = this.#options;
    const { headers } = request;
    const addAgent = userAgent !== undefined && headers['user-agent'] === undefined;
    const addAuthorization = target.authorization !== undefined && headers['authorization'] === undefined;
    if (!addAgent && !addAuthorization) return headers;
    return {
      ...headers,
      ...(addAgent ? { 'user-agent': userAgent } : undefined),
      ...(addAuthorization ? { authorization: target.authorization! } : undefined),
    };
  }

  #endpoint(target: Target): Endpoint {
    let endpoint = this.#endpoints.get(target.origin);
    if (!endpoint) {
      if (this.#endpoints.size >= MAX_ENDPOINTS) this.#closeQuietest();
      endpoint = new Endpoint({
        target,
        dialer: this.#dialer,
        maxConnections: this.#options.connectionsPerEndpoint ?? 2_048,
        onEmpty: (empty) => this.#forget(empty),
      });
      this.#endpoints.set(target.origin, endpoint);
    }
    endpoint.usedAtMs = this.clock.monoMs();
    return endpoint;
  }

  #forget(empty: Endpoint): void {
    if (this.#endpoints.get(empty.origin) === empty) this.#endpoints.delete(empty.origin);
  }

  /** Makes room for a new origin by closing the one that was unused for longest. */
  #closeQuietest(): void {
    let quietest: Endpoint | undefined;
    for (const endpoint of this.#endpoints.values()) {
      if (endpoint.quiet && (!quietest || endpoint.usedAtMs < quietest.usedAtMs)) quietest = endpoint;
    }
    quietest?.close();
  }
}
