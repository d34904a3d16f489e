/**
 * MESSAGEs of our own (RFC 3428), back to who wrote to us. One goes over UDP only up to 1,300 bytes: it has no way to
 * slow down on a congested path, and fragments get lost. Beyond that a TCP connection to the same peer is tried.
 */
import type { JsonObject } from '../json.ts';
import {
  buildRequest,
  type HeaderInput,
  hostPort,
  isSipUri,
  parseNameAddr,
  parseUri,
  type SipRequest,
  serializeMessage,
} from '../message/index.ts';
import { clientKey, type Final, silence, unreachable } from '../transaction/index.ts';
import type { Outlet, Transport, TransportKind } from '../transport/port.ts';
import { answerTo, type FindCredentials } from './answer-to.ts';
import type { ClientTransactions } from './client-transactions.ts';
import type { Hop } from './next-hops.ts';
import { type MessageRoute, readMessageMemo, textType } from './text-message.ts';
import type { TransportSet } from './transport-set.ts';

/** A text for who wrote to us. */
export interface OutgoingMessage {
  /** `IncomingMessage.memo`. */
  readonly memo: JsonObject;
  readonly text: string;
  /** Token characters; the same one for the same text, so that a peer can tell a repetition. */
  readonly id: string;
  /** Aborted, it is not sent again and ends as silence: it may have arrived. */
  readonly signal?: AbortSignal;
}

/**
 * How a MESSAGE of ours ended: `answered` with the final status; `silent`, nothing came in time, so it may have
 * arrived; `unreachable`, no way there; `too_long`, above 1,300 bytes for a peer that takes UDP alone; `no_route`, the
 * memo is none.
 */
export type MessageEnd =
  | { readonly end: 'answered'; readonly status: number; readonly reason: string }
  | { readonly end: 'silent' | 'unreachable' | 'too_long' | 'no_route' };

interface MessageSenderOptions {
  readonly random: () => string;
  readonly userAgent: string | undefined;
  readonly credentials: FindCredentials | undefined;
  readonly transports: TransportSet;
  readonly clients: ClientTransactions;
  /** What each of our branches begins with. */
  readonly mark: string;
  readonly outlet: (hop: Hop) => Outlet;
}

/** A larger request may be cut into fragments, and a lost fragment is a lost request (RFC 3261 18.1.1, RFC 3428 8). */
const mostDatagramBytes = 1_300;

/** Sends MESSAGEs and waits for their answers. */
export class MessageSender {
  readonly #options: MessageSenderOptions;

  constructor(options: MessageSenderOptions) {
    this.#options = options;
  }

  /** Never rejects. A challenge is answered once. */
  async send(message: OutgoingMessage): Promise<MessageEnd> {
    const route = readMessageMemo(message.memo);
    const local = route && { host: route.localHost, port: route.localPort };
    const transport = route && this.#options.transports.findToward(route.to.address, route.transport, local!);
    if (!route || !transport) return { end: 'no_route' };
    const final = await this.#exchange({ route, message, hop: { transport, to: route.to } });
    const stream = final === 'too_long' ? this.#streamTo(route, transport) : undefined;
    if (!stream) return endOf(final);
    const overStream = await this.#exchange({ route, message, hop: stream });
    return overStream === unreachable ? { end: 'too_long' } : endOf(overStream);
  }

  /** A connection to the peer at the port it gave in its Via. */
  #streamTo(route: MessageRoute, { local }: Transport): Hop | undefined {
    const { address, port } = route.to;
    const tcp = this.#options.transports.findToward(address, 'tcp', local);
    return tcp && { transport: tcp, to: { address, port } };
  }

  /** At most twice: a challenge is answered. The answer is long: what just fitted may not any more. */
  async #exchange(asked: Asked): Promise<Final | 'too_long'> {
    const { transport, to } = asked.hop;
    const first = this.#build(asked, 1, []);
    if (isTooLong(first.request, transport)) return 'too_long';
    const final = await this.#transact(first, asked);
    const { credentials, random } = this.#options;
    if (!final.response || !credentials) return final;
    const about = { request: first.request, address: to.address, credentials, random };
    const answer = await answerTo(final.response, about);
    if (!answer) return final;
    const again = this.#build(asked, 2, [answer]);
    return isTooLong(again.request, transport) ? 'too_long' : this.#transact(again, asked);
  }

  async #transact({ request, key }: Built, { hop, message }: Asked): Promise<Final> {
    const { clients, outlet } = this.#options;
    const { signal, id } = message;
    if (signal?.aborted) return silence;
    const packet = { bytes: serializeMessage(request), callId: id, summary: `MESSAGE ${request.uri}` };
    const abandon = () => clients.abandon(key);
    signal?.addEventListener('abort', abandon, { once: true });
    return clients
      .request(key, { packet, outlet: outlet(hop) })
      .finally(() => signal?.removeEventListener('abort', abandon));
  }

  #build({ route, message, hop }: Asked, seq: number, more: HeaderInput): Built {
    const { transports, userAgent, random, mark } = this.#options;
    const branch = `${mark}${random()}`;
    const sentBy = transports.advertise(hop.transport, hop.to);
    const headers: HeaderInput = [
      ['Via', `SIP/2.0/${hop.transport.kind.toUpperCase()} ${sentBy};branch=${branch};rport`],
      ['Max-Forwards', '70'],
      ['From', `${route.localAddress};tag=${message.id}`],
      ['To', route.remoteAddress],
      ['Call-ID', message.id],
      ['CSeq', `${seq} MESSAGE`],
      ...(userAgent === undefined ? [] : [['User-Agent', userAgent] as const]),
      ...more,
    ];
    const contentType = `${textType};charset=UTF-8`;
    const uri = targetUri(route, hop.transport.kind);
    const request = buildRequest({ method: 'MESSAGE', uri, headers, body: message.text, contentType });
    return { request, key: clientKey(branch, 'MESSAGE') };
  }
}

interface Asked {
  readonly route: MessageRoute;
  readonly message: OutgoingMessage;
  readonly hop: Hop;
}

interface Built {
  readonly request: SipRequest;
  readonly key: string;
}

const isTooLong = (request: SipRequest, { kind }: Transport): boolean =>
  kind === 'udp' && serializeMessage(request).length > mostDatagramBytes;

function endOf(final: Final | 'too_long'): MessageEnd {
  if (final === 'too_long') return { end: 'too_long' };
  if (final === silence) return { end: 'silent' };
  if (final === unreachable) return { end: 'unreachable' };
  return { end: 'answered', status: final.status, reason: final.response?.reason ?? '' };
}

/** The sender's user at the peer: whatever host its From names, the MESSAGE goes to the peer alone. */
function targetUri({ remoteAddress, to }: MessageRoute, over: TransportKind): string {
  const uri = parseUri(parseNameAddr(remoteAddress)?.uri ?? '');
  const user = uri && isSipUri(uri) ? uri.user : uri && 'number' in uri ? uri.number : undefined;
  const place = hostPort(to.address, (to.reconnect ?? to).port);
  const kind = over === 'udp' ? '' : `;transport=${over}`;
  return `sip:${user === undefined ? '' : `${user}@`}${place}${kind}`;
}
