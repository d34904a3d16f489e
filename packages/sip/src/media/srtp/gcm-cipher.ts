import { Buffer } from 'node:buffer';
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { rtpPayloadStart } from '../rtp-packet.ts';
import { ENCRYPTED, type PacketCipher, REPORT_HEAD_BYTES } from './packet-cipher.ts';
import type { SessionKeys } from './session-keys.ts';

const TAG_BYTES = 16;
const INDEX_BYTES = 4;

/** AES in Galois/counter mode (RFC 7714). */
export class GcmCipher implements PacketCipher {
  readonly #name: 'aes-128-gcm' | 'aes-256-gcm';
  readonly #rtp: SessionKeys;
  readonly #rtcp: SessionKeys;
  readonly #nonce = Buffer.alloc(12);

  constructor(keys: { readonly rtp: SessionKeys; readonly rtcp: SessionKeys }) {
    this.#name = keys.rtp.encryption.length === 32 ? 'aes-256-gcm' : 'aes-128-gcm';
    this.#rtp = keys.rtp;
    this.#rtcp = keys.rtcp;
  }

  sealRtp(packet: Buffer, length: number, rollover: number): number {
    const start = rtpPayloadStart(packet) ?? length;
    const cipher = createCipheriv(this.#name, this.#rtp.encryption, this.#rtpNonce(packet, rollover));
    cipher.setAAD(packet.subarray(0, start));
    cipher.update(packet.subarray(start, length)).copy(packet, start);
    cipher.final();
    cipher.getAuthTag().copy(packet, length);
    return length + TAG_BYTES;
  }

  openRtp(packet: Buffer, rollover: number): number | undefined {
    const start = rtpPayloadStart(packet);
    const end = packet.length - TAG_BYTES;
    if (start === undefined || start > end) return undefined;
    const nonce = this.#rtpNonce(packet, rollover);
    return this.#open(this.#rtp.encryption, nonce, { packet, start, end, associated: packet.subarray(0, start) });
  }

  sealRtcp(packet: Buffer, length: number, index: number): number {
    const word = (ENCRYPTED | index) >>> 0;
    const cipher = createCipheriv(this.#name, this.#rtcp.encryption, this.#rtcpNonce(packet, index));
    cipher.setAAD(reportHead(packet, word));
    cipher.update(packet.subarray(REPORT_HEAD_BYTES, length)).copy(packet, REPORT_HEAD_BYTES);
    cipher.final();
    cipher.getAuthTag().copy(packet, length);
    packet.writeUInt32BE(word, length + TAG_BYTES);
    return length + TAG_BYTES + INDEX_BYTES;
  }

  openRtcp(packet: Buffer): number | undefined {
    const index = this.rtcpIndex(packet);
    if (index === undefined) return undefined;
    const end = packet.length - INDEX_BYTES - TAG_BYTES;
    const nonce = this.#rtcpNonce(packet, index);
    const associated = reportHead(packet, (ENCRYPTED | index) >>> 0);
    return this.#open(this.#rtcp.encryption, nonce, { packet, start: REPORT_HEAD_BYTES, end, associated });
  }

  rtcpIndex(packet: Buffer): number | undefined {
    if (packet.length < REPORT_HEAD_BYTES + TAG_BYTES + INDEX_BYTES) return undefined;
    const word = packet.readUInt32BE(packet.length - INDEX_BYTES);
    return word >= ENCRYPTED ? word - ENCRYPTED : undefined;
  }

  #open(
    key: Buffer,
    nonce: Buffer,
    sealed: { readonly packet: Buffer; readonly start: number; readonly end: number; readonly associated: Buffer },
  ): number | undefined {
    const { packet, start, end, associated } = sealed;
    const decipher = createDecipheriv(this.#name, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associated);
    decipher.setAuthTag(packet.subarray(end, end + TAG_BYTES));
    const plain = decipher.update(packet.subarray(start, end));
    try {
      decipher.final();
    } catch {
      // The only way it tells that the tag is wrong.
      return undefined;
    }
    plain.copy(packet, start);
    return end;
  }

  #rtpNonce(packet: Buffer, rollover: number): Buffer {
    const { salt } = this.#rtp;
    const nonce = this.#startNonce(salt, packet.readInt32BE(8));
    nonce.writeInt32BE(salt.readInt32BE(6) ^ rollover, 6);
    nonce.writeUInt16BE(salt.readUInt16BE(10) ^ packet.readUInt16BE(2), 10);
    return nonce;
  }

  #rtcpNonce(packet: Buffer, index: number): Buffer {
    const { salt } = this.#rtcp;
    const nonce = this.#startNonce(salt, packet.readInt32BE(4));
    nonce.writeInt32BE(salt.readInt32BE(8) ^ index, 8);
    return nonce;
  }

  #startNonce(salt: Buffer, ssrc: number): Buffer {
    salt.copy(this.#nonce);
    this.#nonce.writeInt32BE(salt.readInt32BE(2) ^ ssrc, 2);
    return this.#nonce;
  }
}

/** What of an RTCP packet is authenticated and not encrypted: its head and the word behind the tag. */
function reportHead(packet: Buffer, word: number): Buffer {
  const head = Buffer.alloc(REPORT_HEAD_BYTES + INDEX_BYTES);
  packet.copy(head, 0, 0, REPORT_HEAD_BYTES);
  head.writeUInt32BE(word, REPORT_HEAD_BYTES);
  return head;
}
