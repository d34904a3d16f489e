/**
 * Where SIP of Twilio comes from: all its regions, for calls move between them
 * (twilio.com/docs/sip-trunking/ip-addresses, November 2026). Every customer of Twilio calls from there, so these
 * addresses are let in nowhere by themselves; the numbers' credentials are.
 */
import { type Cidr, parseCidr } from '../config/index.ts';

const TEXTS = [
  '54.172.60.0/30',
  '54.244.51.0/30',
  '54.171.127.192/30',
  '35.156.191.128/30',
  '54.65.63.192/30',
  '54.169.127.128/30',
  '54.252.254.64/30',
  '177.71.206.192/30',
] as const;

/** The blocks. */
export const TWILIO_SIGNALLING: readonly Cidr[] = TEXTS.flatMap((text) => {
  const read = parseCidr(text);
  return read.ok ? [read.cidr] : [];
});
