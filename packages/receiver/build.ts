/**
 * Builds what is published: dist/ is a package of its own, with ESM, CommonJS and declarations of both, and nothing to
 * install beside it. `--pack [FOLDER]` packs a fresh build, there or here, and prints the path of the tarball.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { bundle } from './build/bundle.ts';
import { writeDeclarations } from './build/declarations.ts';
import { publishedManifest } from './build/manifest.ts';

const HERE = import.meta.dirname;
const ROOT = join(HERE, '../..');

/** Builds into `dist`, which is emptied first. */
export async function build(dist: string): Promise<void> {
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const manifest = publishedManifest(readFileSync(join(HERE, 'package.json'), 'utf8'));
  await bundle(join(HERE, 'src'), manifest.entries, dist);
  writeDeclarations({ root: ROOT, source: 'packages/receiver/src', entries: manifest.entries, dist });
  writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest.published, undefined, 2)}\n`);
  cpSync(join(HERE, 'README.md'), join(dist, 'README.md'));
  cpSync(join(ROOT, 'LICENSE'), join(dist, 'LICENSE'));
  // zod is inside, and its licence asks to come along.
  const notice = readFileSync(join(ROOT, 'node_modules/zod/LICENSE'), 'utf8');
  writeFileSync(join(dist, 'THIRD-PARTY.txt'), `This package contains code of zod (https://zod.dev):\n\n${notice}`);
}

/** Packs a built folder; the path of the tarball. */
export function pack(dist: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const out = execFileSync('npm', ['pack', '--json', '--pack-destination', resolve(folder), resolve(dist)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [packed] = Object.values(JSON.parse(out) as Record<string, { readonly filename: string }>);
  return join(resolve(folder), packed!.filename);
}

/** Packs a fresh build into the folder; packages/receiver/dist stays as it is. */
async function packFresh(folder: string): Promise<string> {
  const scratch = mkdtempSync(join(tmpdir(), 'pickup-receiver-'));
  try {
    await build(join(scratch, 'dist'));
    return pack(join(scratch, 'dist'), folder);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Puts a fresh build in the place of the last one, whole: somebody may be reading it. */
async function renewDist(): Promise<void> {
  const fresh = join(HERE, `.dist-${process.pid}`);
  await build(fresh);
  rmSync(join(HERE, 'dist'), { recursive: true, force: true });
  renameSync(fresh, join(HERE, 'dist'));
}

if (process.argv[1] === import.meta.filename) {
  const [flag, folder] = process.argv.slice(2);
  if (flag === '--pack') console.log(await packFresh(folder ?? HERE));
  else await renewDist();
}
