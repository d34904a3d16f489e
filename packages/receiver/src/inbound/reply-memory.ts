/**
 * Replies by inbound: a retry (same `webhook-id`, same body) gets the reply its first attempt got or is about to get.
 * Only replies are remembered, no failures. Bounded in entries, size and time.
 */

/** A request for a reply, by what makes two of them the same. */
export interface AskedOnce<Run> {
  readonly inboundId: string;
  readonly body: string;
  /** Starts the handler; called at most once per reply. */
  start(): Run;
}

/** A run of the handler that others may wait for. */
export interface SharedRun {
  readonly reply: Promise<string>;
  /** Whether it was told to stop: its failure says nothing about a retry. */
  readonly aborted: boolean;
  extend(deadlineAt: number): void;
}

interface Entry<Run> {
  readonly body: string;
  readonly run?: Run;
  readonly reply?: string;
  readonly keptUntil: number;
}

const TTL_MS = 300_000;
const MAX_ENTRIES = 1000;
const MAX_CHARS = 4_000_000;

/** In a Worker a promise, like a signal, belongs to its request: there only finished replies are given again. */
const sharesRuns = (): boolean =>
  (globalThis as { navigator?: { userAgent?: string } }).navigator?.userAgent !== 'Cloudflare-Workers';

/** See the module's header. */
export class ReplyMemory<Run extends SharedRun> {
  readonly #entries = new Map<string, Entry<Run>>();
  readonly #now: () => number;
  #chars = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The reply: remembered, shared with a run that goes on, or of a new run. Rejects as the handler does. */
  async replyTo(asked: AskedOnce<Run>, deadlineAt: number): Promise<string> {
    const known = this.#find(asked);
    if (known?.reply !== undefined) return known.reply;
    if (known?.run !== undefined && sharesRuns() && !known.run.aborted) {
      known.run.extend(deadlineAt);
      try {
        return await known.run.reply;
      } catch (error) {
        if (!known.run.aborted) throw error;
      }
    }
    return this.#run(asked);
  }

  async #run(asked: AskedOnce<Run>): Promise<string> {
    const run = asked.start();
    const entry = { body: asked.body, run, keptUntil: this.#now() + TTL_MS };
    this.#set(asked.inboundId, entry);
    try {
      const reply = await run.reply;
      this.#set(asked.inboundId, { body: asked.body, reply, keptUntil: this.#now() + TTL_MS });
      return reply;
    } catch (error) {
      if (this.#entries.get(asked.inboundId) === entry) this.#delete(asked.inboundId);
      throw error;
    }
  }

  #find({ inboundId, body }: AskedOnce<Run>): Entry<Run> | undefined {
    const entry = this.#entries.get(inboundId);
    return entry !== undefined && entry.body === body && entry.keptUntil > this.#now() ? entry : undefined;
  }

  #set(inboundId: string, entry: Entry<Run>): void {
    this.#delete(inboundId);
    this.#entries.set(inboundId, entry);
    this.#chars += sizeOf(entry);
    for (const [oldest, { keptUntil }] of this.#entries) {
      const full = this.#entries.size > MAX_ENTRIES || this.#chars > MAX_CHARS;
      if (oldest === inboundId || (!full && keptUntil > this.#now())) break;
      this.#delete(oldest);
    }
  }

  #delete(inboundId: string): void {
    const entry = this.#entries.get(inboundId);
    if (entry === undefined) return;
    this.#entries.delete(inboundId);
    this.#chars -= sizeOf(entry);
  }
}

function sizeOf(entry: { readonly body: string; readonly reply?: string }): number {
  return entry.body.length + (entry.reply?.length ?? 0);
}
