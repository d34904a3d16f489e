/**
 * One request from its start to its result: the handler that undici calls, the thing that expires, and the keeper of
 * the times. It settles exactly once; whatever happens afterwards is ignored.
 */
import type { Dispatcher } from 'undici';
import type { Expiring } from './deadlines.ts';
import { abortedBy, type Failure, isReset, malformedReply, replyFailure, type Stage, timedOut } from './failure.ts';
import { inflate, isInflatable } from './inflate.ts';
import type { Lane } from './lane.ts';
import type { Target } from './target.ts';
import type { AttemptPhases, Clock, OutboundGet, OutboundRequest, OutboundResult } from './types.ts';

/** What an exchange needs of its surroundings. */
export interface ExchangeHost {
  readonly clock: Clock;
  /** The exchange is over; it was still queued if it never had a lane. */
  settled(exchange: Exchange): void;
  /** Sends once more, on a connection of its own. */
  resend(exchange: Exchange): void;
}

const MAX_INFORMATIONAL = 16;
const EMPTY = Buffer.alloc(0);

/** A request on its way; see the head of this file. */
export class Exchange implements Expiring, Dispatcher.DispatchHandler {
  /** Without a body it is a GET. */
  readonly request: OutboundGet & Partial<Pick<OutboundRequest, 'body' | 'method'>>;
  readonly target: Target;
  readonly headers: Readonly<Record<string, string>>;
  readonly deadlineMonoMs: number;
  settled = false;
  lane: Lane | undefined = undefined;
  readonly #host: ExchangeHost;
  readonly #resolve: (result: OutboundResult) => void;
  readonly #startedMonoMs: number;
  readonly #startedWallMs: number;
  #stage: Stage = 'queue';
  #stageSinceMs: number;
  #queueMs = -1;
  #dnsMs = -1;
  #connectMs = -1;
  #tlsMs = -1;
  #firstByteMs = -1;
  #resent = false;
  #informational = 0;
  // The reply is in hand; what undici still says about its connection no longer matters.
  #received = false;
  #status = 0;
  #replyHeaders: Record<string, string> = {};
  #body: Buffer = EMPTY;
  #bodySize = 0;

  constructor(
    host: ExchangeHost,
    target: Target,
    headers: Readonly<Record<string, string>>,
    request: OutboundGet | OutboundRequest,
    resolve: (result: OutboundResult) => void,
  ) {
    this.#host = host;
    this.target = target;
    this.headers = headers;
    this.request = request;
    this.deadlineMonoMs = request.deadlineMonoMs;
    this.#resolve = resolve;
    this.#startedMonoMs = host.clock.monoMs();
    this.#startedWallMs = host.clock.wallMs();
    this.#stageSinceMs = this.#startedMonoMs;
    request.signal?.addEventListener('abort', this);
  }

  /** Begins a stage and books the time of the one before it. */
  enter(stage: Stage): void {
    if (this.settled) return;
    this.#book(this.#host.clock.monoMs());
    this.#stage = stage;
  }

  /** The deadline has passed. */
  expire(): void {
    this.fail(timedOut(this.#stage, this.#host.clock.monoMs() - this.deadlineMonoMs));
  }

  /** The caller's abort signal. */
  handleEvent(): void {
    this.fail(abortedBy('caller', `aborted while ${this.#stage}`));
  }

  fail(failure: Failure): void {
    if (this.settled) return;
    const ended = this.#end();
    this.lane?.abandon();
    this.#resolve({ ok: false, ...failure, ...(this.#status === 0 ? {} : { status: this.#status }), ...ended });
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.settled) controller.abort(new Error('settled before it was sent'));
    else this.enter('sent');
  }

  onResponseStarted(): void {
    if (this.#stage === 'sent') this.enter('headers');
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.settled) return;
    if (status < 200) {
      if (++this.#informational > MAX_INFORMATIONAL)
        this.fail(malformedReply('The reply is a flood of interim answers.'));
      return;
    }
    this.#stage = 'body';
    this.#status = status;
    for (const name in headers) {
      const value = headers[name];
      if (Array.isArray(value)) headers[name] = value.join(', ');
    }
    this.#replyHeaders = headers as Record<string, string>;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.settled || this.#received) return;
    const room = this.request.maxReplyBytes - this.#bodySize;
    const fits = chunk.length > room ? chunk.subarray(0, room) : chunk;
    this.#append(fits);
    if (fits.length < chunk.length) this.#complete(true);
  }

  onResponseEnd(): void {
    if (this.settled || this.#received) return;
    this.lane?.free(this.#replyHeaders['connection']);
    this.#complete(false);
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    if (this.settled || this.#received) return;
    // C5: the peer had closed an idle connection while the request was on its way.
    if (this.lane?.reused && this.#stage === 'sent' && !this.#resent && isReset(error)) {
      this.#resent = true;
      this.lane.abandon();
      this.#host.resend(this);
      return;
    }
    this.fail(replyFailure(error, this.#stage));
  }

  /** Keeps the body in one growing buffer: a reply that drips in single bytes must not cost a buffer for each. */
  #append(bytes: Buffer): void {
    const size = this.#bodySize + bytes.length;
    if (this.#bodySize === 0) {
      this.#body = bytes;
    } else {
      if (size > this.#body.length || this.#bodySize === this.#body.length) {
        const grown = Buffer.allocUnsafe(Math.min(this.request.maxReplyBytes, Math.max(size * 2, 4_096)));
        this.#body.copy(grown, 0, 0, this.#bodySize);
        this.#body = grown;
      }
      bytes.copy(this.#body, this.#bodySize);
    }
    this.#bodySize = size;
  }

  #complete(truncated: boolean): void {
    this.#received = true;
    // The rest of a reply that is too long is not worth reading, so its connection goes.
    if (truncated) this.lane?.abandon();
    const body = this.#body.length === this.#bodySize ? this.#body : this.#body.subarray(0, this.#bodySize);
    const encoding = this.#replyHeaders['content-encoding'];
    if (body.length === 0 || !isInflatable(encoding)) {
      this.#succeed(body, truncated);
      return;
    }
    void inflate(body, encoding, this.request.maxReplyBytes, truncated).then((inflated) => {
      if (inflated.broken !== undefined) this.fail(malformedReply('The reply is not in the encoding that it states.'));
      else this.#succeed(inflated.body, inflated.truncated);
    });
  }

  #succeed(body: Buffer, truncated: boolean): void {
    if (this.settled) return;
    const now = this.#host.clock.monoMs();
    // After a stall of the event loop a late reply can be read before the deadline's timer fires.
    if (now > this.deadlineMonoMs) {
      this.expire();
      return;
    }
    const ended = this.#end();
    this.#resolve({ ok: true, status: this.#status, headers: this.#replyHeaders, body, truncated, ...ended });
  }

  #end() {
    this.settled = true;
    const endedMonoMs = this.#host.clock.monoMs();
    this.#book(endedMonoMs);
    this.request.signal?.removeEventListener('abort', this);
    this.#host.settled(this);
    const totalMs = endedMonoMs - this.#startedMonoMs;
    return {
      phases: this.#phases(totalMs),
      startedMonoMs: this.#startedMonoMs,
      endedMonoMs,
      startedWallMs: this.#startedWallMs,
      endedWallMs: Math.round(this.#startedWallMs + totalMs),
      resent: this.#resent,
    };
  }

  #book(nowMs: number): void {
    const spentMs = nowMs - this.#stageSinceMs;
    this.#stageSinceMs = nowMs;
    if (this.#stage === 'sent') this.#firstByteMs = Math.max(0, this.#firstByteMs) + spentMs;
    else if (this.#stage === 'queue') this.#queueMs = Math.max(0, this.#queueMs) + spentMs;
    else if (this.#stage === 'dns') this.#dnsMs = Math.max(0, this.#dnsMs) + spentMs;
    else if (this.#stage === 'connect') this.#connectMs = Math.max(0, this.#connectMs) + spentMs;
    else if (this.#stage === 'tls') this.#tlsMs = Math.max(0, this.#tlsMs) + spentMs;
  }

  #phases(totalMs: number): AttemptPhases {
    return {
      ...(this.#queueMs < 0 ? undefined : { queue_ms: micro(this.#queueMs) }),
      ...(this.#dnsMs < 0 ? undefined : { dns_ms: micro(this.#dnsMs) }),
      ...(this.#connectMs < 0 ? undefined : { connect_ms: micro(this.#connectMs) }),
      ...(this.#tlsMs < 0 ? undefined : { tls_ms: micro(this.#tlsMs) }),
      ...(this.#firstByteMs < 0 ? undefined : { first_byte_ms: micro(this.#firstByteMs) }),
      total_ms: micro(totalMs),
    };
  }
}

/** Milliseconds to three decimals: the clock gives fifteen digits, which nobody wants in a record. */
const micro = (ms: number) => Math.round(ms * 1_000) / 1_000;
