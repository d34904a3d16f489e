/** check-webhook-reply: what would become of a reply, without a call. */
import {
  CHECK_REPLY_FIELDS,
  type CheckReplyBody,
  fieldsSchema,
  lintReplyBody,
  parseCheckReply,
} from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { accept, invalid } from './failure.ts';
import { type ReplyTarget, rehearseReply } from './rehearse-reply.ts';
import type { Route } from './route.ts';

/** The route that checks replies. */
export function webhookReplyRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/check-webhook-reply',
      summary: "Judge a webhook's reply, and where a number or an agent is named say what would become of the call",
      access: 'read',
      body: fieldsSchema(CHECK_REPLY_FIELDS, true),
      async handle({ body, warn }) {
        const { bytes, channel, target } = readCheck(body, warn);
        // Without a target it is judged by its form alone, as it is where no gateway is at hand.
        const alone = lintReplyBody(bytes, { channel, catalogue: deps.catalogue });
        if (target === undefined) return alone;
        return { reply: alone.reply, ...(await rehearseReply(deps, { channel, body: bytes }, target)) };
      },
    },
  ];
}

interface ReadCheck {
  readonly channel: CheckReplyBody['channel'];
  readonly bytes: Uint8Array;
  readonly target: ReplyTarget | undefined;
}

/** The reply as JSON (`reply`), or as the endpoint's bytes (`reply_base64`), which D1 to D3 judge. Throws 400. */
function readCheck(body: unknown, warn: (message: string) => void): ReadCheck {
  const sent = typeof body === 'object' && body !== null && !Array.isArray(body) ? body : undefined;
  if (sent === undefined || !('reply_base64' in sent)) {
    const read = accept(parseCheckReply(body), warn);
    return { channel: read.channel, bytes: Buffer.from(JSON.stringify(read.reply)), target: targetOf(read) };
  }
  if ('reply' in sent) throw invalid('reply and reply_base64 exclude each other.');
  const { reply_base64: base64, ...others } = sent;
  const read = accept(parseCheckReply({ ...others, reply: null }), warn);
  return { channel: read.channel, bytes: bytesOf(base64), target: targetOf(read) };
}

function targetOf({ agent_id, agent_version, to_number }: CheckReplyBody): ReplyTarget | undefined {
  if (to_number !== undefined && agent_id !== undefined) throw invalid('to_number and agent_id exclude each other.');
  if (agent_id !== undefined) return { agent_id, ...(agent_version !== undefined && { agent_version }) };
  if (agent_version !== undefined) throw invalid('agent_version needs agent_id beside it.');
  return to_number === undefined ? undefined : { to_number };
}

function bytesOf(base64: unknown): Uint8Array {
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : undefined;
  if (bytes?.toString('base64') !== base64) throw invalid('reply_base64 must be base64, with padding.');
  return bytes as Buffer;
}
