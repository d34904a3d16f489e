import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** What can be done with a phone while its call stands. */
export interface BaresipKeys {
  /** Presses keys (`0123456789*#ABCD`) one after the other, 100 ms each with 60 ms between them (RFC 4733). */
  press(digits: string): Promise<void>;
  /** Puts the call on hold (a re-INVITE with `sendonly`). */
  hold(): Promise<void>;
  /** Takes the held call back. */
  resume(): Promise<void>;
}

const DOWN_MS = 100;
const UP_MS = 60;
const HOLD = 'x';
const RESUME = 'X';
/** What releases a key. */
const RELEASE = '\u0004';

/** Keys for baresip's own console (`cons.so`), which takes them as datagrams, one byte each. */
export async function openKeys(port: number): Promise<BaresipKeys & { close(): void }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  socket.on('error', () => {});
  const strike = async (key: string) => void socket.send(key, port, '127.0.0.1');
  return {
    async press(digits) {
      for (const digit of digits) {
        await strike(digit);
        await sleep(DOWN_MS);
        await strike(RELEASE);
        await sleep(UP_MS);
      }
    },
    hold: () => strike(HOLD),
    resume: () => strike(RESUME),
    close: () => socket.close(),
  };
}
