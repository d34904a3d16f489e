/** Declaration files and how they lead to each other: enough of the syntax for what the compiler writes. */
import { dirname, join, relative } from 'node:path/posix';

/** `import type { A, B as C } from 'x'`, `export { … } from 'x'`, with or without `type`. */
const NAMED = /^(import|export)( type)? \{([^}]*)\} from '([^']+)';$/gm;
const STAR = /^export( type)? \* from '([^']+)';$/gm;
const INLINE = /import\('([^']+)'\)|import\("([^"]+)"\)/g;
const DECLARED = /^export (?:declare )?(?:abstract )?(?:interface|type|const|let|function|class) (\w+)/gm;
const LOCAL = /^export(?: type)? \{([^}]*)\};$/gm;

interface Name {
  /** In the module it comes from. */
  readonly from: string;
  readonly as: string;
  readonly typeOnly: boolean;
}

function namesOf(list: string): readonly Name[] {
  return list
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
    .map((entry) => {
      const typeOnly = entry.startsWith('type ');
      const [from = '', as = from] = entry.replace(/^type /, '').split(' as ');
      return { from, as, typeOnly };
    });
}

/** See the module's header. */
export class DeclarationGraph {
  readonly #read: (path: string) => string;
  readonly #texts = new Map<string, string>();

  /** `read` gives a declaration file's text by its path from the root. */
  constructor(read: (path: string) => string) {
    this.#read = read;
  }

  /** The files these lead to and themselves, with imports that name files in `dist/types`. */
  reachedFrom(entries: readonly string[]): ReadonlyMap<string, string> {
    const reached = new Map<string, string>();
    const queue = [...entries];
    for (let path = queue.shift(); path !== undefined; path = queue.shift()) {
      if (reached.has(path)) continue;
      const { text, leadsTo } = this.#rewritten(path);
      reached.set(path, text);
      queue.push(...leadsTo);
    }
    return reached;
  }

  #text(path: string): string {
    const known = this.#texts.get(path);
    if (known !== undefined) return known;
    const text = this.#read(path).replaceAll(/ from "([^"]+)";/g, " from '$1';");
    this.#texts.set(path, text);
    return text;
  }

  #rewritten(path: string): { readonly text: string; readonly leadsTo: readonly string[] } {
    const leadsTo = new Set<string>();
    const to = (target: string): string => {
      leadsTo.add(target);
      return specifier(path, target);
    };
    const text = this.#text(path)
      .replaceAll(NAMED, (_all, kind: string, type: string | undefined, list: string, from: string) => {
        const target = resolvePath(path, from);
        const lines = namesOf(list).map((name) => {
          const origin = this.#origin(target, name.from);
          if (origin === undefined) throw new Error(`${path}: ${from} exports no ${name.from}`);
          const alias = origin.name === name.as ? name.as : `${origin.name} as ${name.as}`;
          return `${kind}${type ?? (name.typeOnly || kind === 'import' ? ' type' : '')} { ${alias} } from '${to(origin.path)}';`;
        });
        return lines.join('\n');
      })
      .replaceAll(STAR, (_all, type: string | undefined, from: string) => {
        return `export${type ?? ''} * from '${to(resolvePath(path, from))}';`;
      })
      .replaceAll(INLINE, (_all, single: string | undefined, double: string | undefined) => {
        return `import('${to(resolvePath(path, single ?? double ?? ''))}')`;
      });
    return { text, leadsTo: [...leadsTo] };
  }

  /** Where a name that a file exports is declared. */
  #origin(path: string, name: string): { readonly path: string; readonly name: string } | undefined {
    const text = this.#text(path);
    if ([...text.matchAll(DECLARED)].some(([, declared]) => declared === name)) return { path, name };
    if ([...text.matchAll(LOCAL)].some(([, list = '']) => namesOf(list).some(({ as }) => as === name)))
      return { path, name };
    for (const [, kind, , list = '', from = ''] of text.matchAll(NAMED)) {
      const found = kind === 'export' ? namesOf(list).find(({ as }) => as === name) : undefined;
      if (found !== undefined) return this.#origin(resolvePath(path, from), found.from);
    }
    for (const [, , from = ''] of text.matchAll(STAR)) {
      const found = this.#origin(resolvePath(path, from), name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
}

/** The declaration file an import leads to; only files of this repository can be taken along. */
function resolvePath(path: string, from: string): string {
  if (from.startsWith('.')) return join(dirname(path), from).replace(/\.[jt]s$/, '.d.ts');
  const own = /^@pickup\/([a-z-]+)$/.exec(from)?.[1];
  if (own !== undefined) return `packages/${own}/src/index.d.ts`;
  throw new Error(`${path} needs ${from}, which the package does not bring along`);
}

/** From one file in dist/types to another: `packages/x/src/` is `x/` there. */
function specifier(path: string, target: string): string {
  const placed = (file: string): string => file.replace(/^packages\//, '').replace('/src/', '/');
  const way = relative(dirname(placed(path)), placed(target)).replace(/\.d\.ts$/, '.js');
  return way.startsWith('.') ? way : `./${way}`;
}
