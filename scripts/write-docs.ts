// Writes the documentation that is derived from code. Tests prove the files equal to it.
import { writeFileSync } from 'node:fs';
import { renderConfigDocs } from '../packages/gateway/src/config/index.ts';
import { renderErrorsDocs } from './render-errors.ts';

const PAGES = { 'config.md': renderConfigDocs, 'errors.md': renderErrorsDocs };
for (const [name, render] of Object.entries(PAGES)) {
  writeFileSync(new URL(`../docs/${name}`, import.meta.url), render());
  process.stdout.write(`wrote docs/${name}\n`);
}
