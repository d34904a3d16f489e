/** The way out for texts of SIP peers: a MESSAGE to the peer the text came from, and only there (RFC 3428). */
import type { MessageEnd, SipServer } from '@pickup/sip';
import type { OutgoingPart, SendOutcome, TextEdge } from '../text-port.ts';

/** Refusals that may be over the next time; 408 and 5xx beside 501, 505 and 513. */
const PASSING = new Set([408, 480, 486, 491, 500, 502, 503, 504, 580]);

/** The edge on a server that runs. Its requests bear the part's id, so that a peer can tell a repetition. */
export function createSipMessageEdge(server: Pick<SipServer, 'sendMessage'>): TextEdge {
  return {
    name: 'sip_message',
    answersOptOut: () => false,
    async send(part, signal) {
      const { part_id, body, reply_route } = part;
      if (reply_route === undefined) return judge({ end: 'no_route' }, part);
      return judge(await server.sendMessage({ memo: reply_route, text: body, id: token(part_id), signal }), part);
    },
    close: async () => {},
  };
}

/** Throws where it may have arrived. */
function judge(ended: MessageEnd, { part_id }: OutgoingPart): SendOutcome {
  switch (ended.end) {
    case 'answered':
      return judgeAnswer(ended, part_id);
    case 'silent':
      throw new Error('The SIP peer did not answer the MESSAGE in time.');
    case 'unreachable':
      return { kind: 'refused', permanent: false, code: 'unreachable', message: 'The SIP peer cannot be reached.' };
    case 'too_long':
      return {
        kind: 'refused',
        permanent: true,
        code: 'too_long',
        message:
          'A MESSAGE above 1,300 bytes needs TCP, and this SIP peer takes UDP alone. Let it send its texts over TCP or TLS, or have the agent write shorter ones.',
      };
    case 'no_route':
      return { kind: 'refused', permanent: true, code: 'no_route', message: 'No way back to the SIP peer is known.' };
  }
}

function judgeAnswer(
  { status, reason }: { readonly status: number; readonly reason: string },
  id: string,
): SendOutcome {
  if (status < 300) return { kind: 'accepted', provider_message_id: id, sent: true };
  const wish =
    status === 401 || status === 407
      ? ' Give the number a sip_outbound_trunk_config with auth_username and auth_password.'
      : '';
  const message = `The SIP peer answered ${status} ${reason}.${wish}`;
  return { kind: 'refused', permanent: !PASSING.has(status), code: String(status), message };
}

/** What may stand in a Call-ID and a tag. */
const token = (id: string): string => id.replaceAll(/[^A-Za-z0-9.!%*_+`'~-]/g, '-');
