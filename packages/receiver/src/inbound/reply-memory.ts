/**
 * Replies by inbound: a retry (same `webhook-id`, same question) gets the reply its first attempt got or is about to
 * get. The question belongs to the key, for it is signed and the id is not: whoever sends somebody else's id finds
 * nothing and displaces nothing. Only replies are remembered, no failures. Bounded in entries, size and time.
 */

/** A request for a reply, by what makes two of them the same. */
export interface AskedOnce<Run> {
  readonly inboundId: string;
  /** As it was signed, but for what differs from attempt to attempt. */
  readonly question: string;
  /** Starts the handler; called at most once per reply. */
  start(): Run;
}

/** A run of the handler that others may wait for. */
export interface SharedRun {
  readonly reply: Promise<string>;
  /** Whether it was told to stop: nobody waits for it any more, and a retry starts anew. */
  readonly aborted: boolean;
  extend(deadlineAt: number): void;
}

interface Entry<Run> {
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
      return known.run.reply;
    }
    return this.#run(asked);
  }

  async #run(asked: AskedOnce<Run>): Promise<string> {
    const key = keyOf(asked);
    const run = asked.start();
    const entry = { run, keptUntil: this.#now() + TTL_MS };
    this.#set(key, entry);
    try {
      const reply = await run.reply;
      this.#set(key, { reply, keptUntil: this.#now() + TTL_MS });
      return reply;
    } catch (error) {
      if (this.#entries.get(key) === entry) this.#delete(key);
      throw error;
    }
  }

  #find(asked: AskedOnce<Run>): Entry<Run> | undefined {
    const entry = this.#entries.get(keyOf(asked));
    return entry !== undefined && entry.keptUntil > this.#now() ? entry : undefined;
  }

  #set(key: string, entry: Entry<Run>): void {
    this.#delete(key);
    this.#entries.set(key, entry);
    this.#chars += sizeOf(key, entry);
    for (const [oldest, { keptUntil }] of this.#entries) {
      const full = this.#entries.size > MAX_ENTRIES || this.#chars > MAX_CHARS;
      if (oldest === key || (!full && keptUntil > this.#now())) break;
      this.#delete(oldest);
    }
  }

  #delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#chars -= sizeOf(key, entry);
  }
}

/** A header holds no line break, so no id and question are taken for another pair. */
function keyOf({ inboundId, question }: { readonly inboundId: string; readonly question: string }): string {
  return `${inboundId}\n${question}`;
}

function sizeOf(key: string, entry: { readonly reply?: string }): number {
  return key.length + (entry.reply?.length ?? 0);
}
