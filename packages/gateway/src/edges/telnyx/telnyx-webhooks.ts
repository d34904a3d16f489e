/** What Telnyx tells us about texts. Its own code proves that it is Telnyx (Ed25519, 5 minutes). */
import type { Log } from '../../observe/index.ts';
import type { ArrivedText, OnTextStatus, TakeText, TextMedia } from '../text-port.ts';
import type { WebhookRequest } from '../webhook-request.ts';

export interface TelnyxWebhooksDeps {
  /** 32 bytes in base64. */
  readonly publicKey: string;
  readonly takeText: TakeText;
  readonly onStatus: OnTextStatus;
  readonly log: Log;
}

/** A signed event. */
export interface TelnyxEvent {
  readonly type: string;
  readonly payload: Json;
}

type Json = Readonly<Record<string, unknown>>;

export interface TelnyxWebhooks {
  /** The event of a request that Telnyx signed; undefined for any other. */
  readEvent(request: WebhookRequest): Promise<TelnyxEvent | undefined>;
  /** `retry`: Telnyx is to send it again; `done` in every other case, also for events we do not know. */
  take(event: TelnyxEvent, part: string | undefined): Promise<'done' | 'retry'>;
}

const MOST_MEDIA = 20;

/** Throws where the key is none. */
export async function createTelnyxWebhooks(deps: TelnyxWebhooksDeps): Promise<TelnyxWebhooks> {
  const { TelnyxWebhook } = await import('telnyx/lib/webhooks');
  const verifier = new TelnyxWebhook(deps.publicKey);
  return {
    async readEvent({ headers, body }) {
      const signed = ['telnyx-signature-ed25519', 'telnyx-timestamp'].map((name) => [name, headers[name]] as const);
      if (!signed.every(([, value]) => typeof value === 'string')) return undefined;
      const text = body.toString();
      const proven = await verifier.verify(text, Object.fromEntries(signed) as Record<string, string>).then(
        () => true,
        () => false,
      );
      return proven ? readEvent(text) : undefined;
    },
    take: (event, part) => take(event, part, deps),
  };
}

async function take(event: TelnyxEvent, part: string | undefined, deps: TelnyxWebhooksDeps): Promise<'done' | 'retry'> {
  const { takeText, log } = deps;
  if (event.type === 'message.sent' || event.type === 'message.finalized') {
    await takeStatus(event.payload, part, deps);
    return 'done';
  }
  const text = event.type === 'message.received' ? readText(event.payload) : undefined;
  if (text === undefined) {
    log.info('telnyx_event_ignored', { event_type: event.type.slice(0, 100) });
    return 'done';
  }
  const { kind } = await takeText(text);
  if (kind === 'unknown_number') log.info('text_nobody_owns', { edge: 'telnyx', 'pii.to_number': text.to });
  return kind === 'unavailable' ? 'retry' : 'done';
}

async function takeStatus(payload: Json, part: string | undefined, { onStatus }: TelnyxWebhooksDeps): Promise<void> {
  const id = textOf(payload['id']);
  const status = STATUS[textOf(recipientOf(payload)?.['status']) ?? ''];
  if (id === undefined || status === undefined) return;
  const [error] = listOf(payload['errors']);
  const code = textOf(error?.['code']);
  await onStatus({
    edge: 'telnyx',
    provider_message_id: id,
    ...(part !== undefined && { part_id: part }),
    status,
    ...(status === 'failed' && code !== undefined && { code }),
  });
}

/** `delivery_unconfirmed` is the last word on many routes: it went out, and nobody says more. */
const STATUS: Readonly<Record<string, 'sent' | 'delivered' | 'failed' | undefined>> = {
  sent: 'sent',
  delivery_unconfirmed: 'sent',
  delivered: 'delivered',
  sending_failed: 'failed',
  delivery_failed: 'failed',
};

/** Not JSON, or of another shape: an event of no kind. */
function readEvent(text: string): TelnyxEvent {
  try {
    const data = objectOf(objectOf(JSON.parse(text))?.['data']);
    return { type: textOf(data?.['event_type']) ?? '', payload: objectOf(data?.['payload']) ?? {} };
  } catch {
    return { type: '', payload: {} };
  }
}

/** SMS and MMS only; undefined for other messages. */
function readText(payload: Json): ArrivedText | undefined {
  const id = textOf(payload['id']);
  const from = textOf(objectOf(payload['from'])?.['phone_number']);
  const to = textOf(recipientOf(payload)?.['phone_number']);
  const type = textOf(payload['type']) ?? 'SMS';
  if (!id || !from || !to || (type !== 'SMS' && type !== 'MMS')) return undefined;
  const media = readMedia(payload);
  return {
    edge: 'telnyx',
    provider_message_id: id,
    from,
    to,
    text: textOf(payload['text']) ?? '',
    ...(media.length > 0 && { media }),
  };
}

function readMedia(payload: Json): readonly TextMedia[] {
  return listOf(payload['media'])
    .slice(0, MOST_MEDIA)
    .flatMap((one) => {
      const [url, type] = [textOf(one['url']), textOf(one['content_type'])];
      return url ? [{ url, ...(type && { content_type: type }) }] : [];
    });
}

const recipientOf = (payload: Json): Json | undefined => listOf(payload['to'])[0];
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

function objectOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.map(objectOf).filter((one) => one !== undefined) : [];
}
