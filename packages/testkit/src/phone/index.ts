export type { CallOptions, CallState, EndedBy, Headers, PhoneCall, SeenResponse } from './call-state.ts';
export { createPhone, type Phone } from './phone.ts';
