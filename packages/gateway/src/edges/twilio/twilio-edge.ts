/**
 * Texts out through Twilio's REST API, by Twilio's own library. Twilio takes no idempotency key: where it is not known
 * whether it took a message, its list of recent ones tells, and the status callback names the part.
 */
import type { Twilio } from 'twilio';
import { createTwilioClient, type TwilioLogin } from '../../providers/twilio-client.ts';
import { raceSignal, wasNeverSent } from '../provider-call.ts';
import type { OutgoingPart, SendOutcome, SentStatus, TextEdge } from '../text-port.ts';

export interface TwilioEdgeOptions extends TwilioLogin {
  /** Where Twilio reaches us, without a slash at its end; undefined: it does not, and tells nothing of our messages. */
  readonly publicUrl: string | undefined;
}

/** Recent messages of a pair of numbers that are looked through. */
const LOOK_THROUGH = 50;
/** Twilio tells times in whole seconds. */
const CLOCK_SLACK_MS = 1_000;
/**
 * Refusals that may be over the next time (twilio.com/docs/api/errors): the account's login, too many requests, the
 * number's queue is full, too many requests of the account, Messaging rate.
 */
const PASSING = new Set([20003, 20429, 21611, 14107, 63018]);
const PASSING_STATUS = new Set([401, 403, 408, 409, 425, 429]);

/** The edge of one account. The library is loaded here, for it is large. */
export async function createTwilioEdge(options: TwilioEdgeOptions): Promise<TextEdge> {
  const client = await createTwilioClient(options);
  const { publicUrl } = options;
  return {
    name: 'twilio',
    // STOP, START and HELP are Twilio's business; to who opted out it refuses to send (21610).
    answersOptOut: () => true,
    send: (part, signal) => raceSignal(send(client, part, publicUrl), signal),
    findSent: (part, sinceMs, signal) => raceSignal(find(client, part, sinceMs), signal),
    close: async () => {},
  };
}

async function send(client: Twilio, part: OutgoingPart, publicUrl: string | undefined): Promise<SendOutcome> {
  const { part_id, from_number: from, to_number: to, body, media = [] } = part;
  const callback = publicUrl && `${publicUrl}/twilio/sms-status?part=${encodeURIComponent(part_id)}`;
  try {
    const { sid, status } = await client.messages.create({
      from,
      to,
      body,
      ...(callback && { statusCallback: callback }),
      ...(media.length > 0 && { mediaUrl: media.map(({ url }) => url) }),
    });
    // Without a callback nobody would ever say so.
    return { kind: 'accepted', provider_message_id: sid, sent: !callback || statusOf(status) !== 'accepted' };
  } catch (error) {
    return judgeFailure(error);
  }
}

/** Throws what may have been taken. */
function judgeFailure(error: unknown): SendOutcome {
  const { status, code, message } = (error ?? {}) as {
    readonly status?: unknown;
    readonly code?: unknown;
    readonly message?: unknown;
  };
  const said = typeof message === 'string' ? message.slice(0, 500) : 'Twilio gave no reason.';
  if (typeof status !== 'number') {
    if (wasNeverSent(error)) return { kind: 'refused', permanent: false, code: 'unreachable', message: said };
    throw error;
  }
  // What a 5xx did is not known.
  if (status >= 500) throw error;
  const number = typeof code === 'number' ? code : undefined;
  const permanent = !PASSING_STATUS.has(status) && !(number !== undefined && PASSING.has(number));
  return { kind: 'refused', permanent, code: String(number ?? status), message: said };
}

async function find(client: Twilio, { from_number, to_number, body }: OutgoingPart, sinceMs: number) {
  const listed = await client.messages.list({ from: from_number, to: to_number, limit: LOOK_THROUGH });
  // By when it was made, not when it was sent: what is still queued has no such time. Newest first; texts of a pair go
  // out one after the other, so nothing newer than this part can bear its text.
  const found = listed.find(
    ({ direction, body: said, dateCreated }) =>
      direction.startsWith('outbound') &&
      said.trim() === body.trim() &&
      dateCreated.getTime() >= sinceMs - CLOCK_SLACK_MS,
  );
  return found && { provider_message_id: found.sid, status: statusOf(found.status) };
}

function statusOf(status: string): SentStatus {
  if (status === 'sent') return 'sent';
  if (status === 'delivered' || status === 'read') return 'delivered';
  return status === 'failed' || status === 'undelivered' || status === 'canceled' ? 'failed' : 'accepted';
}
