/** The webhook's URL as the record has it, redacted, for sentences that name it. */
import type { Channel } from '../inbound.ts';
import type { ExplainedInbound } from './explanation.ts';

/** The parts of the URL that a person can correct. */
export interface WebhookPlace {
  readonly channel: Channel;
  /** `inbound_webhook_url of +1213…`, or `the webhook URL` where no number has it. */
  readonly setting: string;
  /** The key that signs what is sent there, in words. */
  readonly key: string;
  /** How to find out which it is; only the account's own is listed. */
  readonly whichKey?: string;
  /** Without query and userinfo; '' where it is not known. */
  readonly url: string;
  readonly secure: boolean;
  readonly host: string;
  readonly port: string;
  readonly path: string;
}

/** Reads `settings.webhook_url`. */
export function webhookPlace({ settings, to_number, channel }: ExplainedInbound): WebhookPlace {
  const url = settings?.['webhook_url'];
  const parts =
    typeof url === 'string' ? /^(https?):\/\/(?:[^@/]*@)?(\[[^\]]*\]|[^/:?#]*)(?::(\d+))?([^?#]*)/.exec(url) : null;
  const member = channel === 'call' ? 'inbound_webhook_url' : 'inbound_sms_webhook_url';
  const isNumbers = settings?.['phone_number'] !== undefined && to_number !== undefined;
  const secure = parts?.[1] === 'https';
  return {
    channel,
    setting: isNumbers ? `${member} of ${to_number}` : 'the webhook URL',
    ...(isNumbers
      ? { key: 'the key that signs', whichKey: 'pickup keys list shows which key signs' }
      : { key: 'the key that this request was signed with' }),
    url: typeof url === 'string' ? url : '',
    secure,
    host: parts?.[2] ?? 'the host',
    port: parts?.[3] ?? (secure ? '443' : '80'),
    path: parts?.[4] || '/',
  };
}
