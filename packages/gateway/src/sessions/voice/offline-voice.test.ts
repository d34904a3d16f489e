import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { defaultCatalogue } from '@pickup/contract';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, describe, expect, it } from 'vitest';
import { espeakLanguage, espeakVoice } from './builtin-voices.ts';
import { createOfflineVoice, type OfflineVoiceOptions } from './offline-voice.ts';
import type { Clock, Log, SpeechResult } from './port.ts';
import { builtinVoiceCommand, type VoiceCommand } from './voice-program.ts';

const log: Log = { info() {}, warn() {}, error() {} };
const realClock: Clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, fire) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};
const program = (source: string): VoiceCommand => ({ file: process.execPath, args: ['-e', source], version: 'test' });
const READY = `const f=(h)=>{const j=Buffer.from(JSON.stringify(h));const l=Buffer.alloc(4);l.writeUInt32BE(j.length);process.stdout.write(Buffer.concat([l,j]))};f({ready:true,rate:8000});process.stdin.on('end',()=>process.exit(0));`;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((voice) => voice.close()));
});
const open = (options: Partial<OfflineVoiceOptions> = {}) => {
  const voice = createOfflineVoice({ clock: realClock, log, timeoutMs: 8_000, ...options });
  opened.push(voice);
  return voice;
};
const hello = { text: 'Hello, thank you for calling the bakery.', voice: 'en-us', speed: 1 };
const samplesOf = (result: SpeechResult): Int16Array => {
  if (!result.ok) throw new Error(`${result.error}: ${result.message}`);
  return result.samples;
};
const rms = (samples: Int16Array) => Math.sqrt(samples.reduce((sum, s) => sum + s * s, 0) / samples.length);
const alive = (pid: number) => {
  try {
    process.kill(pid, 0);
    // One that has ended and was not collected yet by its new parent counts as gone.
    const stat = `/proc/${pid}/stat`;
    return !(existsSync(stat) && / Z /.test(readFileSync(stat, 'latin1')));
  } catch {
    return false;
  }
};
const until = async (what: () => boolean) => {
  for (let tries = 0; tries < 200 && !what(); tries++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(what()).toBe(true);
};

describe('the offline voice with its real process', () => {
  it('speaks 8,000 Hz sound with speech in it, of the right length', async () => {
    const voice = open();
    expect(await voice.warmUp()).toBe(true);
    const samples = samplesOf(await voice.synthesise(hello));
    expect(samples.length / 8_000).toBeGreaterThan(1.5);
    expect(samples.length / 8_000).toBeLessThan(4);
    expect(rms(samples)).toBeGreaterThan(800);
    const fast = samplesOf(await voice.synthesise({ ...hello, speed: 2 }));
    expect(fast.length / samples.length).toBeLessThan(0.65);
  });

  it('answers pipelined requests each with its own', async () => {
    const voice = open();
    const lengths = (
      await Promise.all(
        ['One.', 'A rather long sentence about nothing at all.', 'Two.'].map((text) =>
          voice.synthesise({ ...hello, text }),
        ),
      )
    ).map((result) => samplesOf(result).length);
    expect(lengths[1]).toBeGreaterThan(2 * Math.max(lengths[0] ?? 0, lengths[2] ?? 0));
    expect(await voice.synthesise({ ...hello, voice: 'zz-nowhere' })).toMatchObject({ ok: false, error: 'refused' });
  });

  it('has a voice for every language it claims', async () => {
    const voice = open({ timeoutMs: 20_000 });
    const locales = 'en-US en-GB en-IN de-DE es-419 fr-CA ja-JP pt-BR zh-CN no-NO cy-GB yue-CN uk-UA hi-IN'.split(' ');
    for (const locale of locales) {
      const result = await voice.synthesise({ text: '1 2 3', voice: espeakLanguage(locale) ?? 'none', speed: 1 });
      expect([locale, result.ok]).toEqual([locale, true]);
    }
    const catalogue = [...defaultCatalogue().voices.values()].filter(({ provider }) => provider === 'builtin');
    expect(catalogue.length).toBeGreaterThan(40);
    for (const { voice_id } of catalogue) {
      const result = await voice.synthesise({ text: '1 2 3', voice: espeakVoice(voice_id) ?? 'none', speed: 1 });
      expect([voice_id, result.ok]).toEqual([voice_id, true]);
    }
    expect(espeakLanguage('fil-PH')).toBeUndefined();
    expect(espeakVoice('11labs-Adrian')).toBeUndefined();
  });

  it('is there again after kill -9, and what was pending fails at once', async () => {
    const voice = open();
    await voice.warmUp();
    const [pid = 0] = voice.pids;
    process.kill(pid, 'SIGSTOP');
    const pending = voice.synthesise(hello);
    process.kill(pid, 'SIGKILL');
    expect(await pending).toMatchObject({ ok: false, error: 'crashed' });
    expect(samplesOf(await voice.synthesise(hello)).length).toBeGreaterThan(8_000);
    expect(voice.pids[0]).not.toBe(pid);
  });

  it('leaves no process behind', async () => {
    const voice = open({ maxChildren: 2 });
    await voice.warmUp();
    await Promise.all(Array.from({ length: 12 }, () => voice.synthesise(hello)));
    const pids = voice.pids;
    expect(pids.length).toBe(2);
    await voice.close();
    expect(pids.filter(alive)).toEqual([]);
    expect(await voice.synthesise(hello)).toMatchObject({ error: 'closed' });
  });

  it('ends when the process that holds its stdin is killed', async () => {
    const { file, args } = builtinVoiceCommand();
    const host = spawn(file, [
      '-e',
      `const c=require('node:child_process').spawn(${JSON.stringify(file)},${JSON.stringify(args)},{stdio:['pipe','pipe','ignore']});c.stdout.once('data',()=>console.log(c.pid));setInterval(()=>{},1e6)`,
    ]);
    const [line] = (await once(host.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    expect(alive(pid)).toBe(true);
    host.kill('SIGKILL');
    await until(() => !alive(pid));
  });
});

describe('the offline voice with a faulty process', () => {
  it('gives up a request in time, and a process that no longer answers', async () => {
    const clock = new ManualClock();
    const voice = open({ clock, command: program(`${READY}process.stdin.resume()`), timeoutMs: 1_500 });
    const warm = voice.warmUp();
    await until(() => clock.pending === 1); // up: only the request's own time-out is left
    const [pid] = voice.pids;
    await clock.advance(1_499);
    const results: SpeechResult[] = [];
    void voice.synthesise(hello).then((result) => results.push(result));
    await clock.advance(1);
    expect(await warm).toBe(false);
    expect(results).toEqual([]);
    await clock.advance(1_499);
    expect(results).toMatchObject([{ ok: false, error: 'timeout' }]);
    await clock.advance(5_000 - 1_499 - 1);
    expect(voice.pids).toEqual([pid]);
    await clock.advance(1);
    expect(voice.pids).toEqual([]);
    await clock.advance(100);
    expect(voice.pids.length).toBe(1);
    expect(voice.pids).not.toEqual([pid]);
  });

  it('backs off from a program that dies at once', async () => {
    const clock = new ManualClock();
    const warned: number[] = [];
    const counting: Log = { ...log, warn: (_event, fields) => void warned.push(Number(fields['retry_ms'])) };
    const voice = open({ clock, log: counting, command: program('process.exit(1)') });
    for (const backoffMs of [100, 200, 400]) {
      await until(() => warned.at(-1) === backoffMs);
      await clock.advance(backoffMs - 1);
      expect(voice.pids).toEqual([]);
      await clock.advance(1);
    }
  });

  it('ends a process that writes what is no frame', async () => {
    const voice = open({ command: program(`process.stdout.write('Hello, world');process.stdin.resume()`) });
    expect(await voice.synthesise(hello)).toMatchObject({ ok: false, error: 'crashed' });
  });

  it('fails, and does not throw, when there is no such program', async () => {
    const voice = open({ command: { file: '/nonexistent/voice', args: [], version: 'none' } });
    expect(await voice.synthesise(hello)).toMatchObject({ ok: false, error: 'crashed' });
  });
});
