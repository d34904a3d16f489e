export { type SipText, type SipTexter, type SipTexterOptions, startSipTexter } from './sip-texter.ts';
