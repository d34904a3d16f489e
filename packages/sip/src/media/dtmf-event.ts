/** Octets of a telephone event's payload (RFC 4733, 2.3). */
export const DTMF_EVENT_BYTES = 4;

/** The keys by event code (RFC 4733, 3.2). */
const KEYS = '0123456789*#ABCD';
/** -10 dBm0, a usual level of keys. */
const VOLUME = 10;

/** What a telephone event says. */
export interface DtmfEvent {
  /** One of `0123456789*#ABCD`. */
  readonly digit: string;
  readonly end: boolean;
  /** In samples at 8 kHz since the event's timestamp. */
  readonly duration: number;
}

/** Reads the payload of a telephone-event packet; `undefined` where it is cut or no DTMF key. Volume is ignored. */
export function decodeDtmf(payload: Uint8Array): DtmfEvent | undefined {
  if (payload.length < DTMF_EVENT_BYTES) return undefined;
  const digit = KEYS[payload[0]!];
  if (digit === undefined) return undefined;
  return { digit, end: (payload[1]! & 0x80) !== 0, duration: (payload[2]! << 8) | payload[3]! };
}

/** Whether every character of `digits` is a DTMF key; lower-case letters are not. */
export function isDtmf(digits: string): boolean {
  return [...digits].every((digit) => KEYS.includes(digit));
}

/** Writes the four octets of an event at `offset`. `digit` must be a key; a duration is at most 65,535. */
export function encodeDtmf(event: DtmfEvent, target: Uint8Array, offset: number): void {
  target[offset] = KEYS.indexOf(event.digit);
  target[offset + 1] = (event.end ? 0x80 : 0) | VOLUME;
  target[offset + 2] = event.duration >> 8;
  target[offset + 3] = event.duration & 0xff;
}
