import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ManualClock } from '@pickup/testkit/clock';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SampleFiles } from './sample-files.ts';

const log = { info() {}, warn() {}, error() {} };
let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'voice-cache-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));
const open = (maxBytes = 10_000) =>
  new SampleFiles({ folder: join(home, 'voice-cache'), maxBytes, clock: new ManualClock(), log });
const sound = Int16Array.from({ length: 100 }, (_, n) => n * 300 - 15_000);

describe('SampleFiles', () => {
  it('finds samples again after a restart', async () => {
    const first = open();
    first.set('k', sound);
    await first.close();
    expect(await open().get('k')).toEqual(sound);
    expect(await open().get('other')).toBeUndefined();
  });

  it('plays no damaged file, and removes it', async () => {
    const first = open();
    first.set('k', sound);
    await first.close();
    const path = join(home, 'voice-cache', 'k.pcm');
    const bytes = await readFile(path);
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    await writeFile(path, bytes);
    await writeFile(join(home, 'voice-cache', 'torn.pcm'), '');
    await writeFile(join(home, 'voice-cache', 'x.pcm.1.tmp'), 'left by a crash');
    const second = open();
    expect(await second.get('k')).toBeUndefined();
    expect(await second.get('torn')).toBeUndefined();
    expect(await readdir(join(home, 'voice-cache'))).toEqual([]);
  });

  it('stays within its bytes, across restarts too', async () => {
    const first = open();
    for (let n = 0; n < 10; n++) first.set(`k${n}`, sound);
    await first.close();
    const second = open(500);
    await second.close();
    expect((await readdir(join(home, 'voice-cache'))).length).toBe(2);
    second.set('new', sound);
    await second.close();
    const left = await readdir(join(home, 'voice-cache'));
    expect(left.length).toBe(2);
    expect(left).toContain('new.pcm');
  });

  it('works without a disk', async () => {
    await writeFile(join(home, 'voice-cache'), 'a file where the folder should be');
    const files = open();
    files.set('k', sound);
    expect(await files.get('k')).toBeUndefined();
    await files.close();
  });
});
