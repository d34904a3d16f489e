/** One attempt of the webhook without a gateway: the request as Pickup makes it (B1–B3), the answer as it reads it. */
import { REPLY_MAX_BYTES, VERIFICATION_FAULTS } from '@pickup/contract';
import type { Ask, AttemptResult, Instant } from '@pickup/core';
import type { Reachable } from './endpoint.ts';
import type { VirtualClock } from './virtual-clock.ts';

/** What an attempt needs beside the machine's wish. */
export interface AskOptions {
  readonly endpoint: Reachable;
  readonly clock: VirtualClock;
  readonly inboundId: string;
  /** Real ms an attempt may take; what is left of the 10 s where that is less. */
  readonly patienceMs: number;
}

/** Sends once, and waits no longer than the attempt may take. Rejects where a bare function throws: a bug in a test. */
export async function askEndpoint(ask: Ask, signal: AbortSignal, options: AskOptions): Promise<AttemptResult> {
  const { clock } = options;
  const started = now(clock);
  const giveUpMs = Math.min(ask.deadline_mono_ms - started.monoMs, options.patienceMs);
  const answer = await clock.during(async () => {
    const request = await requestOf(ask, started, giveUpMs, options);
    return raced(() => options.endpoint.send(request), giveUpMs, signal);
  });
  if (answer.kind === 'timeout') clock.passTo(ask.deadline_mono_ms);
  return resultOf(answer, started, clock);
}

type Received = { readonly kind: 'received'; readonly response: Response; readonly body: Uint8Array };
type Raced =
  | Received
  | { readonly kind: 'timeout' | 'aborted' }
  | { readonly kind: 'unreachable'; readonly code: string };

async function requestOf(ask: Ask, at: Instant, forMs: number, { endpoint, inboundId }: AskOptions): Promise<Request> {
  return new Request(endpoint.url, {
    method: 'POST',
    body: ask.body,
    headers: {
      'content-type': 'application/json',
      'x-retell-signature': await endpoint.sign(ask.body, at.wallMs),
      'webhook-id': inboundId,
      'x-pickup-attempt': String(ask.attempt),
      'x-pickup-deadline': String(Math.trunc(at.wallMs + forMs)),
      'user-agent': 'Pickup/test-kit',
    },
  });
}

async function raced(send: () => Response | Promise<Response>, giveUpMs: number, signal: AbortSignal): Promise<Raced> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const gone = new Promise<Raced>((resolve) => {
    timer = setTimeout(() => resolve({ kind: 'timeout' }), giveUpMs);
    const abort = () => resolve({ kind: 'aborted' });
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
  try {
    return await Promise.race([received(send), gone]);
  } finally {
    clearTimeout(timer);
  }
}

async function received(send: () => Response | Promise<Response>): Promise<Raced> {
  try {
    const response = await send();
    return { kind: 'received', response, body: new Uint8Array(await response.arrayBuffer()) };
  } catch (error) {
    // What fetch says of an endpoint that is not there, by the code that Node hides in the cause.
    const code = (error as { cause?: { code?: unknown } } | null)?.cause?.code;
    if (typeof code === 'string') return { kind: 'unreachable', code };
    throw error;
  }
}

const now = (clock: VirtualClock): Instant => ({ monoMs: clock.monoMs(), wallMs: clock.wallMs() });

function resultOf(answer: Raced, started: Instant, clock: VirtualClock): AttemptResult {
  if (answer.kind === 'unreachable') return failed(started, clock, 'connect_error', answer.code);
  if (answer.kind !== 'received') return failed(started, clock, answer.kind);
  const { response, body } = answer;
  const header = (name: string) => response.headers.get(name) ?? undefined;
  const [retryAfter, location, told] = [header('retry-after'), header('location'), header('x-pickup-verification')];
  const verification = VERIFICATION_FAULTS.find((fault) => fault === told);
  return {
    ...spent(started, clock),
    received: true,
    status: response.status,
    body: body.subarray(0, REPLY_MAX_BYTES),
    truncated: body.length > REPLY_MAX_BYTES,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(location !== undefined && { location }),
    ...(verification !== undefined && { verification }),
  };
}

const WORDS = {
  timeout: ['endpoint', 'No complete reply within the time allowed; it ended waiting for the reply.', 'sent'],
  aborted: ['caller', 'The request was given up before a reply came.', undefined],
  connect_error: ['endpoint', 'The connection could not be made.', undefined],
  incomplete_reply: ['endpoint', 'The reply ended before it was complete.', undefined],
} as const;

/** An attempt that brought no reply, in the words of the gateway's sender. */
export function failed(started: Instant, clock: VirtualClock, error: keyof typeof WORDS, code?: string): AttemptResult {
  const [fault, message, known] = WORDS[error];
  const reason = code ?? known;
  return { ...spent(started, clock), received: false, error, fault, message, ...(reason !== undefined && { reason }) };
}

/** The times of an attempt that ends now. */
export function spent(started: Instant, clock: VirtualClock) {
  const ended = now(clock);
  return { started, ended, phases: { total_ms: Math.round(ended.monoMs - started.monoMs) }, resent: false };
}
