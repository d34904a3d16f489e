/**
 * Requests inside a dialog: BYE, OPTIONS, INFO, PRACK, and re-INVITE and UPDATE, which may change the session and
 * always tell where the caller is (RFC 3261 12.2.2 and 14.2, RFC 3262 3, RFC 3311 5.2, RFC 6086 4.2).
 */
import {
  type AnsweredDialog,
  parseRAck,
  type ReliableProvisionals,
  readTarget,
  type SessionReply,
} from '../dialog/index.ts';
import { draw } from '../draw.ts';
import { buildResponse, type HeaderInput, headerValue } from '../message/index.ts';
import type { Arrival } from './arrival.ts';
import { judgeInfo } from './judge-info.ts';
import { allowHeader, type Refusal, supportedHeader } from './judge-request.ts';
import type { PendingInvite } from './pending-invite.ts';
import { readOffer } from './read-offer.ts';
import type { Replier } from './replier.ts';
import { sessionHeaders, sessionTerms } from './session-terms.ts';
import type { TransactionTable } from './transaction-table.ts';
import type { TransportSet } from './transport-set.ts';
import type { Wire } from './wire.ts';

interface InDialogServerOptions {
  readonly reply: Replier;
  readonly wire: Wire;
  readonly transactions: TransactionTable;
  readonly transports: TransportSet;
  readonly random: () => string;
}

const outOfOrder: Refusal = { status: 500, reason: 'CSeq Out of Order' };

/** Answers the requests of dialogs. */
export class InDialogServer {
  readonly #options: InDialogServerOptions;

  constructor(options: InDialogServerOptions) {
    this.#options = options;
  }

  /** A request of a call we answered. */
  receive(arrival: Arrival, dialog: AnsweredDialog): void {
    const { reply } = this.#options;
    const { request, head } = arrival;
    if (!dialog.takeSeq(head.cseq.seq)) return reply.refuse(arrival, outOfOrder);
    if (request.method === 'OPTIONS') return reply.options(arrival);
    if (request.method === 'INFO') return this.#info(arrival, dialog);
    if (request.method === 'PRACK') return this.#acknowledge(arrival, dialog.reliable);
    if (request.method === 'INVITE' || request.method === 'UPDATE') {
      return this.#renegotiate(arrival, dialog, request.method);
    }
    reply.answer(arrival, { status: 200 });
    dialog.receiveBye(request);
  }

  /** A request of a call that still rings: its INVITE's offer has no answer yet. */
  receiveEarly(arrival: Arrival, pending: PendingInvite): void {
    const { reply } = this.#options;
    const { request, head, source, transport } = arrival;
    if (!pending.takeSeq(head.cseq.seq)) return reply.refuse(arrival, outOfOrder);
    if (request.method === 'OPTIONS') return reply.options(arrival);
    // Nobody listens to keys yet.
    if (request.method === 'INFO') return reply.answer(arrival, judgeInfo(request).answer);
    if (request.method === 'PRACK') return this.#acknowledge(arrival, pending.reliable);
    if (request.method === 'INVITE') return reply.refuse(arrival, this.#overlapping());
    if (request.method === 'UPDATE') {
      if (request.body.length > 0) {
        return reply.refuse(arrival, pending.reliable?.isOfferOpen ? { status: 491 } : this.#overlapping());
      }
      pending.refreshTarget(readTarget(request, head, { source, local: transport.local }, head.from.uri));
      return reply.answer(arrival, { status: 200, headers: [['Contact', this.#contact(arrival)], allowHeader] });
    }
    reply.answer(arrival, { status: 200 });
    pending.cancel(request);
  }

  #info(arrival: Arrival, dialog: AnsweredDialog): void {
    const { answer, key } = judgeInfo(arrival.request);
    this.#options.reply.answer(arrival, answer);
    if (key?.kind === 'digit') dialog.receiveDigit(key.digit, key.durationMs);
  }

  /** A PRACK: 481 for no response that waits for one, 488 for an offer, as none is in place here (RFC 3262 5). */
  #acknowledge(arrival: Arrival, reliable: ReliableProvisionals | undefined): void {
    const { request } = arrival;
    const { reply } = this.#options;
    if (!reliable?.acknowledge(parseRAck(headerValue(request, 'rack') ?? ''))) {
      return reply.refuse(arrival, { status: 481 });
    }
    const { offer: sdp, refusal } = readOffer(request);
    const isTaken = reliable.takeSdp(sdp);
    reply.answer(arrival, refusal ?? { status: isTaken ? 200 : 488 });
    reliable.proceed();
  }

  #renegotiate(arrival: Arrival, dialog: AnsweredDialog, method: 'INVITE' | 'UPDATE'): void {
    const { request, head, source, transport } = arrival;
    const { reply } = this.#options;
    const { offer, refusal } = readOffer(request);
    if (refusal) return reply.refuse(arrival, refusal);
    let said: SessionReply;
    try {
      said = dialog.renegotiate(method, offer);
    } catch (error) {
      reply.refuse(arrival, { status: 500 });
      throw error;
    }
    if ('refused' in said) return reply.refuse(arrival, this.#refusal(said.refused));
    dialog.refreshTarget(readTarget(request, head, { source, local: transport.local }, dialog.remoteTarget));
    this.#agree(arrival, dialog, said.sdp);
  }

  #agree({ request, head, outlet, source, transport }: Arrival, dialog: AnsweredDialog, sdp: string | undefined): void {
    const { wire, transactions, transports } = this.#options;
    const contact = transports.contact(transport, source, request.uri);
    const terms = sessionTerms(request);
    dialog.keepAlive(terms);
    const own: HeaderInput = [['Contact', contact], allowHeader, supportedHeader, ...sessionHeaders(terms)];
    const headers = [...own, ...wire.serverHeaders];
    const response = buildResponse(request, 200, { headers, ...(sdp === undefined ? {} : { body: sdp }) });
    const packet = wire.pack(response, head.callId, request.method);
    if (request.method === 'UPDATE') return transactions.openRequest(request, head, outlet).respond(packet);
    const entry = transactions.openInvite(request, head, outlet);
    entry.toTag = dialog.localTag;
    entry.transaction.respond(200, packet);
    dialog.repeatAnswer(head.cseq.seq, packet, outlet);
  }

  #contact({ transport, source, request }: Arrival): string {
    return this.#options.transports.contact(transport, source, request.uri);
  }

  #refusal(why: Extract<SessionReply, { readonly refused: string }>['refused']): Refusal {
    switch (why) {
      case 'ended':
        return { status: 481 };
      case 'pending':
        return { status: 491 };
      case 'overlapping':
        return this.#overlapping();
      case 'not-acceptable':
        return { status: 488 };
    }
  }

  /** Another offer is not done with: the peer is to come again within 10 s (RFC 3261 14.2). */
  #overlapping(): Refusal {
    const seconds = draw(this.#options.random(), 11);
    return { status: 500, reason: 'Overlapping Request', headers: [['Retry-After', String(seconds)]] };
  }
}
