import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import {
  decodeG711,
  encodeG711Into,
  type G711Law,
  g711Law,
  parseRtp,
  RTP_HEADER_BYTES,
  writeRtpHeader,
} from '@pickup/sip/media';
import { DigitSender } from './digit-sender.ts';
import type { SdpAudio } from './sdp.ts';

const FRAME = 160;
/** More than this is not recorded: 10 minutes. */
const MOST_SAMPLES = 10 * 60 * 8_000;

/** The phone's ear and mouth: one RTP socket, a recording placed by timestamps, 20 ms packets out. */
export class CallAudio {
  readonly #socket: Socket;
  readonly #host: string;
  #recording = new Int16Array(8_000);
  #length = 0;
  #stream: { readonly ssrc: number; readonly firstTimestamp: number; readonly at: number } | undefined;
  #queue: { readonly samples: Int16Array; offset: number; readonly done: () => void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #digits: DigitSender | undefined;
  #closed = false;
  #packetsReceived = 0;

  private constructor(socket: Socket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.on('message', (datagram) => this.#receive(datagram));
    socket.on('error', () => {});
  }

  /** Binds a socket on any free port of `host`. */
  static async open(host: string): Promise<CallAudio> {
    const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4').bind(0, host);
    await once(socket, 'listening');
    return new CallAudio(socket, host);
  }

  get host(): string {
    return this.#host;
  }

  get port(): number {
    return this.#socket.address().port;
  }

  get packetsReceived(): number {
    return this.#packetsReceived;
  }

  /** Sends a packet each 20 ms from now on, silence when there is nothing to say. Once only. */
  start(remote: SdpAudio): void {
    if (this.#timer !== undefined || this.#closed || remote.port === 0) return;
    const law = g711Law(remote.payloadType);
    const [ssrc, from] = [randomBytes(4).readUInt32BE(), performance.now()];
    const frame = new Int16Array(FRAME);
    const digits = remote.dtmfPayloadType === undefined ? undefined : new DigitSender(remote.dtmfPayloadType, ssrc);
    this.#digits = digits;
    let count = 0;
    const send = () => {
      const event = digits?.next(count);
      this.#socket.send(event ?? this.#audioPacket(law, frame, { count, ssrc }), remote.port, remote.address);
      count += 1;
      this.#timer = setTimeout(send, from + count * 20 - performance.now());
    };
    send();
  }

  /** Presses keys one after the other; see `PhoneCall.sendDigits`. */
  async sendDigits(digits: string): Promise<void> {
    if (this.#digits === undefined) throw new Error('No call that takes telephone events is up.');
    await this.#digits.press(digits);
  }

  /** Says samples after what is being said; resolves when the last was sent or the call is over. */
  say(samples: Int16Array): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((done) => this.#queue.push({ samples, offset: 0, done }));
  }

  /** Everything heard so far, 8 kHz; lost packets are silence. */
  heard(): Int16Array {
    return this.#recording.slice(0, this.#length);
  }

  /** Stops sending and frees the port; the recording stays. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket.close();
    for (const { done } of this.#queue.splice(0)) done();
    this.#digits?.close();
  }

  #audioPacket(law: G711Law, frame: Int16Array, at: { readonly count: number; readonly ssrc: number }): Buffer {
    frame.fill(0);
    const finished = this.#take(frame);
    const packet = Buffer.alloc(RTP_HEADER_BYTES + FRAME);
    const { payloadType } = law;
    const [marker, sequence, timestamp] = [at.count === 0, at.count, at.count * FRAME];
    writeRtpHeader(packet, { payloadType, marker, sequence, timestamp, ssrc: at.ssrc });
    encodeG711Into(law, frame, packet, RTP_HEADER_BYTES);
    for (const done of finished) done();
    return packet;
  }

  #take(frame: Int16Array): (() => void)[] {
    const finished: (() => void)[] = [];
    let filled = 0;
    while (filled < FRAME && this.#queue.length > 0) {
      const piece = this.#queue[0]!;
      const part = piece.samples.subarray(piece.offset, piece.offset + FRAME - filled);
      frame.set(part, filled);
      filled += part.length;
      piece.offset += part.length;
      if (piece.offset < piece.samples.length) continue;
      this.#queue.shift();
      finished.push(piece.done);
    }
    return finished;
  }

  #receive(datagram: Buffer): void {
    const packet = parseRtp(datagram);
    if (packet === undefined || (packet.payloadType !== 0 && packet.payloadType !== 8)) return;
    this.#packetsReceived += 1;
    if (this.#stream?.ssrc !== packet.ssrc) {
      this.#stream = { ssrc: packet.ssrc, firstTimestamp: packet.timestamp, at: this.#length };
    }
    const at = this.#stream.at + ((packet.timestamp - this.#stream.firstTimestamp) | 0);
    const end = at + packet.payload.length;
    if (at < 0 || end > MOST_SAMPLES) return;
    while (this.#recording.length < end) this.#grow();
    this.#recording.set(decodeG711(g711Law(packet.payloadType), packet.payload), at);
    this.#length = Math.max(this.#length, end);
  }

  #grow(): void {
    const larger = new Int16Array(this.#recording.length * 2);
    larger.set(this.#recording);
    this.#recording = larger;
  }
}
