/** Webhooks as Telnyx sends them: signed JSON, three tries for each URL, then the failover URL, 2 s for an answer. */
import { randomUUID } from 'node:crypto';
import { type Delivery, sendWebhook } from '../http-api/index.ts';
import { signTelnyx, type TelnyxAccount } from './account.ts';

const ANSWER_MS = 2_000;
const TRIES = 3;

export interface TelnyxWebhook {
  readonly url: string;
  readonly failoverUrl?: string | undefined;
  readonly eventType: string;
  readonly payload: unknown;
  /** Default: drawn anew. */
  readonly eventId?: string | undefined;
  readonly account: TelnyxAccount;
  /** When it says it was signed, epoch ms. Default: now. */
  readonly signedAtMs?: number | undefined;
  /** Where requests for the URL really go. */
  readonly via?: string | undefined;
  /** Between tries, in ms. Default 0. */
  readonly pauseMs?: number | undefined;
  /** Changes the request after signing. */
  readonly tamper?:
    | ((request: { headers: Record<string, string>; body: string }) => {
        headers: Record<string, string>;
        body: string;
      })
    | undefined;
}

export interface TelnyxWebhookOutcome {
  readonly delivered: boolean;
  readonly attempts: readonly Delivery[];
  readonly last: Delivery;
}

/** Delivers with retries. Never throws. */
export async function deliverTelnyxWebhook(webhook: TelnyxWebhook): Promise<TelnyxWebhookOutcome> {
  const attempts: Delivery[] = [];
  const eventId = webhook.eventId ?? randomUUID();
  for (const url of [webhook.url, webhook.failoverUrl]) {
    if (url === undefined) continue;
    for (let nth = 1; nth <= TRIES; nth++) {
      const delivery = await post(webhook, { url, eventId, nth });
      attempts.push(delivery);
      const good = delivery.kind === 'answered' && delivery.status >= 200 && delivery.status < 300;
      if (good) return { delivered: true, attempts, last: delivery };
      if (webhook.pauseMs) await new Promise((resolve) => setTimeout(resolve, webhook.pauseMs));
    }
  }
  return { delivered: false, attempts, last: attempts.at(-1)! };
}

function post(webhook: TelnyxWebhook, { url, eventId, nth }: { url: string; eventId: string; nth: number }) {
  const body = JSON.stringify({
    data: {
      event_type: webhook.eventType,
      id: eventId,
      occurred_at: new Date().toISOString(),
      payload: webhook.payload,
      record_type: 'event',
    },
    meta: { attempt: nth, delivered_to: url },
  });
  const signed = signTelnyx(webhook.account, body, webhook.signedAtMs ?? Date.now());
  const request = { headers: { 'content-type': 'application/json', 'user-agent': 'telnyx-webhooks', ...signed }, body };
  const { pathname, search } = new URL(url);
  const target = webhook.via === undefined ? url : `${webhook.via}${pathname}${search}`;
  return sendWebhook({ url: target, timeoutMs: ANSWER_MS, ...(webhook.tamper?.(request) ?? request) });
}
