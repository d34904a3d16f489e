export { type AddressGuard, type AddressVerdict, createAddressGuard, type GuardOptions } from './address-guard.ts';
export * from './faults/index.ts';
export { NameError, Names, type NamesOptions } from './names.ts';
export type { OpenedSocket, OutboundSocket, SocketRequest } from './open-socket.ts';
export { createOutbound, type Outbound, type OutboundOptions } from './outbound.ts';
export { createReach, type Reach, type ReachRequest, type ReachResult } from './reach.ts';
export type {
  AllowedAudit,
  AttemptError,
  AttemptPhases,
  Clock,
  Fault,
  OutboundFailure,
  OutboundGet,
  OutboundReply,
  OutboundRequest,
  OutboundResult,
  Resolver,
  UrlVerdict,
} from './types.ts';
