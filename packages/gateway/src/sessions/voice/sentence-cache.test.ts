import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { renderSpans } from '@pickup/core';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { OfflineVoice, SpeechResult } from './port.ts';
import { createSentenceCache } from './sentence-cache.ts';

const log = { info() {}, warn() {}, error() {} };

/** Ten samples a character; `answers` come before that, one a request. */
class FakeVoice implements OfflineVoice {
  readonly asked: string[] = [];
  readonly answers: SpeechResult[] = [];
  readonly engineVersion: string;
  constructor(engineVersion = '1') {
    this.engineVersion = engineVersion;
  }
  async synthesise({ text }: { readonly text: string }): Promise<SpeechResult> {
    this.asked.push(text);
    await new Promise((resolve) => setImmediate(resolve));
    return this.answers.shift() ?? { ok: true, samples: new Int16Array(text.length * 10).fill(text.length) };
  }
  async warmUp() {
    return true;
  }
  async close() {}
}

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'sentences-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));
const open = (voice: OfflineVoice, folder?: string) =>
  createSentenceCache({ voice, clock: new ManualClock(), log, ...(folder ? { folder } : {}) });
const greeting = (name: string) => ({
  spans: renderSpans('Good day. Hi {{customer_name}}, thanks for calling.', { customer_name: name }),
  voice: 'en-us',
  speed: 1,
});

describe('createSentenceCache', () => {
  it('synthesises only the clause that differs', async () => {
    const voice = new FakeVoice();
    const speech = open(voice);
    expect(await speech.speak(greeting('Anna'))).toMatchObject({ ok: true, hits: 0, misses: 3 });
    expect(await speech.speak(greeting('Bo'))).toMatchObject({ ok: true, hits: 2, misses: 1 });
    expect(await speech.speak(greeting('Bo'))).toMatchObject({ ok: true, hits: 1, misses: 0 });
    expect(voice.asked.slice(0, 3).sort()).toEqual(['Good day.', 'Hi Anna,', 'thanks for calling.']);
    expect(voice.asked.slice(3)).toEqual(['Hi Bo,']);
    expect(await speech.speak({ ...greeting('Bo'), speed: 1.5 })).toMatchObject({ misses: 3 });
    expect(await speech.speak({ ...greeting('Bo'), voice: 'de' })).toMatchObject({ misses: 3 });
  });

  it('joins the pieces in order with pauses between them', async () => {
    const spoken = await open(new FakeVoice()).speak(greeting('Anna'));
    if (!spoken.ok) throw new Error(spoken.message);
    const [first, second, third] = ['Good day.', 'Hi Anna,', 'thanks for calling.'].map((text) => text.length) as [
      number,
      number,
      number,
    ];
    expect(spoken.samples.length).toBe((first + second + third) * 10 + (350 + 180) * 8);
    expect(spoken.samples[0]).toBe(first);
    expect(spoken.samples[first * 10]).toBe(0);
    expect(spoken.samples[first * 10 + 350 * 8]).toBe(second);
    expect(spoken.samples.at(-1)).toBe(third);
  });

  it('puts the same words together once, for every thread to read', async () => {
    const speech = open(new FakeVoice());
    const [first, again, other] = [
      await speech.speak(greeting('Anna')),
      await speech.speak(greeting('Anna')),
      await speech.speak(greeting('Otto')),
    ];
    if (!first.ok || !again.ok || !other.ok) throw new Error('nothing was said');
    expect(again.samples).toBe(first.samples);
    expect(first.samples.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(other.samples).not.toBe(first.samples);
  });

  it('asks once for a text that many calls want at the same time', async () => {
    const voice = new FakeVoice();
    const speech = open(voice);
    await Promise.all(Array.from({ length: 50 }, () => speech.speak(greeting('Anna'))));
    expect(voice.asked.length).toBe(3);
  });

  it('keeps what the template says over a restart, and never writes a variable down', async () => {
    const folder = join(home, 'voice-cache');
    const first = open(new FakeVoice(), folder);
    await first.speak(greeting('Anna'));
    await first.close();
    expect((await readdir(folder)).length).toBe(2);
    const voice = new FakeVoice();
    const second = open(voice, folder);
    expect(await second.speak(greeting('Anna'))).toMatchObject({ hits: 2, misses: 1 });
    expect(voice.asked).toEqual(['Hi Anna,']);
    await second.close();
    const upgraded = open(new FakeVoice('2'), folder);
    expect(await upgraded.speak(greeting('Anna'))).toMatchObject({ hits: 0, misses: 3 });
    await upgraded.close();
  });

  it('tries again after a crash, once, and remembers no failure', async () => {
    const voice = new FakeVoice();
    const crash: SpeechResult = { ok: false, error: 'crashed', message: 'gone' };
    const once = { spans: renderSpans('Hello.', {}), voice: 'en-us', speed: 1 };
    const speech = open(voice);
    voice.answers.push(crash);
    expect(await speech.speak(once)).toMatchObject({ ok: true });
    voice.answers.push(crash, crash);
    expect(await speech.speak({ ...once, speed: 2 })).toMatchObject({ ok: false, error: 'crashed' });
    expect(await speech.speak({ ...once, speed: 2 })).toMatchObject({ ok: true, misses: 1 });
  });

  it('stops waiting when nobody wants it, but keeps what comes', async () => {
    const speech = open(new FakeVoice());
    const wanted = new AbortController();
    const spoken = speech.speak({ ...greeting('Anna'), signal: wanted.signal });
    wanted.abort();
    expect(await spoken).toMatchObject({ ok: false, error: 'aborted' });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await speech.speak(greeting('Anna'))).toMatchObject({ hits: 3 });
  });
});
