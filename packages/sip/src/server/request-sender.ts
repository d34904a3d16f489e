/**
 * Our requests in dialogs: BYE, and UPDATE or INVITE that refresh a session. Each is tried at the places of its next
 * hop in turn, while one is silent or says 503 (RFC 3263 4.3); a challenge is answered once at each (RFC 3261 22.2).
 */
import {
  buildInDialogRequest,
  type DialogRequests,
  type LocalSide,
  nextHop,
  type RefreshAnswer,
  type RefreshRequest,
} from '../dialog/index.ts';
import type { Locate } from '../locate/index.ts';
import {
  buildRequest,
  type HeaderInput,
  headerList,
  headerValue,
  headerValues,
  parseNameAddr,
  type SipRequest,
  type SipResponse,
  serializeMessage,
} from '../message/index.ts';
import type { ParsedOffer } from '../sdp/index.ts';
import { clientKey, type Final, type SipTimers, silence, unreachable } from '../transaction/index.ts';
import type { Outlet, Packet } from '../transport/port.ts';
import { answerTo, type FindCredentials } from './answer-to.ts';
import type { ClientTransactions } from './client-transactions.ts';
import { allowHeader, supportedHeader } from './judge-request.ts';
import { type Hop, NextHops } from './next-hops.ts';
import { readOffer } from './read-offer.ts';
import { readRefreshAnswer } from './session-terms.ts';
import type { TransportSet } from './transport-set.ts';

interface RequestSenderOptions {
  readonly timers: SipTimers;
  readonly clients: ClientTransactions;
  /** What each of our branches begins with: a request that has one in a Via came back to us. */
  readonly mark: string;
  readonly random: () => string;
  readonly userAgent: string | undefined;
  readonly locate: Locate;
  readonly credentials: FindCredentials | undefined;
  readonly transports: TransportSet;
  readonly outlet: (hop: Hop) => Outlet;
}

/** A request as a dialog wants it. */
interface Wanted {
  readonly method: 'BYE' | 'UPDATE' | 'INVITE';
  readonly headers: HeaderInput;
  readonly sdp?: string;
}

/** A request of ours, numbered. */
interface Built {
  readonly request: SipRequest;
  readonly seq: number;
  /** Of its transaction. */
  readonly key: string;
}

/** A larger request may be cut into fragments, and a lost fragment is a lost request (RFC 3261 18.1.1). */
const mostDatagramBytes = 1_300;
/** Where there are others to try, one that says nothing has so many times T1. */
const silentT1s = 8;

/** Sends our requests in dialogs and waits for their answers. */
export class RequestSender implements DialogRequests {
  readonly #options: RequestSenderOptions;
  readonly #transactions: ClientTransactions;
  readonly #hops: NextHops;
  readonly #mark: string;
  #closed = false;

  constructor(options: RequestSenderOptions) {
    this.#options = options;
    this.#transactions = options.clients;
    this.#hops = new NextHops(options.transports, options.locate);
    this.#mark = options.mark;
  }

  /** Client transactions in memory. */
  get size(): number {
    return this.#transactions.size;
  }

  /** Did we send this request (RFC 3261 16.3 item 4)? */
  isLoop(request: SipRequest): boolean {
    return headerValues(request, 'via').some((via) => via.includes(this.#mark));
  }

  async bye(side: LocalSide, headers: HeaderInput | undefined): Promise<void> {
    await this.#send(side, { method: 'BYE', headers: headers ?? [] });
  }

  async refresh(
    side: LocalSide,
    { method, seconds, minSeconds, sdp }: RefreshRequest,
  ): Promise<RefreshAnswer & { readonly answer?: ParsedOffer | undefined }> {
    const headers: HeaderInput = [
      allowHeader,
      supportedHeader,
      ['Session-Expires', `${seconds};refresher=uac`],
      ...(minSeconds === undefined ? [] : [['Min-SE', String(minSeconds)] as const]),
    ];
    const final = await this.#send(side, { method, headers, ...(sdp === undefined ? {} : { sdp }) });
    const said = readRefreshAnswer(final);
    return final.response && final.status < 300 ? { ...said, answer: readOffer(final.response).offer } : said;
  }

  /** Hands a response to its transaction; false where there is none. */
  receive(key: string, response: SipResponse): boolean {
    return this.#transactions.receive(key, response);
  }

  /** Resolves everything that waits; nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.#transactions.close();
  }

  /** Resolves with how it ended at the last place tried; as silence when closed. Never rejects. */
  async #send(side: LocalSide, wanted: Wanted): Promise<Final> {
    const found = this.#hops.find(side.state);
    const hops = found instanceof Promise ? await found : found;
    let last = unreachable;
    for (const [at, hop] of hops.entries()) {
      const limitMs = at < hops.length - 1 ? { limitMs: silentT1s * this.#options.timers.t1Ms } : {};
      last = await this.#tryAt(side, wanted, { ...hop, ...limitMs });
      if (this.#closed) return silence;
      // Silence and 503: the next place may do better (RFC 3263 4.3). A 408 that somebody sent is an answer.
      if (last.response && last.status !== 503) return last;
    }
    return last;
  }

  async #tryAt(side: LocalSide, wanted: Wanted, hop: Hop & { readonly limitMs?: number }): Promise<Final> {
    const first = this.#build(side, wanted, hop, []);
    const stream = this.#streamFor(side, first.request, hop);
    if (!stream) return this.#exchange(side, wanted, hop, first);
    const final = await this.#tryAt(side, wanted, stream);
    if (final.response || this.#closed) return final;
    return this.#exchange(side, wanted, hop, this.#build(side, wanted, hop, []));
  }

  /** The connection that a request too large for a datagram is tried over first, where the place may take one. */
  #streamFor({ state }: LocalSide, request: SipRequest, { transport, to }: Hop) {
    // To where an INVITE came from through a NAT no connection leads.
    const isLarge = transport.kind === 'udp' && serializeMessage(request).length > mostDatagramBytes;
    if (!isLarge || to === state.peer) return undefined;
    const tcp = this.#options.transports.findToward(to.address, 'tcp', transport.local);
    return tcp && { transport: tcp, to, limitMs: silentT1s * this.#options.timers.t1Ms };
  }

  async #exchange(
    side: LocalSide,
    wanted: Wanted,
    hop: Hop & { readonly limitMs?: number },
    first: Built,
  ): Promise<Final> {
    const final = await this.#transact(side, first, hop);
    const { credentials, random } = this.#options;
    if (!final.response || !credentials || this.#closed) return final;
    const { address } = hop.to;
    const answer = await answerTo(final.response, { request: first.request, address, credentials, random });
    if (this.#closed) return silence;
    return answer ? this.#transact(side, this.#build(side, wanted, hop, [answer]), hop) : final;
  }

  #build(side: LocalSide, { method, headers, sdp }: Wanted, hop: Hop, more: HeaderInput): Built {
    const { transports, userAgent, random } = this.#options;
    const branch = `${this.#mark}${random()}`;
    const { state } = side;
    const contact = transports.contact(hop.transport, hop.to, state.remoteTarget);
    const own: HeaderInput = method === 'BYE' ? headers : [['Contact', contact], ...headers];
    const seq = side.nextSeq();
    const request = buildInDialogRequest(state, {
      method,
      seq,
      via: this.#via(hop, branch),
      ...(userAgent === undefined ? {} : { userAgent }),
      headers: [...own, ...more],
      ...(sdp === undefined ? {} : { body: sdp }),
    });
    return { request, seq, key: clientKey(branch, method) };
  }

  #transact(side: LocalSide, { request, seq, key }: Built, hop: Hop & { readonly limitMs?: number }): Promise<Final> {
    const { limitMs } = hop;
    const outlet = this.#options.outlet(hop);
    const sending = { packet: pack(request), outlet, ...(limitMs === undefined ? {} : { limitMs }) };
    if (request.method === 'BYE') return this.#transactions.request(key, sending);
    if (request.method === 'UPDATE') {
      return this.#transactions.request(key, sending).then((final) => {
        if (final.response && final.status < 300) follow(side, final.response);
        return final;
      });
    }
    return this.#transactions.invite(key, {
      ...sending,
      buildAck: (refusal) => pack(ackOfRefusal(request, seq, refusal)),
      onAccepted: (response) => {
        const before = nextHop(side.state);
        follow(side, response);
        // Along the way that worked, unless the dialog leads elsewhere now.
        void this.#acknowledge(side, seq, nextHop(side.state) === before ? hop : undefined);
      },
    });
  }

  /** The ACK of a 2xx: a request of its own, to where the dialog leads now (RFC 3261 13.2.2.4). */
  async #acknowledge({ state }: LocalSide, seq: number, way: Hop | undefined): Promise<void> {
    const found = way ? [way] : this.#hops.find(state);
    const [hop] = found instanceof Promise ? await found : found;
    if (!hop || this.#closed) return;
    const { userAgent, random, outlet } = this.#options;
    const via = this.#via(hop, `${this.#mark}${random()}`);
    const named = userAgent === undefined ? {} : { userAgent };
    outlet(hop).send(pack(buildInDialogRequest(state, { method: 'ACK', seq, via, ...named })));
  }

  #via({ transport, to }: Hop, branch: string): string {
    const sentBy = this.#options.transports.advertise(transport, to);
    return `SIP/2.0/${transport.kind.toUpperCase()} ${sentBy};branch=${branch};rport`;
  }
}

function pack(request: SipRequest): Packet {
  const callId = headerValue(request, 'call-id') ?? '';
  return { bytes: serializeMessage(request), callId, summary: `${request.method} ${request.uri}` };
}

/** The ACK of a refusal: hop by hop, on the INVITE's branch (RFC 3261 17.1.1.3). */
function ackOfRefusal(invite: SipRequest, seq: number, refusal: SipResponse): SipRequest {
  const kept = invite.headers.filter(({ key }) => ['via', 'route', 'from', 'call-id', 'max-forwards'].includes(key));
  const headers: HeaderInput = [
    ...kept.map(({ name, value }) => [name, value] as const),
    ['To', headerValue(refusal, 'to') ?? headerValue(invite, 'to') ?? ''],
    ['CSeq', `${seq} ACK`],
  ];
  return buildRequest({ method: 'ACK', uri: invite.uri, headers });
}

/** The peer says in a 2xx where it is (RFC 3261 12.2.1.2). */
function follow(side: LocalSide, response: SipResponse): void {
  const remoteTarget = parseNameAddr(headerList(response, 'contact')[0] ?? '')?.uri;
  if (remoteTarget !== undefined) side.refreshTarget({ remoteTarget });
}
