/** The published package.json, from that of the workspace, whose `exports` lead to sources. */

interface SourceManifest {
  readonly exports: Readonly<Record<string, string>>;
  readonly [name: string]: unknown;
}

const KEPT = ['name', 'version', 'description', 'license', 'keywords'] as const;

/** The entries by name (`.` is `index`), and the manifest that exports each of them as ESM and CommonJS. */
export function publishedManifest(text: string) {
  const source = JSON.parse(text) as SourceManifest;
  const subpaths = Object.keys(source.exports).filter((subpath) => subpath !== './package.json');
  const exported = Object.fromEntries(subpaths.map((subpath) => [subpath, conditions(entryOf(subpath))]));
  const published = {
    ...Object.fromEntries(KEPT.flatMap((name) => (name in source ? [[name, source[name]]] : []))),
    type: 'module',
    engines: { node: '>=20' },
    sideEffects: false,
    main: './index.cjs',
    types: './index.d.cts',
    exports: { ...exported, './package.json': './package.json' },
  };
  return { entries: subpaths.map(entryOf), published };
}

const entryOf = (subpath: string): string => (subpath === '.' ? 'index' : subpath.slice(2));

/** `types` first: the first condition that fits is taken. */
function conditions(entry: string) {
  return {
    import: { types: `./${entry}.d.ts`, default: `./${entry}.js` },
    require: { types: `./${entry}.d.cts`, default: `./${entry}.cjs` },
  };
}
