/** Errors of the library and of streams, as classes: worth another try or not, what may be said of them publicly. */
import type { TokenUse } from '../talk/model.ts';
import { EndlessAnswer } from './bounded-fetch.ts';
import type { WatchCause } from './watch.ts';

export interface Failed {
  readonly retry: boolean;
  /** Public; completes "… was not answered: ". */
  readonly reason: string;
  /** Private. */
  readonly detail: string;
  readonly use: TokenUse;
  readonly retryAfterMs?: number;
  /** The model takes no temperature but its own. */
  readonly fixesTemperature?: true;
}

type Known = Omit<Failed, 'use'>;

const BY_CAUSE: Readonly<Record<WatchCause, Known>> = {
  no_first_piece: { retry: true, reason: 'the model did not begin to answer in time', detail: 'no first piece' },
  no_next_piece: { retry: true, reason: 'the model fell silent in the middle of its answer', detail: 'no next piece' },
  too_long: { retry: true, reason: 'the model took too long to answer', detail: 'over the time of a request' },
  too_much: { retry: false, reason: 'the model did not stop writing', detail: 'over the size of an answer' },
  given_up: { retry: true, reason: 'the turn was given up', detail: 'aborted' },
};

/** Cut further by whoever takes secrets out of it. */
const MAX_DETAIL = 4_000;

const WORTH_IT: ReadonlySet<number> = new Set([408, 409, 429]);

/** M3. */
export function streamCut(): Known {
  return { retry: true, reason: "the model's answer ended before it was complete", detail: 'no finish_reason' };
}

/** The provider withheld the answer. */
export function filtered(): Known {
  return { retry: false, reason: "the provider's content filter withheld the answer", detail: 'content_filter' };
}

/** `cause`: why we ended the request, where we did. `wallMs` is for a Retry-After that is a date. */
export function failureOf(error: unknown, cause: WatchCause | undefined, wallMs: number): Known {
  if (cause !== undefined) return BY_CAUSE[cause];
  if (error instanceof EndlessAnswer) return BY_CAUSE.too_much;
  const { status, code, param, headers } = fieldsOf(error);
  const detail = describe(error);
  if (status === undefined) {
    return { retry: true, reason: 'the model endpoint cannot be reached, or its connection broke', detail };
  }
  if (code === 'insufficient_quota') {
    return { retry: false, reason: 'the account at the model provider has no quota left', detail };
  }
  if (status === 401 || status === 403) {
    return { retry: false, reason: `the model endpoint refuses the key (${status})`, detail };
  }
  if (status >= 500 || WORTH_IT.has(status)) {
    const retryAfterMs = readRetryAfter(headers, wallMs);
    const reason =
      status === 429 ? 'the model provider limits our rate (429)' : `the model endpoint failed (${status})`;
    return { retry: true, reason, detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  const fixesTemperature = status === 400 && param === 'temperature';
  const reason = `the model endpoint refused the request (${status})`;
  return { retry: false, reason, detail, ...(fixesTemperature && { fixesTemperature }) };
}

function fieldsOf(error: unknown) {
  const { status, code, param, headers } = (error ?? {}) as Readonly<Record<string, unknown>>;
  return {
    status: typeof status === 'number' ? status : undefined,
    code,
    param,
    headers: headers instanceof Headers ? headers : undefined,
  };
}

/** RFC 9110, 10.2.3: seconds or a date; providers add `retry-after-ms`. Undefined: nothing usable. */
function readRetryAfter(headers: Headers | undefined, wallMs: number): number | undefined {
  const exact = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const written = headers?.get('retry-after')?.trim();
  if (!written) return undefined;
  const seconds = Number(written);
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1_000 : undefined;
  const at = Date.parse(written);
  return Number.isNaN(at) ? undefined : Math.max(0, at - wallMs);
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.name}: ${error.message}${cause}`.slice(0, MAX_DETAIL);
}
