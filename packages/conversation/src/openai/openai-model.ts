/**
 * Asks an OpenAI-compatible endpoint with the official library, streaming inside: a model that still writes is not
 * given up, one that fell silent is.
 *
 * M1 A request ends: connect and first piece in `firstPieceMs`, then each piece in `pieceMs`, all in `requestMs`.
 * M2 429, 408, 409, 5xx, resets, cut streams and silence are tried again, at most `tries` in all, with back-off and by
 *    the endpoint's Retry-After where it fits into `retryMs`; nothing else is.
 * M3 A stream that ends without saying why (`finish_reason`) was cut: none of it counts.
 *    An answer or a line of it that does not stop is cut.
 * M4 An aborted signal ends it at once, and whatever waits.
 */
import type { OpenAI } from 'openai';
import type { AskModel, ModelReply, ModelRequest, ModelResult, TokenUse } from '../talk/model.ts';
import { boundedFetch, type Fetch } from './bounded-fetch.ts';
import { type Failed, failureOf } from './failure.ts';
import { readStream } from './read-stream.ts';
import { Watch } from './watch.ts';
import { wireRequest } from './wire-request.ts';

/** Time as the caller keeps it. */
export interface ModelClock {
  monoMs(): number;
  wallMs(): number;
  after(delayMs: number, fire: () => void): () => void;
}

export interface ModelTimes {
  /** Default 30,000. */
  readonly firstPieceMs: number;
  /** Default 20,000. */
  readonly pieceMs: number;
  /** Default 60,000. */
  readonly requestMs: number;
  /** Default 3. */
  readonly tries: number;
  /** Longest wait before another try; default 20,000. */
  readonly retryMs: number;
}

export interface OpenAiOptions {
  /** `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** Absent: the endpoint asks for none. */
  readonly apiKey?: string;
  /** The provider's own name of the model, given the catalogue's. Default: the same. */
  readonly servedModel?: (model: string) => string;
  /** The way out. */
  readonly fetch: Fetch;
  readonly clock: ModelClock;
  /** 0 to 1, for the jitter of the back-off. */
  readonly random: () => number;
  readonly times?: Partial<ModelTimes>;
}

const TIMES: ModelTimes = { firstPieceMs: 30_000, pieceMs: 20_000, requestMs: 60_000, tries: 3, retryMs: 20_000 };
/** Of a failure, in UTF-16 units. */
const MAX_DETAIL = 500;
const FIRST_BACKOFF_MS = 500;
const NONE: TokenUse = { prompt: 0, completion: 0 };

/** An endpoint to ask; the library is loaded with the first question. */
export function createOpenAiModel(options: OpenAiOptions): AskModel {
  const endpoint = new Endpoint(options);
  return (request, signal) => endpoint.ask(request, signal);
}

type Try =
  | { readonly ok: true; readonly reply: ModelReply; readonly use: TokenUse }
  | (Failed & { readonly ok: false });

class Endpoint {
  readonly #options: OpenAiOptions;
  readonly #times: ModelTimes;
  /** Models that were found to take no temperature of ours. */
  readonly #fixedTemperature = new Set<string>();
  #client: Promise<OpenAI> | undefined;

  constructor(options: OpenAiOptions) {
    this.#options = options;
    this.#times = { ...TIMES, ...options.times };
  }

  async ask(request: ModelRequest, signal: AbortSignal): Promise<ModelResult> {
    let use = NONE;
    for (let tries = 1; ; tries++) {
      const tried = await this.#try(request, signal);
      if (tried.ok) return { ok: true, reply: tried.reply, use: sum(use, tried.use), tries };
      use = sum(use, tried.use);
      const { retry, reason } = tried;
      const detail = this.#withoutKey(tried.detail);
      if (tried.fixesTemperature && !this.#fixedTemperature.has(request.model)) {
        this.#fixedTemperature.add(request.model);
        tries--;
        continue;
      }
      const failed: ModelResult = { ok: false, retry, reason, detail, use, tries };
      if (!retry || tries >= this.#times.tries || signal.aborted) return failed;
      const waitMs = tried.retryAfterMs ?? this.#backoff(tries);
      if (waitMs > this.#times.retryMs || !(await this.#pause(waitMs, signal))) return failed;
    }
  }

  async #try(request: ModelRequest, signal: AbortSignal): Promise<Try> {
    const { clock, servedModel = (model: string) => model } = this.#options;
    const watch = new Watch(clock, this.#times, signal);
    try {
      this.#client ??= this.#load();
      const client = await this.#client;
      const body = wireRequest(request, servedModel(request.model), this.#fixedTemperature.has(request.model));
      const stream = await client.chat.completions.create(body, { signal: watch.signal, maxRetries: 0 });
      const read = await readStream(stream, watch);
      // The library ends an aborted stream without an error.
      return watch.cause === undefined ? read : { ok: false, ...failureOf(undefined, watch.cause, 0), use: read.use };
    } catch (error) {
      return { ok: false, ...failureOf(error, watch.cause, clock.wallMs()), use: NONE };
    } finally {
      watch.end();
    }
  }

  async #load(): Promise<OpenAI> {
    const { OpenAI: Client } = await import('openai');
    const { baseUrl, apiKey, fetch: send } = this.#options;
    return new Client({
      baseURL: baseUrl,
      apiKey: apiKey ?? 'none',
      // Else the library takes these from the environment, whatever endpoint it talks to.
      organization: null,
      project: null,
      webhookSecret: null,
      logLevel: 'off',
      timeout: this.#times.requestMs,
      fetch: boundedFetch(send),
      fetchOptions: { redirect: 'error' },
      ...(apiKey === undefined && { defaultHeaders: { authorization: null } }),
    });
  }

  /** Endpoints say back what they were sent. */
  #withoutKey(detail: string): string {
    const { apiKey } = this.#options;
    return (apiKey ? detail.replaceAll(apiKey, '[key]') : detail).slice(0, MAX_DETAIL);
  }

  #backoff(tries: number): number {
    const jitter = 0.75 + this.#options.random() * 0.5;
    return FIRST_BACKOFF_MS * 3 ** (tries - 1) * jitter;
  }

  /** False where it was aborted meanwhile. */
  #pause(ms: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const stop = () => {
        cancel();
        resolve(false);
      };
      const cancel = this.#options.clock.after(ms, () => {
        signal.removeEventListener('abort', stop);
        resolve(true);
      });
      signal.addEventListener('abort', stop, { once: true });
    });
  }
}

function sum(a: TokenUse, b: TokenUse): TokenUse {
  return { prompt: a.prompt + b.prompt, completion: a.completion + b.completion };
}
