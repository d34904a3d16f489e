// Set-up in front of every root command, in plain JavaScript for any Node from 18 up:
// gets a Node that can run Pickup's TypeScript where the present one is too old, installs
// the packages when package-lock.json changed, then runs the command under that Node.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const RUNTIME = join(ROOT, '.runtime');
const NODE_VERSION = '22.23.2';
const OLDEST = [22, 18];

const COMMANDS = {
  demo: ['node', 'packages/cli/src/main.ts', 'demo'],
  start: ['node', 'packages/cli/src/main.ts', 'serve'],
  pickup: ['node', join(ROOT, 'packages/cli/src/main.ts')],
  test: ['node', 'scripts/test.mjs'],
  bench: ['node', 'bench/main.ts'],
  soak: ['node', 'bench/soak/main.ts'],
  setup: undefined,
  exec: [],
};

/** Commands that need nothing but what the product runs on. */
const RUNS = ['demo', 'start', 'pickup'];

const say = (line) => process.stderr.write(`pickup: ${line}\n`);
const fail = (line) => {
  say(line);
  process.exit(1);
};

/** The folder of a usable node binary: the present one's, or that of the one kept in .runtime. */
function nodeFolder() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) return dirname(process.execPath);
  const platform = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  const name = `node-${platform}`;
  const folder = join(RUNTIME, NODE_VERSION, 'node_modules', name, 'bin');
  if (existsSync(join(folder, 'node'))) return folder;
  say(
    `Node ${process.versions.node} is older than ${OLDEST.join('.')}; getting Node ${NODE_VERSION} for this folder only…`,
  );
  const prefix = join(RUNTIME, NODE_VERSION);
  mkdirSync(prefix, { recursive: true });
  writeFileSync(join(prefix, 'package.json'), '{"private":true}\n');
  npm(['install', '--no-save', '--no-audit', '--no-fund', '--prefix', prefix, `${name}@${NODE_VERSION}`], process.env);
  if (!existsSync(join(folder, 'node')))
    fail(`no Node ${NODE_VERSION} for ${platform}; install Node ${OLDEST.join('.')} or newer and run this again`);
  return folder;
}

function npm(args, env) {
  const found = spawnSync('npm', args, {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (found.error) fail(`npm could not be started: ${found.error.message}`);
  if (found.status !== 0) fail(`npm ${args[0]} failed:\n${found.stderr || found.stdout}`);
}

/**
 * Installs when node_modules does not match package-lock.json; a stamp keeps later starts instant. What only tests
 * need comes with the first command that tests: a newcomer's first call does not wait for it.
 */
function installPackages(env, withTools) {
  const stamp = join(ROOT, 'node_modules', '.pickup-stamp');
  const wanted = createHash('sha256')
    .update(readFileSync(join(ROOT, 'package-lock.json')))
    .digest('hex');
  const [has, part] = existsSync(stamp) ? readFileSync(stamp, 'utf8').split(' ') : [];
  if (has === wanted && (part !== 'run' || !withTools)) return;
  const started = Date.now();
  say('installing packages (once)…');
  // Named either way: the tools of the tests are wanted even where NODE_ENV says production.
  npm(['ci', withTools ? '--include=dev' : '--omit=dev', '--no-audit', '--no-fund'], env);
  writeFileSync(stamp, `${wanted} ${withTools ? 'all' : 'run'}`);
  say(`packages installed in ${((Date.now() - started) / 1000).toFixed(1)} s`);
}

const [name, ...rest] = process.argv.slice(2);
if (!(name in COMMANDS)) fail(`unknown command ${name ?? ''}; one of: ${Object.keys(COMMANDS).join(', ')}`);
const folder = nodeFolder();
const env = {
  ...process.env,
  PATH: [folder, join(ROOT, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
  // Objects of a call live for milliseconds: with room for them, the collector copies few (a tenth less CPU per call).
  NODE_OPTIONS: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=64', process.env.NODE_OPTIONS]
    .filter(Boolean)
    .join(' '),
};
installPackages(env, !RUNS.includes(name));
const command = COMMANDS[name];
if (command) {
  const [program, ...args] = [...command, ...rest];
  if (!program) fail('exec needs a program to run');
  const child = spawn(program === 'node' ? join(folder, 'node') : program, args, {
    cwd: name === 'pickup' ? process.cwd() : ROOT,
    env,
    stdio: 'inherit',
  });
  // The terminal sends its signals to the whole group; ones sent to this process alone are passed on.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'])
    process.on(signal, () => signal !== 'SIGINT' && child.kill(signal));
  child.on('error', (error) => fail(`${program} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => process.exit(signal ? 128 + (signal === 'SIGINT' ? 2 : 15) : (code ?? 1)));
}
