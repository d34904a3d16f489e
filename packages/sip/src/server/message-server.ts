/** Takes MESSAGEs (RFC 3428): each is answered once, when whoever takes it says so, and repetitions hear the same. */
import type { JsonObject } from '../json.ts';
import { headerValues, type SipRequest, tagOf } from '../message/index.ts';
import type { Schedule, SipTimers } from '../transaction/index.ts';
import type { Source, Transport } from '../transport/port.ts';
import type { Arrival } from './arrival.ts';
import type { Refusal } from './judge-request.ts';
import type { Replier } from './replier.ts';
import { messageMemo, readText } from './text-message.ts';
import type { TransactionTable } from './transaction-table.ts';
import type { Wire } from './wire.ts';

/** A text that came. Exactly one answer is sent: the first given, or 500 once the sender has given up (64·T1). */
export interface IncomingMessage {
  readonly request: SipRequest;
  readonly source: Source;
  /** The listener it came in by. */
  readonly local: Transport['local'];
  readonly callId: string;
  /** Empty where the sender sent none (RFC 2543). */
  readonly fromTag: string;
  readonly cseq: number;
  readonly text: string;
  /** Plain JSON: where a MESSAGE back goes, for `sendMessage`. */
  readonly memo: JsonObject;
  /** The values of a header, one per line. */
  headers(name: string): string[];
  /** Sends the answer, 200 to 699; later ones do nothing. */
  answer(answer: Refusal): void;
}

interface MessageServerOptions {
  readonly timers: SipTimers;
  readonly schedule: Schedule;
  readonly random: () => string;
  readonly wire: Wire;
  readonly reply: Replier;
  readonly transactions: TransactionTable;
  readonly onMessage: (message: IncomingMessage) => void;
}

/** Takes the MESSAGEs that passed the rules. */
export class MessageServer {
  readonly #options: MessageServerOptions;

  constructor(options: MessageServerOptions) {
    this.#options = options;
  }

  /** What `onMessage` throws is a 500, and thrown on. */
  receive(arrival: Arrival): void {
    const { request, head, source, transport } = arrival;
    const { onMessage, reply } = this.#options;
    const read = readText(request);
    if ('refusal' in read) return reply.refuse(arrival, read.refusal);
    const answer = this.#open(arrival);
    try {
      onMessage({
        request,
        source,
        local: transport.local,
        callId: head.callId,
        fromTag: tagOf(head.from) ?? '',
        cseq: head.cseq.seq,
        text: read.text,
        memo: messageMemo({ request, head, source }, transport),
        headers: (name) => headerValues(request, name),
        answer,
      });
    } catch (error) {
      answer({ status: 500 });
      throw error;
    }
  }

  #open({ request, head, outlet }: Arrival): (answer: Refusal) => void {
    const { timers, schedule, random, wire, transactions } = this.#options;
    const transaction = transactions.openRequest(request, head, outlet);
    const answer = (given: Refusal) => {
      stopWaiting();
      transaction.respond(wire.pack(wire.build(request, given, random()), head.callId, request.method));
    };
    const stopWaiting = schedule(64 * timers.t1Ms, () => answer({ status: 500 }));
    return answer;
  }
}
