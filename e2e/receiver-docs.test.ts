/** docs/receiver.md, followed line by line as a newcomer would, and the endpoints without the SDK, against a gateway. */
import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { API_KEY, type GatewayProcess, startGateway } from './support/gateway.ts';
import { simulateCall, waitForOutcome } from './support/outcome.ts';

vi.setConfig({ testTimeout: 60_000 });
const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs/receiver.md'), 'utf8');
const NUMBER = '+12137771235';

interface Block {
  readonly language: string;
  readonly text: string;
}

const blocks: readonly Block[] = [...PAGE.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
  language,
  text,
}));

let folder = '';
let project = '';
const children: ChildProcess[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'pickup-newcomer-'));
  project = join(folder, 'my-endpoint');
  mkdirSync(project);
  symlinkSync(ROOT, join(folder, 'pickup'));
});
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Variables of the test run, and of the npm that started it, would reach into the newcomer's shell. */
function shellEnv(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|NODE_OPTIONS|NODE_ENV|TEST|npm_|INIT_CWD|PICKUP_|RETELL_)/.test(name),
  );
  return { ...Object.fromEntries(own), NO_COLOR: '1' };
}

/** Starts an endpoint on a free port; its address, as it prints it. */
function start(command: string, file: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(command, [file], { cwd: dirname(file), env: { ...shellEnv(), PORT: '0', ...env } });
  children.push(child);
  return new Promise((resolve, fail) => {
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      const [, url] = /webhooks: (\S+)\n/.exec(out) ?? [];
      if (url !== undefined) resolve(url);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.once('error', fail);
    child.once('exit', (code) => fail(new Error(`${file} ended with ${code}: ${out}`)));
  });
}

test('the page’s commands and files, in their order, lead to a passing test and a call', async () => {
  const outputs = new Map<string, string>();
  let url = '';
  for (const { language, text } of blocks) {
    const [, file] = /^\/\/ ([\w.]+)\n/.exec(text) ?? [];
    if (language === 'js') writeFileSync(join(project, file ?? 'nameless.js'), text);
    if (language !== 'sh') continue;
    // The one command that goes on: as in a terminal of its own, on a port that is free.
    const [, key] = /^RETELL_API_KEY=(\w+) node server\.js\n$/.exec(text) ?? [];
    if (key) url = await start(process.execPath, join(project, 'server.js'), { RETELL_API_KEY: key });
    else {
      const command = text.replace('http://127.0.0.1:3000/', url);
      outputs.set(text.trim(), (await run('bash', ['-ec', command], { cwd: project, env: shellEnv() })).stdout);
    }
  }
  expect(blocks.filter(({ language }) => language === 'js')).toHaveLength(3);
  expect(outputs.get('RETELL_API_KEY=key_for_tests node --test')).toMatch(/pass 3\b[\s\S]*fail 0\b/);
  expect(url).not.toBe('');
  expect([...outputs.values()].at(-1)).toContain('Connected to agent_12345, as the webhook replied.');
}, 120_000);

test('the snippets of the frameworks compile', async () => {
  const preludes: readonly (readonly [string, string])[] = [
    ['/express', "import express from 'express';\nconst app = express();"],
    ['/fastify', "import Fastify from 'fastify';\nconst app = Fastify();"],
    ['/hono', "import { Hono } from 'hono';\nconst app = new Hono();"],
    ['', ''],
  ];
  const snippets = blocks.filter(({ language }) => language === 'ts');
  expect(snippets).toHaveLength(6);
  for (const name of ['express', 'fastify', 'hono', '@types/node', '@types/express', 'undici-types']) {
    mkdirSync(dirname(join(project, 'node_modules', name)), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), join(project, 'node_modules', name));
  }
  const inbound = "import type { InboundHandler } from '@pickup/receiver';\ndeclare const inbound: InboundHandler;";
  const files = snippets.map(({ text }, at) => {
    const [, prelude] = preludes.find(([part]) => part === '' || text.includes(`@pickup/receiver${part}'`))!;
    writeFileSync(join(project, `snippet-${at}.ts`), `${inbound}\n${prelude}\n${text}\nvoid inbound;\n`);
    return `snippet-${at}.ts`;
  });
  const compilerOptions = {
    strict: true,
    noEmit: true,
    target: 'es2022',
    module: 'nodenext',
    types: ['node'],
    lib: ['es2023'],
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const { status, stdout } = spawnSync(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project],
    {
      encoding: 'utf8',
    },
  );
  expect(stdout).toBe('');
  expect(status).toBe(0);
});

describe('endpoints that run, asked by the gateway', () => {
  let gateway: GatewayProcess;
  beforeAll(async () => {
    gateway = await startGateway({ samples: { webhookUrl: 'http://127.0.0.1:9/' } });
  }, 90_000);
  afterAll(() => gateway?.stop());

  async function call(url: string, from: string, ringBudgetMs = 45_000) {
    const path = `/update-phone-number/${encodeURIComponent(NUMBER)}`;
    const saved = await gateway.rest('PATCH', path, { inbound_webhook_url: url, ring_budget_ms: ringBudgetMs });
    expect(saved.status).toBe(200);
    return waitForOutcome(gateway, await simulateCall(gateway, { to: NUMBER, from }));
  }

  const python = spawnSync('python3', ['--version']).status === 0;
  if (!python) console.warn('python3 is missing: examples/plain/endpoint.py is NOT tried');
  const endpoints: readonly (readonly [string, string, () => string, boolean])[] = [
    ['server.js of the page', process.execPath, () => join(project, 'server.js'), true],
    ['examples/plain/endpoint.mjs', process.execPath, () => join(ROOT, 'examples/plain/endpoint.mjs'), true],
    ['examples/plain/endpoint.py', 'python3', () => join(ROOT, 'examples/plain/endpoint.py'), python],
  ];

  for (const [name, command, file, there] of endpoints) {
    test.skipIf(!there)(`${name} greets a known caller and turns a hidden one away`, async () => {
      const url = await start(command, file(), { RETELL_API_KEY: API_KEY });
      const known = await call(url, '+12137771234');
      expect(known).toMatchObject({ outcome: 'connected', agent_id: 'agent_12345', issues: [] });
      expect(known.reply).toMatchObject({ call_inbound: { dynamic_variables: { customer_name: 'John Doe' } } });
      expect(await call(url, 'anonymous')).toMatchObject({ outcome: 'declined', issues: [] });
    });

    test.skipIf(!there)(`${name} lets nobody in who has another key`, async () => {
      const url = await start(command, file(), { RETELL_API_KEY: 'key_of_somebody_else' });
      const { attempts } = await call(url, '+12137771234', 2000);
      expect(attempts[0]).toMatchObject({ status: 401, verdict: 'failed' });
      if (name.startsWith('server.js')) expect(attempts[0]).toMatchObject({ verification: 'wrong_key' });
    });
  }
});
