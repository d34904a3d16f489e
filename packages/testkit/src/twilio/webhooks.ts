/**
 * Webhooks as Twilio sends them: a form, signed with its own library's code, repeated by the rules that the URL's
 * fragment sets (`#rc=5&rp=all`): one retry on a failed connection unless it says otherwise, 15 s in all.
 */
import { randomUUID } from 'node:crypto';
import { getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { type Delivery, sendWebhook } from '../http-api/index.ts';

const TOTAL_MS = 15_000;

/** Fields of a webhook; a list is a parameter sent several times. */
export type WebhookFields = Readonly<Record<string, string | readonly string[]>>;

export interface TwilioWebhook {
  /** As configured at Twilio, with the fragment of its connection overrides. */
  readonly url: string;
  readonly fallbackUrl?: string | undefined;
  readonly fields: WebhookFields;
  readonly authToken: string;
  /** Where requests for the URL really go, as a proxy in front would send them. */
  readonly via?: string | undefined;
  /** Between tries, in ms; what Twilio does is not documented. Default 0. */
  readonly pauseMs?: number | undefined;
  /** Changes headers after signing, to play somebody else. */
  readonly tamper?: ((headers: Record<string, string>) => Record<string, string>) | undefined;
}

export interface WebhookOutcome {
  readonly delivered: boolean;
  /** Every try, those to the fallback URL too. */
  readonly attempts: readonly Delivery[];
  /** The last try's. */
  readonly last: Delivery;
}

/** Delivers with retries. Never throws. */
export async function deliverTwilioWebhook(webhook: TwilioWebhook): Promise<WebhookOutcome> {
  const attempts: Delivery[] = [];
  const token = randomUUID();
  const endsAtMs = performance.now() + TOTAL_MS;
  const { retries, policies, readMs } = readOverrides(webhook.url);
  for (let nth = 0; nth <= retries && performance.now() < endsAtMs; nth++) {
    const delivery = await post(webhook, webhook.url, token, Math.min(readMs, endsAtMs - performance.now()));
    attempts.push(delivery);
    if (succeeded(delivery)) return { delivered: true, attempts, last: delivery };
    if (!policies.has(failureOf(delivery)) && !policies.has('all')) break;
    if (nth < retries && webhook.pauseMs) await new Promise((resolve) => setTimeout(resolve, webhook.pauseMs));
  }
  if (webhook.fallbackUrl !== undefined) {
    const delivery = await post(webhook, webhook.fallbackUrl, token, TOTAL_MS);
    attempts.push(delivery);
    return { delivered: succeeded(delivery), attempts, last: delivery };
  }
  return { delivered: false, attempts, last: attempts.at(-1)! };
}

function post(webhook: TwilioWebhook, to: string, token: string, timeoutMs: number): Promise<Delivery> {
  const url = to.split('#', 1)[0]!;
  const signed = Object.fromEntries(Object.entries(webhook.fields).map(([name, value]) => [name, value]));
  const headers = {
    'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
    'user-agent': 'TwilioProxy/1.1',
    'i-twilio-idempotency-token': token,
    'x-twilio-signature': getExpectedTwilioSignature(webhook.authToken, url, signed as Record<string, unknown>),
  };
  const target = webhook.via === undefined ? url : rebase(url, webhook.via);
  const body = encodeForm(webhook.fields);
  return sendWebhook({ url: target, headers: webhook.tamper?.(headers) ?? headers, body, timeoutMs });
}

function encodeForm(fields: WebhookFields): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const one of typeof value === 'string' ? [value] : value) form.append(name, one);
  }
  return form.toString();
}

function rebase(url: string, origin: string): string {
  const { pathname, search } = new URL(url);
  return `${origin}${pathname}${search}`;
}

interface Overrides {
  readonly retries: number;
  readonly policies: ReadonlySet<string>;
  /** For one answer. */
  readonly readMs: number;
}

function readOverrides(url: string): Overrides {
  const overrides = new URLSearchParams(url.split('#', 2)[1] ?? '');
  const retries = Math.min(Number(overrides.get('rc') ?? 1) || 0, 5);
  const readMs = Number(overrides.get('rt')) || TOTAL_MS;
  return { retries, readMs, policies: new Set((overrides.get('rp') ?? 'ct').split(',')) };
}

const succeeded = (delivery: Delivery) =>
  delivery.kind === 'answered' && delivery.status >= 200 && delivery.status < 300;

function failureOf(delivery: Delivery): string {
  if (delivery.kind !== 'answered') return delivery.kind === 'connect' ? 'ct' : 'rt';
  return delivery.status >= 500 ? '5xx' : '4xx';
}
