/** Writes src/reply/override-settings.ts anew, after a change of the rule set. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderOverrideTypes } from './render-override-types.ts';

/** The rendered types as the repository's formatter leaves them. */
export function formattedOverrideTypes(): string {
  const biome = fileURLToPath(new URL('../../../node_modules/@biomejs/biome/bin/biome', import.meta.url));
  const formatted = spawnSync(process.execPath, [biome, 'format', '--stdin-file-path=override-settings.ts'], {
    input: renderOverrideTypes(),
    encoding: 'utf8',
    cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  });
  if (formatted.status !== 0) throw new Error(`the formatter failed: ${formatted.stderr}`);
  return formatted.stdout;
}

if (process.argv[1] === import.meta.filename)
  writeFileSync(join(import.meta.dirname, '../src/reply/override-settings.ts'), formattedOverrideTypes());
