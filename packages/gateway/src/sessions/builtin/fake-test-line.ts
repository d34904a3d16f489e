/** A voice and a line for tests of the built-in runtime. */
import type { ManualClock } from '@pickup/testkit/clock';
import type { Line } from '../port.ts';
import type { SpeakRequest, Speech, Spoken } from '../voice/sentence-cache.ts';

/** Says one second of sound, at once, unless told otherwise. */
export class FakeSpeech implements Speech {
  readonly asked: SpeakRequest[] = [];
  answer: (request: SpeakRequest) => Promise<Spoken> = async () => ({
    ok: true,
    samples: new Int16Array(8_000).fill(1_000),
    hits: 1,
    misses: 0,
  });
  speak(request: SpeakRequest): Promise<Spoken> {
    this.asked.push(request);
    return this.answer(request);
  }
  async close() {}
}

/** Plays in real time by the manual clock. */
export class FakeLine implements Line {
  readonly played: { readonly samples: Int16Array; readonly atMs: number }[] = [];
  flushed = 0;
  readonly audible: Promise<void>;
  becomeAudible: () => void = () => {};
  #listeners: ((speaking: boolean) => void)[] = [];
  #digitListeners: ((digit: string) => void)[] = [];
  #drop: (() => void)[] = [];
  readonly #clock: ManualClock;
  constructor(clock: ManualClock) {
    this.#clock = clock;
    this.audible = new Promise((resolve) => {
      this.becomeAudible = resolve;
    });
  }
  play(samples: Int16Array): Promise<void> {
    this.played.push({ samples, atMs: this.#clock.monoMs() });
    return new Promise((resolve) => {
      this.#clock.after(samples.length / 8, resolve);
      this.#drop.push(resolve);
    });
  }
  /** What was playing counts as sent, as on a real line. */
  flush() {
    this.flushed++;
    for (const resolve of this.#drop.splice(0)) resolve();
  }
  onDigit(listener: (digit: string) => void) {
    this.#digitListeners.push(listener);
  }
  press(keys: string) {
    for (const key of keys) for (const listener of this.#digitListeners) listener(key);
  }
  onSpeech(listener: (speaking: boolean) => void) {
    this.#listeners.push(listener);
  }
  user(speaking: boolean) {
    for (const listener of this.#listeners) listener(speaking);
  }
}
