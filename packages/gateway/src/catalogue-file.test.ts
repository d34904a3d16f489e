import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openCatalogueFile } from './catalogue-file.ts';
import type { Log } from './observe/index.ts';

let home: string;
let said: string[];
let clock: ManualClock;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pickup-catalogue-'));
  said = [];
  clock = new ManualClock();
});
afterEach(() => rm(home, { recursive: true }));

const note = (event: string, fields?: { readonly [name: string]: unknown }) =>
  void said.push([event, fields?.['pointer']].filter((part) => part !== undefined).join(' '));
const log = { info: note, warn: note, error: note, debug: note } as Log;
const open = () => openCatalogueFile({ home, log, clock });
const write = (content: unknown) =>
  writeFile(join(home, 'catalogue.json'), typeof content === 'string' ? content : JSON.stringify(content));
const voice = (id: string) => ({ voices: [{ voice_id: id, provider: 'mine' }] });

test('E5 what the operator’s file adds is known within seconds, without a restart, and goes with it', async () => {
  const file = open();
  expect(file.current.voices.has('11labs-Adrian')).toBe(true);
  await write(voice('first'));
  await clock.advance(5_000);
  expect(file.current.voices.has('first')).toBe(true);
  expect(file.current.voices.has('11labs-Adrian')).toBe(true);
  await write(voice('second'));
  await clock.advance(5_000);
  expect([file.current.voices.has('first'), file.current.voices.has('second')]).toEqual([false, true]);
  await rm(join(home, 'catalogue.json'));
  await clock.advance(20_000);
  expect(file.current.voices.has('second')).toBe(false);
  expect(said).toEqual(['catalogue_reloaded', 'catalogue_reloaded', 'catalogue_reloaded']);
});

test('E5 a broken file is said once, with the place of each fault, and what was in use stays', async () => {
  await write(voice('kept'));
  const file = open();
  await write('{"voices": [');
  await clock.advance(15_000);
  expect(said).toEqual(['catalogue_kept']);
  await write({ voices: [{ voice_id: 'new', provider: 'mine' }, { voice_id: 'x' }], model: [] });
  await clock.advance(15_000);
  expect(said.slice(1)).toEqual(['catalogue_kept /voices/1', 'catalogue_kept /model']);
  expect([file.current.voices.has('kept'), file.current.voices.has('new')]).toEqual([true, false]);
  file.stop();
  await write(voice('late'));
  await clock.advance(60_000);
  expect(file.current.voices.has('late')).toBe(false);
});

test('who asks has an answer each time', async () => {
  await write(voice('mine'));
  const file = open();
  file.look();
  await write('nonsense');
  file.look();
  file.look();
  expect(said).toEqual(['catalogue_unchanged', 'catalogue_kept', 'catalogue_kept']);
});

test('at the start, no JSON is an error that names the file; of one with faults the rest is used', async () => {
  await write('nonsense');
  expect(open).toThrow(/catalogue\.json cannot be read/);
  await write({ ...voice('good'), models: {} });
  expect(open().current.voices.has('good')).toBe(true);
  expect(said).toEqual(['catalogue_issue /models']);
});
