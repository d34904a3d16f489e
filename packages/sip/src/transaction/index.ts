export { type InviteClientOptions, InviteClientTransaction } from './invite-client.ts';
export { type InviteServerOptions, InviteServerTransaction } from './invite-server.ts';
export { clientKey, mergeKey, serverKey } from './key.ts';
export {
  type ClientOptions,
  type Final,
  NonInviteClientTransaction,
  silence,
  unreachable,
} from './non-invite-client.ts';
export { NonInviteServerTransaction } from './non-invite-server.ts';
export { defaultTimers, retransmit, type Schedule, type SipTimers } from './timers.ts';
