export type { Issue } from '@pickup/contract';
export { createInboundHandler } from './inbound/create-inbound-handler.ts';
export type { Answer, Delivery } from './inbound/delivery.ts';
export type { InboundCall, InboundContext, InboundParty, InboundText } from './inbound/event.ts';
export type { Decide, HandlerResult, InboundHandler, InboundHandlerOptions } from './inbound/inbound-handler.ts';
export type * from './reply/override-settings.ts';
export {
  type AcceptOptions,
  type AgentOverrideGroups,
  type Attachments,
  accept,
  type JsonValue,
  type OverrideOptions,
  override,
  type Reply,
  reject,
  type Variables,
  type WireReply,
} from './reply/reply.ts';
export type { Verification, VerificationFailure, VerificationStep, Verified } from './verify/verification.ts';
export { verifyRequest } from './verify/verify-request.ts';
export { type ApiKeys, type VerifySignatureInput, verifySignature } from './verify/verify-signature.ts';
