/**
 * The endpoint's side of the inbound webhook: verifies the request, asks the author's function, checks its reply and
 * sends it; a retry gets the same reply. Runs wherever there are Web Crypto and fetch's Request and Response.
 */
import { DEFAULT_TOLERANCE_MS } from '@pickup/signature';
import { letKitSign } from '../verify/sign-for-kit.ts';
import type { VerificationFailure } from '../verify/verification.ts';
import { BODY_WAS_READ, SIGNATURE_HEADER } from '../verify/verify-request.ts';
import { importKeys, verifyWithKeys } from '../verify/verify-signature.ts';
import { deadlineOf } from './deadline.ts';
import { type Answer, type Delivery, failureAnswer, jsonAnswer, MAX_BODY_BYTES, tooLarge } from './delivery.ts';
import { readEvent } from './event.ts';
import type { InboundHandler, InboundHandlerOptions } from './inbound-handler.ts';
import { tellError, tellRefusals, unharmed } from './notices.ts';
import { readAtMost } from './read-body.ts';
import { ReplyMemory } from './reply-memory.ts';
import { createRunner, HandlerFailed, type StartRun } from './run-handler.ts';

/**
 * Makes an endpoint. It answers 200 with the reply, 401 with the step of verification that failed, 500 where the
 * author's function fails, and 400, 405 or 413 to what is no webhook.
 * @throws TypeError without a key, or with neither `onCall` nor `onSms`.
 */
export function createInboundHandler(options: InboundHandlerOptions): InboundHandler {
  const keys = importKeys(options.apiKey);
  if (typeof options.onCall !== 'function' && typeof options.onSms !== 'function')
    throw new TypeError(
      'createInboundHandler needs onCall, onSms or both: functions that decide about a call or text.',
    );
  const now = options.now ?? Date.now;
  const toleranceMs = options.toleranceMs ?? DEFAULT_TOLERANCE_MS;
  const onRefused = options.onRefused ?? tellRefusals();
  const reply = replier(createRunner(options, now), now);

  const answer = async (delivery: Delivery): Promise<Answer> => {
    if (delivery.method.toUpperCase() !== 'POST') return notPosted();
    if (sizeOf(delivery.body) > MAX_BODY_BYTES) return tooLarge();
    const signature = delivery.header(SIGNATURE_HEADER);
    const verified = await verifyWithKeys({ signature, body: delivery.body, toleranceMs, nowMs: now() }, keys);
    if (verified.ok) return reply(delivery, verified.body, verified.signedAt);
    unharmed(() => onRefused(verified));
    return unauthorized(verified);
  };
  return letKitSign({ answer, fetch: (request) => answerRequest(request, answer) }, keys[0]!);
}

/** Answers what was verified. */
function replier(start: StartRun, now: () => number) {
  const memory = new ReplyMemory(now);
  return async (delivery: Delivery, body: string, signedAt: number): Promise<Answer> => {
    const event = readEvent(body);
    if (typeof event === 'string') return failureAnswer(400, { error: 'bad_request', message: event });
    const deadlineAt = deadlineOf(delivery.header('x-pickup-deadline'), signedAt, now());
    const inboundId = delivery.header('webhook-id') || undefined;
    const attempt = Math.max(1, Math.trunc(Number(delivery.header('x-pickup-attempt') ?? 1)) || 1);
    const run = () => start(event, { inboundId, attempt, deadlineAt });
    try {
      const asked = { inboundId: inboundId ?? '', question: event.question, start: run };
      return jsonAnswer(200, await (inboundId === undefined ? run().reply : memory.replyTo(asked, deadlineAt)));
    } catch (error) {
      if (!(error instanceof HandlerFailed)) tellError(error);
      const message = 'The function of the endpoint failed; its own log says why.';
      return failureAnswer(500, { error: 'handler_failed', message });
    }
  };
}

const sizeOf = (body: Delivery['body']): number =>
  typeof body === 'string' ? body.length : ArrayBuffer.isView(body) ? body.byteLength : 0;

function unauthorized({ step, message, fix }: VerificationFailure): Answer {
  return failureAnswer(401, { error: 'unauthorized', step, message, fix }, { 'x-pickup-verification': step });
}

function notPosted(): Answer {
  const message = 'This is an endpoint for inbound webhooks: it answers POST.';
  return failureAnswer(405, { error: 'method_not_allowed', message }, { allow: 'POST' });
}

async function answerRequest(request: Request, answer: InboundHandler['answer']): Promise<Response> {
  const { status, headers, body } = await readAndAnswer(request, answer);
  return new Response(body, { status, headers });
}

async function readAndAnswer(request: Request, answer: InboundHandler['answer']): Promise<Answer> {
  if (request.bodyUsed) return bodyWasRead();
  const body = await readAtMost(request.body, MAX_BODY_BYTES).catch(() => 'broken off' as const);
  if (body === 'broken off') return brokenOff();
  if (body === undefined) return tooLarge();
  return answer({ method: request.method, header: (name) => request.headers.get(name) ?? undefined, body });
}

/** The body did not come to its end. */
export function brokenOff(): Answer {
  return failureAnswer(400, { error: 'bad_request', message: 'The body ended too early.' });
}

/** Nothing is left to verify: the author's mistake, so a 500. */
export function bodyWasRead(): Answer {
  return failureAnswer(500, { error: 'body_was_read', message: BODY_WAS_READ });
}
