/** Sends one attempt of the webhook, signed afresh (B2, B3), and reports how it went. */
import { REPLY_MAX_BYTES, VERIFICATION_FAULTS, type VerificationFault } from '@pickup/contract';
import type { AttemptResult, InboundEffect } from '@pickup/core';
import type { Outbound, OutboundRequest, OutboundResult } from '@pickup/outbound';
import { signWebhook } from '@pickup/signature';

export interface WebhookSender {
  /** Never rejects. */
  send(inboundId: string, ask: InboundEffect & { readonly type: 'ask' }, signal: AbortSignal): Promise<AttemptResult>;
}

/** What a sender needs; `signingKey` is read at each attempt: a key promoted mid-chain signs the next one (E8). */
export interface SenderOptions {
  readonly signingKey: () => string;
  readonly wallMs: () => number;
  readonly version: string;
}

/** Sends through `outbound`. */
export function createWebhookSender(
  options: SenderOptions & { readonly outbound: Pick<Outbound, 'post'> },
): WebhookSender {
  return {
    async send(inboundId, ask, signal) {
      return attemptResultOf(await options.outbound.post(webhookRequest(options, { inboundId, ask, signal })));
    },
  };
}

/** One attempt as a request, signed for this moment (B1–B3). */
export function webhookRequest(
  { signingKey, wallMs, version }: SenderOptions,
  attempt: {
    readonly inboundId: string;
    readonly ask: InboundEffect & { readonly type: 'ask' };
    readonly signal: AbortSignal;
  },
): OutboundRequest {
  const { inboundId, ask, signal } = attempt;
  return {
    url: ask.url,
    headers: {
      'content-type': 'application/json',
      'x-retell-signature': signWebhook({ body: ask.body, key: signingKey(), wallMs: wallMs() }),
      'webhook-id': inboundId,
      'x-pickup-attempt': String(ask.attempt),
      'x-pickup-deadline': String(Math.round(ask.deadline_wall_ms)),
      'accept-encoding': 'identity',
      'user-agent': `Pickup/${version}`,
    },
    body: ask.body,
    deadlineMonoMs: ask.deadline_mono_ms,
    signal,
    maxReplyBytes: REPLY_MAX_BYTES,
  };
}

/** What came of it, as the machine takes it. */
export function attemptResultOf(result: OutboundResult): AttemptResult {
  const common = {
    started: { monoMs: result.startedMonoMs, wallMs: result.startedWallMs },
    ended: { monoMs: result.endedMonoMs, wallMs: result.endedWallMs },
    phases: result.phases,
    resent: result.resent,
  };
  if (!result.ok) {
    const { error, fault, message, reason } = result;
    return { ...common, received: false, error, fault, message, ...(reason !== undefined && { reason }) };
  }
  const { 'retry-after': retryAfter, location } = result.headers;
  const verification = verificationOf(result.headers['x-pickup-verification']);
  return {
    ...common,
    received: true,
    status: result.status,
    body: result.body,
    truncated: result.truncated,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(location !== undefined && { location }),
    ...(verification && { verification }),
  };
}

/** What a receiver that verifies says of the signature; any other text is nobody's word. */
function verificationOf(header: string | undefined): VerificationFault | undefined {
  return header === undefined ? undefined : VERIFICATION_FAULTS.find((known) => known === header.trim());
}
