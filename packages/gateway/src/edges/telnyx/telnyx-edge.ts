/**
 * Texts out through Telnyx's API, by Telnyx's own library. It lists no messages by their text, so a part whose fate is
 * not known is told by its events alone: their URL names the part.
 */
import type { Telnyx } from 'telnyx';
import { createTelnyxClient, type TelnyxLogin, telnyxStatus, telnyxWords } from '../../providers/telnyx-client.ts';
import { wasNeverSent } from '../provider-call.ts';
import type { OutgoingPart, SendOutcome, TextEdge } from '../text-port.ts';

export interface TelnyxEdgeOptions extends TelnyxLogin {
  /** Where Telnyx reaches us, without a slash at its end; undefined: it does not, and tells nothing of our messages. */
  readonly publicUrl: string | undefined;
}

/** The account's key, a conflict, too many requests: these pass. */
const PASSING_STATUS = new Set([401, 403, 408, 409, 425, 429]);

/** The edge of one account. The library is loaded here, for it is large. */
export async function createTelnyxEdge(options: TelnyxEdgeOptions): Promise<TextEdge> {
  const client = await createTelnyxClient(options);
  return {
    name: 'telnyx',
    // Telnyx answers STOP, START and HELP, and blocks what we send to who opted out (40300).
    answersOptOut: () => true,
    send: (part, signal) => send(client, part, { publicUrl: options.publicUrl, signal }),
    close: async () => {},
  };
}

async function send(
  client: Telnyx,
  part: OutgoingPart,
  { publicUrl, signal }: { readonly publicUrl: string | undefined; readonly signal: AbortSignal },
): Promise<SendOutcome> {
  const { part_id, from_number: from, to_number: to, body: text, media = [] } = part;
  const webhook = publicUrl && `${publicUrl}/telnyx/messages?part=${encodeURIComponent(part_id)}`;
  try {
    const body = {
      from,
      to,
      text,
      ...(webhook && { webhook_url: webhook, use_profile_webhooks: false }),
      ...(media.length > 0 && { media_urls: media.map(({ url }) => url) }),
    };
    const { data } = await client.messages.send(body, { signal });
    if (!data?.id) throw new Error('Telnyx answered without a message.');
    // Without a webhook nobody would ever say so.
    return { kind: 'accepted', provider_message_id: data.id, sent: !webhook };
  } catch (error) {
    return judgeFailure(error);
  }
}

/** Throws what may have been taken. */
function judgeFailure(error: unknown): SendOutcome {
  const status = telnyxStatus(error);
  if (status === undefined) {
    if (!wasNeverSent(error)) throw error;
    return { kind: 'refused', permanent: false, code: 'unreachable', message: 'Telnyx cannot be reached.' };
  }
  // What a 5xx did is not known.
  if (status >= 500) throw error;
  const code = firstCode(error) ?? String(status);
  return { kind: 'refused', permanent: !PASSING_STATUS.has(status), code, message: telnyxWords(error) };
}

function firstCode(error: unknown): string | undefined {
  const { error: body } = error as { readonly error?: { readonly errors?: unknown } };
  const [first] = Array.isArray(body?.errors) ? (body.errors as readonly { readonly code?: unknown }[]) : [];
  return first?.code === undefined ? undefined : String(first.code);
}
