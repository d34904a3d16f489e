/**
 * Delivers the events of calls: signed, at least once, the first attempts of a call in order. What waits is in the
 * store, so a stop or a crash loses none; one that was on its way is sent again, with the same webhook-id.
 */
import type { Outbound } from '@pickup/outbound';
import { signWebhook } from '@pickup/signature';
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import { untilStored } from '../runners/until-stored.ts';
import type { EventAttempt, EventRow, Store } from '../stores/port.ts';

export interface EventSender {
  start(): void;
  /** Sends what is due for the first time, for at most 2 s, then lets go of the rest until the next start. */
  close(): Promise<void>;
}

export interface EventSenderDeps {
  readonly store: Pick<Store, 'dueEvents' | 'recordEventAttempt'>;
  readonly outbound: Pick<Outbound, 'post'>;
  readonly signingKey: () => string;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
}

/** After the first, second and third failure; after the fourth nothing more is tried. */
export const RETRY_AFTER_MS: readonly number[] = [1_000, 5_000, 30_000];
/** The look at what is due costs some microseconds. */
const POLL_MS = 100;
const MOST_AT_ONCE = 64;
const MOST_REPLY_BYTES = 64 * 1024;
const CLOSE_LIMIT_MS = 2_000;

export function createEventSender(deps: EventSenderDeps): EventSender {
  return new Sender(deps);
}

class Sender implements EventSender {
  readonly #deps: EventSenderDeps;
  /** By event id. */
  readonly #sending = new Map<string, Promise<void>>();
  readonly #aborter = new AbortController();
  #cancelPoll = () => {};
  #closing = false;

  constructor(deps: EventSenderDeps) {
    this.#deps = deps;
  }

  start(): void {
    if (this.#closing) return;
    this.#cancelPoll = this.#deps.clock.after(POLL_MS, () => {
      this.#sendDue().finally(() => this.start());
    });
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#cancelPoll();
    const { clock } = this.#deps;
    let isLate = false;
    const late = new Promise<void>((resolve) => {
      clock.after(CLOSE_LIMIT_MS, () => {
        isLate = true;
        resolve();
      });
    });
    do {
      await this.#sendDue();
      await Promise.race([late, Promise.allSettled(this.#sending.values())]);
    } while (!isLate && this.#sending.size > 0);
    this.#aborter.abort();
    await Promise.allSettled(this.#sending.values());
  }

  async #sendDue(): Promise<void> {
    const { store, clock, log } = this.#deps;
    const room = MOST_AT_ONCE - this.#sending.size;
    if (room <= 0) return;
    try {
      const due = await store.dueEvents(clock.wallMs(), MOST_AT_ONCE * 2);
      const waiting = due.filter(({ event_id, attempts }) => {
        return !this.#sending.has(event_id) && (!this.#closing || attempts.length === 0);
      });
      for (const event of waiting.slice(0, room)) {
        const sent = this.#deliver(event).finally(() => this.#sending.delete(event.event_id));
        this.#sending.set(event.event_id, sent);
      }
    } catch (error) {
      log.error('events_failed', { error: String(error) });
    }
  }

  async #deliver(event: EventRow): Promise<void> {
    const { store, clock, log } = this.#deps;
    const attempt = await this.#send(event).catch((error: unknown): EventAttempt => {
      log.error('bug', { what: 'send_event', id: event.event_id, error });
      return { start_timestamp: clock.wallMs(), error: 'internal_error' };
    });
    // Cut off by our stop: as if it had not been tried.
    if (this.#aborter.signal.aborted && attempt.error === 'aborted') return;
    const number = event.attempts.length + 1;
    const delivered = attempt.status !== undefined && attempt.status >= 200 && attempt.status < 300;
    const wait = delivered ? undefined : RETRY_AFTER_MS[number - 1];
    const fields = { id: event.event_id, attempt: number, status: attempt.status, error: attempt.error };
    if (!delivered) log.warn('event_failed', { ...fields, again: wait !== undefined });
    else log.debug('event_delivered', fields);
    const next = wait === undefined ? undefined : clock.wallMs() + wait;
    const write = () => store.recordEventAttempt(event.event_id, attempt, next);
    await untilStored(write, { clock, log, what: 'event_attempt', id: event.event_id });
  }

  async #send({ event_id, url, body, timeout_ms, attempts }: EventRow): Promise<EventAttempt> {
    const { outbound, signingKey, clock, version } = this.#deps;
    const result = await outbound.post({
      url,
      headers: {
        'content-type': 'application/json',
        'x-retell-signature': signWebhook({ body, key: signingKey(), wallMs: clock.wallMs() }),
        'webhook-id': event_id,
        'x-pickup-attempt': String(attempts.length + 1),
        'accept-encoding': 'identity',
        'user-agent': `Pickup/${version}`,
      },
      body,
      deadlineMonoMs: clock.monoMs() + timeout_ms,
      signal: this.#aborter.signal,
      maxReplyBytes: MOST_REPLY_BYTES,
    });
    const start_timestamp = Math.round(result.startedWallMs);
    return result.ok ? { start_timestamp, status: result.status } : { start_timestamp, error: result.error };
  }
}
