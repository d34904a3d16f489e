/** What Twilio tells us about texts, read from its forms. */
import type { Log } from '../../observe/index.ts';
import type { ArrivedText, OnTextStatus, TakeText, TextMedia } from '../text-port.ts';
import { createTwilioReader, type ReadTwilioForm, type TwilioFields } from './twilio-signature.ts';

export interface TwilioWebhooksDeps {
  readonly authTokens: readonly string[];
  readonly publicUrl: () => string;
  readonly takeText: TakeText;
  readonly onStatus: OnTextStatus;
  readonly log: Log;
}

export interface TwilioWebhooks {
  /** The fields of a request that Twilio signed; undefined for any other. */
  readonly readForm: ReadTwilioForm;
  /** Stores a text. `retry`: Twilio is to send it again; `done` in every other case, also where nobody owns the number. */
  takeText(fields: TwilioFields): Promise<'done' | 'retry'>;
  /** `part`: what the status callback's URL says beside the form. */
  takeStatus(fields: TwilioFields, part: string | undefined): Promise<void>;
}

/** More would be no text: Twilio takes ten. */
const MOST_MEDIA = 20;

export async function createTwilioWebhooks(deps: TwilioWebhooksDeps): Promise<TwilioWebhooks> {
  const { takeText, onStatus, log } = deps;
  return {
    readForm: await createTwilioReader(deps),
    async takeText(fields) {
      const text = readText(fields);
      if (text === undefined) {
        log.warn('twilio_text_unreadable', { fields: Object.keys(fields).slice(0, 50) });
        return 'done';
      }
      const { kind } = await takeText(text);
      if (kind === 'unknown_number') log.info('text_nobody_owns', { edge: 'twilio', 'pii.to_number': text.to });
      return kind === 'unavailable' ? 'retry' : 'done';
    },
    async takeStatus(fields, part) {
      const [id, said, code] = ['MessageSid', 'MessageStatus', 'ErrorCode'].map((name) => one(fields, name));
      const status = STATUS[said ?? ''];
      if (!id || status === undefined) return;
      await onStatus({
        edge: 'twilio',
        provider_message_id: id,
        ...(part !== undefined && { part_id: part }),
        status,
        ...(code && { code }),
      });
    },
  };
}

/** Those that say more than that Twilio has the message. */
const STATUS: Readonly<Record<string, 'sent' | 'delivered' | 'failed' | undefined>> = {
  sent: 'sent',
  delivered: 'delivered',
  read: 'delivered',
  undelivered: 'failed',
  failed: 'failed',
  canceled: 'failed',
};

/** undefined where it is no message. */
function readText(fields: TwilioFields): ArrivedText | undefined {
  const id = one(fields, 'MessageSid') ?? one(fields, 'SmsMessageSid');
  const [from, to] = [one(fields, 'From'), one(fields, 'To')];
  if (!id || !from || !to) return undefined;
  const media = readMedia(fields);
  return {
    edge: 'twilio',
    provider_message_id: id,
    from,
    to,
    text: one(fields, 'Body') ?? '',
    ...(media.length > 0 && { media }),
  };
}

function readMedia(fields: TwilioFields): readonly TextMedia[] {
  const count = Math.min(Number(one(fields, 'NumMedia')) || 0, MOST_MEDIA);
  return Array.from({ length: Math.max(0, Math.trunc(count)) }).flatMap((_, nth) => {
    const url = one(fields, `MediaUrl${nth}`);
    const type = one(fields, `MediaContentType${nth}`);
    return url ? [{ url, ...(type && { content_type: type }) }] : [];
  });
}

/** The value of a field, the first where it came several times. */
function one(fields: TwilioFields, name: string): string | undefined {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return typeof value === 'string' ? value : value?.[0];
}
