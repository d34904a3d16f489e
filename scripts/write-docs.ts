// Writes the documentation that is derived from code. Tests prove the files equal to it.
import { writeFileSync } from 'node:fs';
import { renderConfigDocs } from '../packages/gateway/src/config/index.ts';

const written = new URL('../docs/config.md', import.meta.url);
writeFileSync(written, renderConfigDocs());
process.stdout.write('wrote docs/config.md\n');
