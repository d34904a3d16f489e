import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FolderUnusable, makeFolder } from './make-folder.ts';

const home = mkdtempSync(join(tmpdir(), 'pickup-folder-'));
afterAll(() => rmSync(home, { recursive: true }));

test('a folder is made with what is missing above it, for the owner alone, and may be there', () => {
  const folder = join(home, 'a', 'b', 'c');
  makeFolder(folder);
  makeFolder(folder);
  for (const made of [folder, join(home, 'a')]) expect(statSync(made).mode & 0o777).toBe(0o700);
});

test('a file in the way is named', () => {
  const file = join(home, 'file');
  writeFileSync(file, '');
  for (const folder of [file, join(file, 'below')]) {
    expect(() => makeFolder(folder)).toThrow(FolderUnusable);
    expect(() => makeFolder(folder)).toThrow(`The data folder ${folder} cannot be used`);
  }
});

// Node's own recursive mkdir spins for ever here.
test.runIf(existsSync('/proc/self'))('a place where no folder can be made fails at once', () => {
  expect(() => makeFolder('/proc/nope/deeper')).toThrow(/^The data folder \/proc\/nope\/deeper cannot be used: .*\.$/);
});
