/**
 * Sends the parts of a pair of numbers, one after the other: the next once the one before is out (F2). A part is
 * `sending` in the store before the provider is asked to take it. After a cut in between, the provider is asked
 * whether it has it, where it can tell; else it is sent again, which is the one duplicate there may be.
 */
import type { EdgeName } from '@pickup/contract';
import type { OnTextStatus, OutgoingPart, SendOutcome, TextEdge } from '../edges/text-port.ts';
import { backOffMs, type JobHandler } from '../jobs/job-runner.ts';
import type { Log } from '../observe/index.ts';
import type { Clock } from '../runners/clock.ts';
import type { OutgoingRow, PartResult, PartToSend, Store } from '../stores/port.ts';
import { sendJob } from '../stores/texts-of-chat.ts';
import { withinLimit } from './within-limit.ts';

export interface TextSender {
  readonly handle: JobHandler;
  readonly onStatus: OnTextStatus;
}

export interface TextSenderDeps {
  readonly store: Pick<Store, 'beginPart' | 'finishPart' | 'findOutgoing' | 'recordTextStatus' | 'getNumber'>;
  readonly clock: Clock;
  readonly edgeOf: (name: EdgeName) => TextEdge | undefined;
  /** By which way a number of ours sends to whom never wrote to it. */
  readonly edgeOfNumber: (phoneNumber: string) => Promise<EdgeName | undefined>;
  /** Parts may go. */
  readonly wake: () => void;
  readonly log: Log;
}

/** How long the next part waits for the provider's word on the one before. */
const STATUS_LIMIT_MS = 30_000;
/** Of one call of the provider. */
const SEND_LIMIT_MS = 15_000;
/** Half an hour, by the back-off. */
const MOST_FAILURES = 8;
/** Clocks of providers differ from ours. */
const CLOCK_MARGIN_MS = 60_000;
/** Words of the provider that were faster than our own commit. */
const MOST_EARLY = 10_000;

/** What follows a step: the next part, a wait, or nothing. */
type Next = { readonly next: PartToSend | undefined } | { readonly waitUntil: number };

export function createTextSender(deps: TextSenderDeps): TextSender {
  return new Sender(deps);
}

class Sender implements TextSender {
  readonly #deps: TextSenderDeps;
  readonly #early = new Map<string, Parameters<OnTextStatus>[0]>();

  constructor(deps: TextSenderDeps) {
    this.#deps = deps;
  }

  readonly handle: JobHandler = async (job, signal) => {
    const pair = String(job.payload['pair']);
    const { store, clock } = this.#deps;
    let next = await store.beginPart(pair, clock.wallMs());
    while (next) {
      signal.throwIfAborted();
      const step = await this.#step(next, signal);
      if ('waitUntil' in step) {
        return { again: { ...sendJob(pair), run_at: step.waitUntil, job_key_mode: 'preserve_run_at' } };
      }
      next = step.next;
    }
  };

  readonly onStatus: OnTextStatus = async (status) => {
    const { store, clock, wake } = this.#deps;
    const pair = await store.recordTextStatus({ ...status, now: clock.wallMs() });
    if (pair !== undefined) return wake();
    this.#early.set(keyOf(status.edge, status.provider_message_id), status);
    const [oldest] = this.#early.keys();
    if (this.#early.size > MOST_EARLY && oldest !== undefined) this.#early.delete(oldest);
  };

  async #step({ part, pair, again }: PartToSend, signal: AbortSignal): Promise<Next> {
    if (part.state === 'accepted') return this.#afterAccept(part);
    if (pair.opted_out && part.chat_id !== undefined) {
      return this.#failed(part, {
        final: true,
        known: true,
        code: 'opted_out',
        message: 'Its receiver has opted out (A8).',
      });
    }
    const name = pair.edge ?? (await this.#deps.edgeOfNumber(part.from_number));
    const edge = name && this.#deps.edgeOf(name);
    if (!edge) {
      const message = `Nothing here sends texts${name === undefined ? '' : ` by ${name}`}; is its account set up?`;
      return this.#failed(part, { final: false, known: true, code: 'no_edge', message });
    }
    const outgoing = outgoingOf(part, pair);
    const limit = { clock: this.#deps.clock, limitMs: SEND_LIMIT_MS, signal };
    try {
      const found = again
        ? await withinLimit(limit, (limited) => this.#find(edge, part, outgoing, limited))
        : undefined;
      if (found?.status === 'failed') {
        return await this.#failed(part, { final: true, known: true, message: 'The provider could not deliver it.' });
      }
      if (found) {
        const { provider_message_id, status } = found;
        return await this.#took(part, edge.name, { provider_message_id, sent: status !== 'accepted' });
      }
      const outcome = await withinLimit(limit, (limited) => edge.send(outgoing, limited));
      return await this.#outcome(part, edge.name, outcome);
    } catch (error) {
      // Cut off: what the provider did is asked at the next start.
      signal.throwIfAborted();
      return this.#failed(part, { final: false, known: false, code: 'unknown', message: nameOf(error) });
    }
  }

  /** A message that went out as another part, with the same words, is not this one. */
  async #find(edge: TextEdge, part: OutgoingRow, outgoing: OutgoingPart, signal: AbortSignal) {
    const found = await edge.findSent?.(outgoing, (part.sending_timestamp ?? 0) - CLOCK_MARGIN_MS, signal);
    const other = found && (await this.#deps.store.findOutgoing(edge.name, found.provider_message_id));
    return other === undefined ? found : undefined;
  }

  #outcome(part: OutgoingRow, edge: EdgeName, outcome: SendOutcome): Promise<Next> {
    if (outcome.kind === 'accepted') return this.#took(part, edge, outcome);
    const { permanent: final, code, message } = outcome;
    return this.#failed(part, { final, known: true, message, ...(code !== undefined && { code }) });
  }

  async #took(
    part: OutgoingRow,
    edge: EdgeName,
    taken: { readonly provider_message_id: string; readonly sent: boolean },
  ): Promise<Next> {
    const { store, clock } = this.#deps;
    const { provider_message_id, sent } = taken;
    const now = clock.wallMs();
    const next = await store.finishPart(
      part.part_id,
      { state: sent ? 'sent' : 'accepted', edge, provider_message_id },
      now,
    );
    const key = keyOf(edge, provider_message_id);
    const early = this.#early.get(key);
    this.#early.delete(key);
    if (early) await store.recordTextStatus({ ...early, now });
    // Its status may have been faster than this commit.
    if (sent || next) return { next };
    return early ? { next: await store.beginPart(part.pair, now) } : { waitUntil: now + STATUS_LIMIT_MS };
  }

  async #afterAccept(part: OutgoingRow): Promise<Next> {
    const { store, clock } = this.#deps;
    const now = clock.wallMs();
    const accepted = part.accepted_timestamp ?? now;
    const until = accepted + STATUS_LIMIT_MS;
    // A clock that was set back makes nobody wait longer.
    return accepted <= now && now < until
      ? { waitUntil: until }
      : { next: await store.finishPart(part.part_id, { state: 'sent' }, now) };
  }

  async #failed(
    part: OutgoingRow,
    failure: { readonly final: boolean; readonly known: boolean; readonly code?: string; readonly message: string },
  ): Promise<Next> {
    const { store, clock, log } = this.#deps;
    const now = clock.wallMs();
    const failures = part.failures + 1;
    const final = failure.final || failures >= MOST_FAILURES;
    const { part_id: id, chat_id } = part;
    log.warn('text_not_sent', { id, chat_id, code: failure.code, attempt: failures, again: !final });
    const result: PartResult = { state: 'failed', ...failure, final };
    const next = await store.finishPart(id, result, now);
    return final ? { next } : { waitUntil: now + backOffMs(failures) };
  }
}

function outgoingOf(part: OutgoingRow, { reply_route }: PartToSend['pair']): OutgoingPart {
  const { part_id, chat_id, from_number, to_number, body = '' } = part;
  return {
    part_id,
    ...(chat_id !== undefined && { chat_id }),
    from_number,
    to_number,
    body,
    ...(reply_route && { reply_route }),
  };
}

function keyOf(edge: EdgeName, id: string): string {
  return `${edge} ${id}`;
}

/** Without its message, which may quote numbers. */
function nameOf(error: unknown): string {
  return error instanceof Error ? `The provider was not reached: ${error.name}.` : 'The provider was not reached.';
}
