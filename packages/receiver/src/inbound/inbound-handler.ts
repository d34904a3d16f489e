/** What an author gives and gets: the settings of an endpoint, and the endpoint. */
import type { Issue } from '@pickup/contract';
import type { Reply, WireReply } from '../reply/reply.ts';
import type { VerificationFailure } from '../verify/verification.ts';
import type { ApiKeys } from '../verify/verify-signature.ts';
import type { Answer, Delivery } from './delivery.ts';
import type { InboundCall, InboundContext, InboundText } from './event.ts';

/** What a handler may return: a reply, one with its group already, or nothing for the number's own agent. */
export type HandlerResult = Reply | WireReply | null | undefined;

/** Decides about one call or text. What it throws becomes a 500, and Pickup asks again. */
export type Decide<Party> = (party: Party, context: InboundContext) => HandlerResult | Promise<HandlerResult>;

/** The settings of an endpoint. At least one of `onCall` and `onSms` is there. */
export interface InboundHandlerOptions {
  /** The API key that signs, or several while it is changed. Undefined, as an environment variable may be, throws. */
  readonly apiKey: ApiKeys | undefined;
  /** Default: calls go to the number's own agent. */
  readonly onCall?: Decide<InboundCall>;
  /** Default: texts go to the number's own agent. */
  readonly onSms?: Decide<InboundText>;
  /** How far a signature's stamp may lie from now, in ms. Default 300,000. */
  readonly toleranceMs?: number;
  /** Told of everything the linter finds in a reply, which goes out all the same. Default: console, each once. */
  readonly onIssue?: (issue: Issue, context: InboundContext) => void;
  /** Told of each request that was not let in. Default: console, each step once. */
  readonly onRefused?: (failure: VerificationFailure) => void;
  /** Told of what a handler throws. Default: console. */
  readonly onError?: (error: unknown, context: InboundContext) => void;
  /** The clock, in epoch ms. Default Date.now. */
  readonly now?: () => number;
}

/** An endpoint, for any server: `fetch` for Web requests, `answer` for adapters. Both can be passed on unbound. */
export interface InboundHandler {
  /** Answers a Web request. Never rejects. */
  readonly fetch: (request: Request) => Promise<Response>;
  /** Answers a request of any other kind; for adapters. Never rejects. */
  readonly answer: (delivery: Delivery) => Promise<Answer>;
}
