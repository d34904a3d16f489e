export type { CallOptions, CallState, EndedBy, Headers, PhoneCall, SeenResponse } from './call-state.ts';
export { createPhone, type Phone, type PhoneOptions } from './phone.ts';
export type { PhoneTls } from './wire.ts';
