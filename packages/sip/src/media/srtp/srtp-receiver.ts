import type { Buffer } from 'node:buffer';
import { RTP_HEADER_BYTES } from '../rtp-packet.ts';
import { type PacketCipher, REPORT_HEAD_BYTES } from './packet-cipher.ts';
import { ReplayWindow } from './replay-window.ts';

/** Streams (SSRCs) heard under one key; who begins more is not heard. */
const MOST_STREAMS = 64;

/** Opens what the peer sealed under one key; what is not authentic, or came before, is dropped. */
export class SrtpReceiver {
  readonly #cipher: PacketCipher;
  readonly #streams = new Map<number, ReplayWindow>();
  readonly #reports = new Map<number, ReplayWindow>();
  #rejected = 0;
  #isNewest = false;

  constructor(cipher: PacketCipher) {
    this.#cipher = cipher;
  }

  /** RTP packets dropped so far; reports are not counted, which some phones send plain. */
  get rejected(): number {
    return this.#rejected;
  }

  /** Whether the RTP packet opened last was later than all before it. */
  get isNewest(): boolean {
    return this.#isNewest;
  }

  /** The RTP packet of a datagram, opened in place; undefined where it is to be dropped. */
  open(datagram: Buffer): Buffer | undefined {
    if (datagram.length < RTP_HEADER_BYTES) return this.#reject();
    const ssrc = datagram.readUInt32BE(8);
    const window = this.#streams.get(ssrc) ?? newWindow(this.#streams);
    const index = window?.indexOf(datagram.readUInt16BE(2));
    if (window === undefined || index === undefined || !window.isFresh(index)) return this.#reject();
    const end = this.#cipher.openRtp(datagram, Math.floor(index / 0x1_0000));
    if (end === undefined) return this.#reject();
    this.#isNewest = index > window.highest;
    window.note(index);
    this.#streams.set(ssrc, window);
    return datagram.subarray(0, end);
  }

  /** The RTCP packet of a datagram, opened in place; undefined where it is to be dropped. */
  openReport(datagram: Buffer): Buffer | undefined {
    if (datagram.length < REPORT_HEAD_BYTES) return undefined;
    const ssrc = datagram.readUInt32BE(4);
    const window = this.#reports.get(ssrc) ?? newWindow(this.#reports);
    const index = this.#cipher.rtcpIndex(datagram);
    if (window === undefined || index === undefined || !window.isFresh(index)) return undefined;
    const end = this.#cipher.openRtcp(datagram);
    if (end === undefined) return undefined;
    window.note(index);
    this.#reports.set(ssrc, window);
    return datagram.subarray(0, end);
  }

  #reject(): undefined {
    this.#rejected += 1;
    return undefined;
  }
}

/** A window for a stream that is new; it is kept once a packet of the stream proved authentic. */
function newWindow(known: ReadonlyMap<number, ReplayWindow>): ReplayWindow | undefined {
  return known.size < MOST_STREAMS ? new ReplayWindow() : undefined;
}
