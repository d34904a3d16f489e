/** The code, once as ESM and once as CommonJS; what several entries use stands in shared files. */
import { join } from 'node:path';
import { rolldown } from 'rolldown';

/** Bundles `source/<entry>.ts` of each entry. Nothing stays outside: the package has no dependencies. */
export async function bundle(source: string, entries: readonly string[], dist: string): Promise<void> {
  const built = await rolldown({
    input: Object.fromEntries(entries.map((entry) => [entry, join(source, `${entry}.ts`)])),
    platform: 'neutral',
    resolve: { conditionNames: ['import', 'module', 'default'] },
    // A table of one module must not bring along what the module does at its start for others.
    treeshake: { moduleSideEffects: false },
    // Reached by the index of packages/signature, and dropped again; see below.
    external: [/^node:/],
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(`rolldown: ${log.message}`);
    },
  });
  const to = async (format: 'esm' | 'cjs', extension: string) => {
    const { output } = await built.write({
      dir: dist,
      format,
      exports: 'named',
      entryFileNames: `[name].${extension}`,
      chunkFileNames: `shared/[name].${extension}`,
    });
    for (const file of output) {
      const outside =
        'imports' in file ? file.imports.filter((name) => !output.some((of) => of.fileName === name)) : [];
      if (outside.length > 0) throw new Error(`${file.fileName} imports ${outside.join(', ')}`);
    }
  };
  await to('esm', 'js');
  await to('cjs', 'cjs');
  await built.close();
}
