/**
 * The declarations. The compiler writes one per source, of every package; those an entry reaches are copied into
 * dist/types with imports that lead past the packages' index files, straight to where a name is declared: an index
 * would bring the whole package along, and its libraries.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { DeclarationGraph } from './declaration-graph.ts';

/** Found in node_modules, they would count as libraries and get no declarations. */
const BUNDLED = ['contract', 'core', 'signature'];

/** What is declared, and where from. */
export interface DeclarationsOptions {
  readonly root: string;
  /** The folder of the entries, from the root. */
  readonly source: string;
  readonly entries: readonly string[];
  readonly dist: string;
}

/** Writes `<entry>.d.ts` and `<entry>.d.cts`, and what they lead to. Throws where something outside is needed. */
export function writeDeclarations({ root, source, entries, dist }: DeclarationsOptions): void {
  const emitted = mkdtempSync(join(tmpdir(), 'pickup-declarations-'));
  try {
    const sources = entries.map((entry) => `${source}/${entry}.ts`);
    compile(root, sources, emitted);
    const read = (path: string) => readFileSync(join(emitted, path), 'utf8');
    const graph = new DeclarationGraph(read);
    const wanted = entries.map((entry) => `${source}/${entry}.d.ts`);
    for (const [path, text] of graph.reachedFrom(wanted)) {
      const to = join(dist, 'types', relative('packages', path).replace('/src/', '/'));
      write(to, text);
      write(to.replace(/\.ts$/, '.cts'), text.replace(/(from '|import\(')(\.[^']+)\.js'/g, "$1$2.cjs'"));
    }
    for (const entry of entries) {
      write(join(dist, `${entry}.d.ts`), `export * from './types/receiver/${entry}.js';\n`);
      write(join(dist, `${entry}.d.cts`), `export * from './types/receiver/${entry}.cjs';\n`);
    }
  } finally {
    rmSync(emitted, { recursive: true, force: true });
  }
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

function compile(root: string, files: readonly string[], outDir: string): void {
  const config = join(outDir, 'tsconfig.json');
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    emitDeclarationOnly: true,
    rootDir: root,
    outDir,
    typeRoots: [join(root, 'node_modules/@types')],
    paths: Object.fromEntries(
      BUNDLED.map((name) => [`@pickup/${name}`, [join(root, `packages/${name}/src/index.ts`)]]),
    ),
  };
  writeFileSync(
    config,
    JSON.stringify({
      extends: join(root, 'tsconfig.json'),
      compilerOptions,
      files: files.map((file) => join(root, file)),
      include: [],
    }),
  );
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  try {
    execFileSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    throw new Error(`tsc: ${(error as { stdout?: string }).stdout ?? String(error)}`);
  }
}
