/** People who text a number, by way of a provider that sends again what was not acknowledged. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FakeTwilio, startFakeTwilio, type TwilioMessage } from '@pickup/testkit/twilio';

export const OURS = '+12137772001';
/** Between two tries of the provider. */
const RETRY_MS = 250;

export interface People {
  readonly twilio: FakeTwilio;
  /** Resolves once the text is acknowledged. */
  deliver(from: string, body: string): Promise<void>;
  /** Resolves with the next message to this person. */
  hears(person: string): Promise<TwilioMessage>;
  /** What each person heard, in order. */
  heardBy(person: string): readonly string[];
  /** Tries that were not acknowledged. */
  readonly resent: number;
  close(): Promise<void>;
}

/** `url` is asked anew for each try: it may be another one after a restart. */
export async function gatherPeople(url: () => string): Promise<People> {
  const listeners = new Map<string, (message: TwilioMessage) => void>();
  const heard = new Map<string, string[]>();
  let resent = 0;
  const twilio = await startFakeTwilio({
    fate(message) {
      const said = heard.get(message.to) ?? [];
      said.push(message.body);
      heard.set(message.to, said);
      const listener = listeners.get(message.to);
      listeners.delete(message.to);
      listener?.(message);
      return { steps: ['sent'] };
    },
  });
  return {
    twilio,
    async deliver(from, body) {
      const sid = `SM${randomBytes(16).toString('hex')}`;
      for (;;) {
        const { delivered } = await twilio.receive({ from, to: OURS, body, sid }, { url: `${url()}/twilio/sms` });
        if (delivered) return;
        resent += 1;
        await sleep(RETRY_MS);
      }
    },
    hears: (person) => new Promise((resolve) => void listeners.set(person, resolve)),
    heardBy: (person) => heard.get(person) ?? [],
    get resent() {
      return resent;
    },
    close: () => twilio.close(),
  };
}

/** The nth person's number. */
export function person(nth: number): string {
  return `+1415${String(5_000_000 + nth)}`;
}
