import type { Arrival } from './arrival.ts';
import { acceptOutside, allowOutside, type Refusal, supportedHeader } from './judge-request.ts';
import type { TransactionTable } from './transaction-table.ts';
import type { Wire } from './wire.ts';

interface ReplierOptions {
  readonly wire: Wire;
  readonly transactions: TransactionTable;
  readonly random: () => string;
  /** Are MESSAGEs taken? */
  readonly takesMessages: boolean;
}

/** Answers requests on the server's own account, each through a transaction. */
export class Replier {
  readonly #wire: Wire;
  readonly #transactions: TransactionTable;
  readonly #random: () => string;
  readonly #takesMessages: boolean;

  constructor({ wire, transactions, random, takesMessages }: ReplierOptions) {
    this.#wire = wire;
    this.#transactions = transactions;
    this.#random = random;
    this.#takesMessages = takesMessages;
  }

  /** The final response to any request but an INVITE. */
  answer({ request, head, outlet }: Arrival, answer: Refusal, toTag = this.#random()): void {
    const transaction = this.#transactions.openRequest(request, head, outlet);
    transaction.respond(this.#wire.pack(this.#wire.build(request, answer, toTag), head.callId, request.method));
  }

  /** The refusal of any request. */
  refuse(arrival: Arrival, refusal: Refusal): void {
    const { request, head, outlet, isUnproven = false } = arrival;
    if (isUnproven) return this.#wire.answerStateless(request, refusal, outlet);
    if (request.method !== 'INVITE') return this.answer(arrival, refusal);
    const response = this.#wire.build(request, refusal, this.#random());
    const { transaction } = this.#transactions.openInvite(request, head, outlet);
    transaction.respond(refusal.status, this.#wire.pack(response, head.callId, 'INVITE'));
  }

  /** The answer to an OPTIONS: what is spoken here. */
  options(arrival: Arrival): void {
    const takes = this.#takesMessages;
    this.answer(arrival, { status: 200, headers: [allowOutside(takes), acceptOutside(takes), supportedHeader] });
  }
}
