/** SIP user agent server (RFC 3261, 3264, 3581, 6026). Messages and SDP are exported for test phones too. */
export type { Clock } from './clock.ts';
export type { Dialog, DialogEnd } from './dialog/index.ts';
export * from './digest/index.ts';
export type { JsonObject, JsonValue } from './json.ts';
export type { Locate, Place } from './locate/index.ts';
export * from './message/index.ts';
export * from './sdp/index.ts';
export type { Challenged, Credentials, FindCredentials } from './server/answer-to.ts';
export { SipCore } from './server/core.ts';
export type { Refusal } from './server/judge-request.ts';
export type { MessageEnd, OutgoingMessage } from './server/message-sender.ts';
export type { IncomingMessage } from './server/message-server.ts';
export type {
  Admission,
  CoreOptions,
  IncomingInvite,
  Listener,
  RefuseOptions,
  ServerOptions,
  SipServer,
  SipStats,
  TraceLine,
} from './server/options.ts';
export { createSipServer } from './server/server.ts';
export { TimerQueue } from './timer-queue.ts';
export { defaultTimers, type SipTimers } from './transaction/index.ts';
export { ownAddress, type PublicHost } from './transport/address.ts';
export type { Destination, Source, Transport, TransportKind } from './transport/port.ts';
export { defaultStreamLimits, type StreamLimits } from './transport/stream-limits.ts';
export type { TlsIdentity } from './transport/tls-endpoint.ts';
