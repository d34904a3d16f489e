/** Whether a webhook URL can be reached from here, as a call would reach it. Nothing is sent to it. */
import type { Reach, ReachResult, UrlVerdict } from '@pickup/outbound';
import type { StoreInspection, WebhookInUse } from '../stores/index.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** One URL with what became of the attempt. */
export interface TriedWebhook {
  readonly inUse: WebhookInUse;
  readonly verdict: UrlVerdict;
  /** Absent where the verdict forbids it. */
  readonly reached?: ReachResult;
}

const LIMIT_MS = 4_500;
const SLOW_MS = 1_000;
const FEW_DAYS = 14;
const DAY_MS = 86_400_000;

/** Judges the URL as saved, then connects and hangs up. */
export async function tryWebhook(
  inUse: WebhookInUse,
  by: { readonly checkUrl: (url: string) => UrlVerdict; readonly reach: Reach },
): Promise<TriedWebhook> {
  const verdict = by.checkUrl(inUse.url);
  if (!verdict.ok) return { inUse, verdict };
  return { inUse, verdict, reached: await by.reach({ url: inUse.url, limitMs: LIMIT_MS }) };
}

/** What that means for the calls to its numbers. */
export function judgeWebhook({ inUse, verdict, reached }: TriedWebhook, nowMs: number): Finding {
  const whose = inUse.numbers === 1 ? inUse.phone_number : `${inUse.phone_number} and ${inUse.numbers - 1} more`;
  const what = `${whose}: ${withoutSecrets(inUse.url)}`;
  if (!verdict.ok)
    return fail(`${what} ${verdict.message}`, settingIn(verdict.message) ?? `another inbound_webhook_url for ${whose}`);
  if (!reached) return fail(`${what} was not tried`, 'run it again');
  if (!reached.ok) return fail(`${what} ${lowered(reached.message)}`, changeFor(reached, inUse));
  const ms = Math.ceil(reached.phases.total_ms);
  const came = `${what} reached at ${reached.address} in ${ms} ms`;
  const endsAt = reached.certificateEndsAt;
  if (endsAt !== undefined && endsAt - nowMs < FEW_DAYS * DAY_MS) {
    const day = new Date(endsAt).toISOString().slice(0, 10);
    return warn(`${came}, but its certificate ends on ${day}`, `renew the certificate of ${new URL(inUse.url).host}`);
  }
  if (ms > SLOW_MS)
    return warn(`${came}, which callers wait for`, 'an endpoint nearer to Pickup, or a faster name server');
  return ok(came);
}

/** The webhooks to try: the number's own, or the most used ones. */
export function webhooksToTry(store: StoreInspection, phoneNumber?: string): readonly WebhookInUse[] {
  if (phoneNumber === undefined) return store.numbers?.webhooks ?? [];
  const { inbound_webhook_url: calls, inbound_sms_webhook_url: texts } = store.number ?? {};
  const urls = new Set([calls, texts].filter((url) => typeof url === 'string' && url !== ''));
  return [...(urls as Set<string>)].map((url) => ({ url, phone_number: phoneNumber, numbers: 1 }));
}

/** What there is to say where there is no URL to try, or more than are tried. */
export function judgeWebhookList(store: StoreInspection, phoneNumber?: string): readonly Finding[] {
  if (store.exists && !(phoneNumber === undefined ? store.numbers : store.secrets)) {
    return [warn('the numbers could not be read', 'see the check of the database; one is tried by --number')];
  }
  const tried = webhooksToTry(store, phoneNumber).length;
  if (phoneNumber !== undefined) {
    if (tried > 0) return [];
    if (store.number) return [ok(`${phoneNumber} asks no webhook; its agent answers`)];
    return [fail(`there is no number ${phoneNumber}`, 'pickup numbers list   (or import it over REST)')];
  }
  const { count = 0, urls = 0 } = store.numbers ?? {};
  if (tried === 0) return [ok(count === 0 ? 'no numbers yet' : 'no number asks a webhook')];
  return urls > tried ? [ok(`${urls - tried} more URLs were not tried; one is by --number`)] : [];
}

/** A URL as it may be shown: keys stand in queries and userinfo (H1). */
export function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return '(no URL)';
  const { protocol, host, pathname, search } = new URL(url);
  return `${protocol}//${host}${pathname}${search === '' ? '' : '?…'}`;
}

function changeFor(reached: Extract<ReachResult, { ok: false }>, { url, phone_number: number }: WebhookInUse): string {
  const { hostname, host, protocol } = new URL(url);
  const port = host.split(':').at(-1) === hostname ? (protocol === 'https:' ? '443' : '80') : host.split(':').at(-1);
  switch (reached.error) {
    case 'address_refused':
      return settingIn(reached.detail) ?? `another inbound_webhook_url for ${number}: this one leads to Pickup itself`;
    case 'dns_error':
      return `correct ${hostname} in inbound_webhook_url of ${number}, or add it to the DNS or /etc/hosts`;
    case 'tls_error':
      return `a certificate that is valid for ${hostname}, with its whole chain; look with: openssl s_client -connect ${hostname}:${port} -servername ${hostname}`;
    case 'connect_error':
    case 'connection_reset':
    case 'timeout':
      return `start the endpoint, and let TCP ${port} out to ${hostname}; look with: curl -v ${protocol}//${host}/`;
    default:
      return `look with: curl -v ${protocol}//${host}/`;
  }
}

const settingIn = (text: string): string | undefined => /PICKUP_WEBHOOK_ALLOW=\S+/.exec(text)?.[0];

const lowered = (message: string): string => `cannot be reached: ${message.replace(/\.$/, '')}`;
