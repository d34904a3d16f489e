/** The rules of the house as functions: sources in, violations out, so that each can be shown to find something. */
import { dirname, join, normalize } from 'node:path/posix';
import { codeOf, importsOf } from './source-text.ts';

/** Paths from the root, with `/`, to their text. */
export type Sources = ReadonlyMap<string, string>;
export type Rule = (sources: Sources) => readonly string[];

const isTest = (path: string): boolean => /\.test\.ts$|[/-]test[/-]|\/conformance\b/.test(path);
const packageOf = (path: string): string | undefined => /^packages\/([^/]+)\/src\//.exec(path)?.[1];

function sourcesOf(sources: Sources): readonly (readonly [path: string, text: string])[] {
  return [...sources].filter(([path]) => path.endsWith('.ts') && packageOf(path) !== undefined && !isTest(path));
}

/** Who may import whom. Everything else is a violation; tests may use the testkit and whom it brings. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  core: ['contract'],
  conversation: ['core'],
  signature: [],
  outbound: [],
  sip: [],
  'voice-offline': [],
  gateway: ['contract', 'core', 'conversation', 'signature', 'outbound', 'sip', 'voice-offline'],
  cli: ['contract', 'gateway', 'testkit', 'signature', 'sip'],
  receiver: ['contract', 'core', 'signature'],
  testkit: ['sip', 'signature', 'contract'],
};

/** Packages import inward, and by their names only. */
export const packagesPointInward: Rule = (sources) =>
  sourcesOf(sources).flatMap(([path, text]) => {
    const own = packageOf(path)!;
    const allowed = MAY_IMPORT[own];
    if (!allowed) return [`${path}: package ${own} has no place in the architecture test yet`];
    return importsOf(text).flatMap(({ from }) => {
      const target = /^@pickup\/([^/]+)/.exec(from)?.[1];
      if (target !== undefined && target !== own && !allowed.includes(target)) return `${path} imports ${from}`;
      const leaves = from.startsWith('.') && packageOf(`${normalize(join(dirname(path), from))}`) !== own;
      // The demo starts the sample endpoint as a customer would.
      return leaves && own !== 'cli' ? `${path} leaves its package: ${from}` : [];
    });
  });

/** Inside the gateway: what each folder must not know. */
const MUST_NOT_KNOW: Readonly<Record<string, readonly string[]>> = {
  config: ['api', 'edges', 'runners', 'webhook', 'sessions', 'stores', 'keys', 'observe'],
  observe: ['api', 'edges', 'runners', 'webhook', 'sessions', 'stores', 'keys', 'config'],
  keys: ['api', 'edges', 'runners', 'webhook', 'sessions'],
  stores: ['api', 'edges', 'runners', 'webhook', 'sessions'],
  sessions: ['api', 'edges', 'runners', 'webhook'],
  webhook: ['api', 'edges', 'runners', 'sessions'],
  runners: ['api', 'edges', 'chats'],
  chats: ['api', 'edges', 'webhook'],
  edges: ['api'],
};
const GATEWAY = 'packages/gateway/src/';

interface GatewayImport {
  readonly path: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function gatewayImports(sources: Sources): readonly GatewayImport[] {
  return sourcesOf(sources)
    .filter(([path]) => path.startsWith(GATEWAY))
    .flatMap(([path, text]) =>
      importsOf(text)
        .filter(({ from }) => from.startsWith('.'))
        .map(({ from, typeOnly }) => ({ path, target: normalize(join(dirname(path), from)), typeOnly })),
    );
}

const folderIn = (path: string): string => path.slice(GATEWAY.length).split('/')[0] ?? '';

/** Gateway folders import inward: edges and api → runners → the rest. */
export const gatewayPointsInward: Rule = (sources) =>
  gatewayImports(sources)
    .filter(({ path, target }) => MUST_NOT_KNOW[folderIn(path)]?.includes(folderIn(target)))
    .map(({ path, target }) => `${path} imports ${target}`);

/** Only compose.ts picks implementations: a driver's folder is opened by itself, its index and compose.ts. */
export const onlyComposePicksDrivers: Rule = (sources) =>
  gatewayImports(sources)
    .filter(({ path, target, typeOnly }) => {
      if (typeOnly) return false;
      const [kind, driver] = target.slice(GATEWAY.length).split('/');
      if (!kind || !driver || driver.endsWith('.ts') || !['stores', 'edges'].includes(kind)) return false;
      const opens = path === `${GATEWAY}compose.ts` || path === `${GATEWAY}${kind}/index.ts`;
      return !opens && !path.startsWith(`${GATEWAY}${kind}/`);
    })
    .map(({ path, target }) => `${path} picks ${target}`);

const IMPURE: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['Date', /\bDate\s*(?:\.(?!UTC\b|parse\b)|\()|\bnew\s+Date\b/],
  ['Math.random', /\bMath\s*\.\s*random\b/],
  ['a timer', /\b(?:set|clear)(?:Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/],
  ['process', /(?<![.\w])process\s*[.[]/],
  ['fetch', /(?<![.\w])fetch\s*\(/],
  ['performance', /(?<![.\w])performance\s*\./],
  ['crypto', /(?<![.\w])crypto\s*\./],
  ['console', /(?<![.\w])console\s*\./],
];

/** core, contract and conversation decide and judge; time, chance and the world come in as arguments. */
export const coreIsPure: Rule = (sources) =>
  sourcesOf(sources)
    .filter(([path]) => ['core', 'contract', 'conversation'].includes(packageOf(path) ?? ''))
    .flatMap(([path, text]) => {
      // A moment that was given may be taken apart: `new Date(wallMs)`, and the type alone is harmless.
      const code = codeOf(text).replace(/\bnew Date\(\s*[^)\s]/g, 'given(');
      const names = IMPURE.filter(([, pattern]) => pattern.test(code)).map(([name]) => `${path} uses ${name}`);
      const modules = importsOf(text)
        .filter(({ from }) => from.startsWith('node:'))
        .map(({ from }) => `${path} imports ${from}`);
      return [...names, ...modules];
    });

/** Only the command line writes to the console, and the SDK where its user set no callback; everything else logs. */
export const onlyTheCliPrints: Rule = (sources) =>
  sourcesOf(sources)
    .filter(([path]) => !['cli', 'voice-offline', 'testkit', 'receiver'].includes(packageOf(path) ?? ''))
    .filter(([, text]) => /(?<![.\w])console\s*\./.test(codeOf(text)))
    .map(([path]) => `${path} uses console`);

/** Names can be predicted: kebab-case files, no drawers, no default exports. */
export const namesAreOfTheHouse: Rule = (sources) =>
  sourcesOf(sources).flatMap(([path, text]) => {
    const file = path
      .split('/')
      .at(-1)!
      .replace(/\.d\.ts$|\.ts$/, '');
    const found: string[] = [];
    if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(file)) found.push(`${path} is not kebab-case`);
    if (/(?:^|[/-])(?:utils?|helpers?|managers?|common|misc)(?:[/.-]|$)/.test(path)) found.push(`${path} is a drawer`);
    if (/^\s*export default\b/m.test(codeOf(text)) && !path.endsWith('.d.ts')) found.push(`${path} exports a default`);
    return found;
  });

/** Sources with more lines than `most`. Above 350 a file most likely hides a second idea. */
export const filesWithin =
  (most: number): Rule =>
  (sources) =>
    sourcesOf(sources)
      .filter(([, text]) => text.split('\n').length - 1 > most)
      .map(([path, text]) => `${path} has ${text.split('\n').length - 1} lines`);

type Versions = Readonly<Record<string, string>>;
interface Manifest {
  readonly name?: string;
  readonly dependencies?: Versions;
  readonly devDependencies?: Versions;
  readonly optionalDependencies?: Versions;
  readonly peerDependencies?: Versions;
}

/** Each direct dependency has a line, with its reason, in docs/decisions/. Types stand under one line. */
export const dependenciesAreDecided: Rule = (sources) => {
  const decisions = [...sources]
    .filter(([path]) => path.startsWith('docs/decisions/'))
    .map(([, text]) => text)
    .join('\n');
  const manifests = [...sources]
    .filter(([path]) => path.endsWith('package.json'))
    .map(([path, text]) => [path, JSON.parse(text) as Manifest] as const);
  const own = new Set(manifests.map(([, manifest]) => manifest.name));
  return manifests.flatMap(([path, manifest]) => {
    const names = Object.keys({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
      ...manifest.peerDependencies,
    }).filter((name) => !name.startsWith('@pickup/') && !own.has(name));
    return names
      .filter((name) => !decisions.includes(`\`${name.startsWith('@types/') ? '@types/*' : name}\``))
      .map((name) => `${path}: ${name} has no line in docs/decisions/`);
  });
};
