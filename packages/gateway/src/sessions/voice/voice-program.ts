/** Where the offline voice's program is, and what version of it. It is started, never imported: it is GPL. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);

export interface VoiceCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** See `OfflineVoice.engineVersion`. */
  readonly version: string;
}

/** The built-in voice under the Node that runs this gateway. The version is a hash of its sources and its engine. */
export function builtinVoiceCommand(): VoiceCommand {
  const folder = dirname(require.resolve('@pickup/voice-offline'));
  return {
    file: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', join(folder, 'main.ts')],
    version: versionOf(folder),
  };
}

function versionOf(folder: string): string {
  const hash = createHash('sha256');
  const sources = readdirSync(folder).filter((name) => /\.[cm]?[jt]s$/.test(name) && !name.includes('.test.'));
  for (const name of sources.sort())
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(join(folder, name)));
  const engine = createRequire(join(folder, 'main.ts')).resolve('@echogarden/espeak-ng-emscripten/package.json');
  return hash.update(readFileSync(engine)).digest('hex').slice(0, 16);
}
