/** Trunk passwords at rest: sealed to the row of their number, so that one copied to another row does not open. */
import type { Seal } from './seal.ts';

/** The password as the store keeps it beside `phoneNumber`. */
export function sealTrunkPassword(seal: Seal, phoneNumber: string, password: string): string {
  return seal.seal(password, contextOf(phoneNumber));
}

/** The password of `phoneNumber` in the clear. Throws CannotOpen where it was sealed for another number. */
export function openTrunkPassword(seal: Seal, phoneNumber: string, sealed: string): string {
  return seal.open(sealed, contextOf(phoneNumber));
}

/** The password of the callers of `phoneNumber` who show `sip_inbound_username`, as the store keeps it. */
export function sealInboundPassword(seal: Seal, phoneNumber: string, password: string): string {
  return seal.seal(password, inboundContextOf(phoneNumber));
}

/** That password in the clear. Throws CannotOpen where it was sealed for another number, or for another use. */
export function openInboundPassword(seal: Seal, phoneNumber: string, sealed: string): string {
  return seal.open(sealed, inboundContextOf(phoneNumber));
}

function inboundContextOf(phoneNumber: string): string {
  return `phone_number:${phoneNumber}:sip_inbound_password`;
}

function contextOf(phoneNumber: string): string {
  return `phone_number:${phoneNumber}:auth_password`;
}
