import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { encodeG711, muLaw, RTP_HEADER_BYTES, writeRtpHeader } from '@pickup/sip/media';

const FRAME = 160;

/** Somebody who talks in µ-law packets of 20 ms, by a clock of their own. */
export interface RtpTalker {
  readonly port: number;
  /** Begins, and says all of it; gives when the first sample was due (`performance.now()`). Once only. */
  talk(to: { readonly address: string; readonly port: number }, samples: Int16Array): number;
  close(): void;
}

/** Opens a socket on 127.0.0.1. Of `driftPpm` 200 the talker's seconds are 200 µs too short: it sends too fast. */
export async function openRtpTalker(options: { readonly driftPpm: number }): Promise<RtpTalker> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('error', () => {});
  const frameMs = 20 / (1 + options.driftPpm * 1e-6);
  let timer: NodeJS.Timeout | undefined;
  return {
    port: socket.address().port,
    talk(to, samples) {
      const from = performance.now();
      let count = 0;
      const send = () => {
        const frame = samples.subarray(count * FRAME, count * FRAME + FRAME);
        if (frame.length < FRAME) return;
        const packet = Buffer.alloc(RTP_HEADER_BYTES + FRAME);
        const [sequence, timestamp] = [count + 60_000, count * FRAME + 2 ** 32 - 80_000];
        writeRtpHeader(packet, { payloadType: 0, marker: count === 0, sequence, timestamp, ssrc: 0x7a1c });
        packet.set(encodeG711(muLaw, frame), RTP_HEADER_BYTES);
        socket.send(packet, to.port, to.address);
        count += 1;
        timer = setTimeout(send, Math.max(0, from + count * frameMs - performance.now()));
      };
      timer = setTimeout(send, 0);
      return from;
    },
    close() {
      clearTimeout(timer);
      socket.close();
    },
  };
}
