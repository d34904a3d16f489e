/** The SDK as its users get it: built, packed, installed in an empty folder without a network, and used from there. */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Miniflare } from 'miniflare';
import { Retell } from 'retell-sdk';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { build, pack } from '../packages/receiver/build.ts';

vi.setConfig({ testTimeout: 60_000 });
const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '..');
const MODULES = join(ROOT, 'node_modules');

let project = '';
let installed = '';

beforeAll(async () => {
  project = mkdtempSync(join(tmpdir(), 'pickup-receiver-'));
  await build(join(project, 'dist'));
  const tarball = pack(join(project, 'dist'), project);
  rmSync(join(project, 'dist'), { recursive: true });
  write('package.json', '{ "private": true, "type": "module" }');
  write('vitest.config.mjs', 'export default {};');
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: project, env: cleanEnv() });
  installed = join(project, 'node_modules/@pickup/receiver');
  // The tools of the user, beside the package; npm would have put them there.
  const tools = ['vitest', 'jest', 'express', 'fastify', 'hono', 'undici-types'];
  const types = [
    'node',
    'express',
    'express-serve-static-core',
    'body-parser',
    'connect',
    'http-errors',
    'qs',
    'range-parser',
    'send',
    'serve-static',
    'aws-lambda',
  ];
  for (const name of [...tools, ...types.map((type) => `@types/${type}`)]) {
    mkdirSync(dirname(join(project, 'node_modules', name)), { recursive: true });
    symlinkSync(join(MODULES, name), join(project, 'node_modules', name));
  }
}, 120_000);
afterAll(() => rmSync(project, { recursive: true, force: true }));

function write(path: string, text: string): string {
  mkdirSync(dirname(join(project, path)), { recursive: true });
  writeFileSync(join(project, path), text);
  return join(project, path);
}

/** A test run's variables would reach into that of the project. */
function cleanEnv(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(VITEST|JEST|NODE_OPTIONS|NODE_ENV|TEST|npm_|INIT_CWD)/.test(name),
  );
  return { ...Object.fromEntries(own), NO_COLOR: '1' };
}

/** Runs a program of Node in the project; its output, also where it fails. */
async function node(...args: readonly string[]): Promise<{ code: number; out: string }> {
  try {
    const { stdout, stderr } = await run(process.execPath, [...args], { cwd: project, env: cleanEnv() });
    return { code: 0, out: `${stdout}${stderr}` };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code: number; stdout?: string; stderr?: string };
    return { code, out: `${stdout}${stderr}` };
  }
}

describe('what is in the package', () => {
  const files = () =>
    readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((path) => /\.[cm]?[jt]s$/.test(path));

  test('nothing is installed beside it, and nothing outside is imported', () => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
    expect([dependencies, peerDependencies]).toEqual([undefined, undefined]);
    expect(files().length).toBeGreaterThan(50);
    const outside = /(?:from\s*|import\(|require\(|import\s+)['"](?!\.)([^'"]+)['"]/g;
    const found = files().flatMap((path) =>
      [
        ...readFileSync(join(installed, path), 'utf8')
          .replaceAll(/^\s*(\/?\*|\/\/).*$/gm, '')
          .matchAll(outside),
      ].map(([, name]) => `${path}: ${name}`),
    );
    expect(found).toEqual([]);
  });

  test('the licences of what is inside come along', () => {
    expect(readFileSync(join(installed, 'THIRD-PARTY.txt'), 'utf8')).toContain('MIT License');
    expect(readFileSync(join(installed, 'LICENSE'), 'utf8')).toContain('Apache License');
  });
});

const HANDLER = `
const inbound = createInboundHandler({
  apiKey: 'key_of_the_test',
  onCall: ({ from_number }) =>
    from_number === '+12137770000' ? reject() : override({ agent_id: 'agent_1', version: 3, variables: { from_number }, agent: { voice_speed: 1.1 } }),
});`;
const IMPORTS = ['{ createInboundHandler, override, reject }', '{ ring, text }'] as const;
const ESM = `import ${IMPORTS[0]} from '@pickup/receiver';\nimport ${IMPORTS[1]} from '@pickup/receiver/test';${HANDLER}`;
const CJS = `const ${IMPORTS[0]} = require('@pickup/receiver');\nconst ${IMPORTS[1]} = require('@pickup/receiver/test');${HANDLER}`;
const RING = `const outcome = await ring(inbound, { from: '+12137771234', to: '+12137771235' });`;
const EXPECTS = `${RING}
  expect(outcome).toMatchObject({ outcome: 'connected', agent_id: 'agent_1', agent_version: 3, issues: [] });
  expect(outcome.dynamic_variables).toEqual({ from_number: '+12137771234' });
  expect((await text(inbound, { from: '+12137771234', to: '+12137771235', agent: 'agent_2' })).agent_id).toBe('agent_2');
  expect((await ring(inbound, { from: '+12137770000', to: '+12137771235', fault: 'timeout:1' })).outcome).toBe('declined');`;
const ASSERTS = `${RING}
  assert.equal(outcome.outcome, 'connected', outcome.explanation.headline);
  assert.deepEqual({ ...outcome.dynamic_variables }, { from_number: '+12137771234' });`;

describe('the test kit', () => {
  test.each([
    [
      'node:test, ESM',
      'node-test/call.test.mjs',
      `import assert from 'node:assert';\nimport { test } from 'node:test';\n${ESM}`,
    ],
    [
      'node:test, CommonJS',
      'node-test/call.test.cjs',
      `const assert = require('node:assert');\nconst { test } = require('node:test');\n${CJS}`,
    ],
  ])('in %s', async (_, path, head) => {
    const file = write(path, `${head}\ntest('a known caller is connected', async () => {\n  ${ASSERTS}\n});\n`);
    const { code, out } = await node('--test', file);
    expect(out).toContain('pass 1');
    expect(code).toBe(0);
    // The run is able to fail.
    const failing = write(
      path.replace('call', 'failing'),
      `${head}\ntest('wrong', async () => {\n  ${RING}\n  assert.equal(outcome.outcome, 'declined');\n});\n`,
    );
    expect((await node('--test', failing)).code).toBe(1);
  });

  test.each([
    ['as they are', ''],
    ['with its fake timers', `vi.useFakeTimers();\n`],
  ])('in vitest, timers %s', async (name, timers) => {
    const file = `vitest/${name.replaceAll(' ', '-')}.test.ts`;
    write(
      file,
      `import { expect, test, vi } from 'vitest';\n${ESM}\n${timers}test('a known caller is connected', async () => {\n  ${EXPECTS}\n});\n`,
    );
    const { code, out } = await node(join(MODULES, 'vitest/vitest.mjs'), 'run', '--root', project, file);
    expect(out).toMatch(/Tests +1 passed/);
    expect(code).toBe(0);
  });

  test('in jest, CommonJS', async () => {
    write('jest/package.json', '{ "type": "commonjs", "jest": { "testEnvironment": "node", "transform": {} } }');
    write('jest/call.test.js', `${CJS}\ntest('a known caller is connected', async () => {\n  ${EXPECTS}\n});\n`);
    const { code, out } = await node(
      join(MODULES, 'jest/bin/jest.js'),
      '--rootDir',
      join(project, 'jest'),
      '--no-cache',
    );
    expect(out).toMatch(/Tests: +1 passed/);
    expect(code).toBe(0);
  });
});

const TYPED = `
import { createServer } from 'node:http';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';
import type { APIGatewayProxyHandlerV2, LambdaFunctionURLHandler } from 'aws-lambda';
import { accept, createInboundHandler, override, reject, verifyRequest, type InboundCall, type Reply, type VerificationStep } from '@pickup/receiver';
import { expressHandler } from '@pickup/receiver/express';
import { fastifyHandler, fastifyInbound } from '@pickup/receiver/fastify';
import { honoHandler } from '@pickup/receiver/hono';
import { lambdaHandler } from '@pickup/receiver/lambda';
import { lint } from '@pickup/receiver/lint';
import { apiHandler, routeHandler } from '@pickup/receiver/next';
import { nodeListener } from '@pickup/receiver/node';
import { ring, text, type RingOutcome } from '@pickup/receiver/test';
import { worker } from '@pickup/receiver/workers';

const decide = async (call: InboundCall): Promise<Reply | undefined> =>
  call.agent_id === undefined ? undefined : override({ agent: { language: ['en-US', 'es-ES'] }, retell_llm: { model: 'gpt-4.1' } });
export const inbound = createInboundHandler({ apiKey: ['a', 'b'], onCall: decide, onSms: (_text, { signal, inboundId }) => { void signal.aborted; void inboundId?.length; } });
createServer(nodeListener(inbound));
express().post('/', expressHandler(inbound));
const app = Fastify();
app.post('/', fastifyHandler(inbound));
app.register(fastifyInbound(inbound), { prefix: '/inbound' });
new Hono().post('/', honoHandler(inbound));
export const lambda: APIGatewayProxyHandlerV2 = lambdaHandler(inbound);
export const url: LambdaFunctionURLHandler = lambdaHandler(inbound);
export const POST = routeHandler(inbound);
export const api = apiHandler(inbound);
export const made = worker((env: { KEY: string }) => createInboundHandler({ apiKey: env.KEY, onCall: () => reject() }));
export const outcome: Promise<RingOutcome> = ring(inbound, { from: '+1', to: '+2', fault: '500:2', agents: ['agent_1', { agent_id: 'agent_2', engine: 'conversation-flow' }] });
export const said: Promise<string> = text(inbound, { from: '+1', to: '+2' }).then(({ explanation }) => explanation.headline);
export const codes: readonly string[] = lint('{}', { channel: 'sms' }).issues.map(({ code, rule }) => code + rule);
export const step: Promise<VerificationStep | 'fine'> = verifyRequest(new Request('http://a'), { apiKey: 'a' }).then((found) => (found.ok ? 'fine' : found.step));
// @ts-expect-error a misspelt field
override({ agent: { voice_sped: 1 } });
// @ts-expect-error a misspelt option
accept({ agentId: 'agent_1' });
// @ts-expect-error no such fault
ring(inbound, { from: '+1', to: '+2', fault: 'gremlins' });
// @ts-expect-error a reply is no string
createInboundHandler({ apiKey: 'a', onCall: () => 'agent_1' });
`;

describe('the types, library checks on', () => {
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    target: 'es2022',
    types: ['node'],
    lib: ['es2023'],
    esModuleInterop: true,
  };
  /** What frameworks ship of their own may have faults; ours may not. */
  const ours = (out: string) => out.split('\n').filter((line) => /^(src|types)|receiver/.test(line));

  test.each([
    ['nodenext, imported as ESM', { module: 'nodenext', moduleResolution: 'nodenext' }, 'mts'],
    ['nodenext, required as CommonJS', { module: 'nodenext', moduleResolution: 'nodenext' }, 'cts'],
    ['a bundler', { module: 'esnext', moduleResolution: 'bundler' }, 'ts'],
    [
      'nodenext, exactOptionalPropertyTypes',
      {
        module: 'nodenext',
        moduleResolution: 'nodenext',
        exactOptionalPropertyTypes: true,
        verbatimModuleSyntax: true,
      },
      'mts',
    ],
  ])('are accepted by %s', async (name, modules, extension) => {
    const folder = `types/${name.replaceAll(/\W+/g, '-')}`;
    write(`${folder}/use.${extension}`, TYPED);
    write(
      `${folder}/tsconfig.json`,
      JSON.stringify({ compilerOptions: { ...compilerOptions, ...modules }, files: [`use.${extension}`] }),
    );
    const { out } = await node(join(MODULES, 'typescript/bin/tsc'), '-p', join(project, folder));
    expect(ours(out)).toEqual([]);
    expect(out).toBe('');
  });

  test('are accepted with the DOM’s Request and without Node’s types', async () => {
    write(
      'types/dom/use.ts',
      `import { createInboundHandler, accept } from '@pickup/receiver';\nimport { worker } from '@pickup/receiver/workers';\nexport default worker((env: { KEY: string }) => createInboundHandler({ apiKey: env.KEY, onCall: () => accept() }));\n`,
    );
    write(
      'types/dom/tsconfig.json',
      JSON.stringify({
        compilerOptions: {
          ...compilerOptions,
          types: [],
          lib: ['es2022', 'dom'],
          module: 'esnext',
          moduleResolution: 'bundler',
        },
        files: ['use.ts'],
      }),
    );
    expect(await node(join(MODULES, 'typescript/bin/tsc'), '-p', join(project, 'types/dom'))).toEqual({
      code: 0,
      out: '',
    });
  });

  test('negative control: a fault is found', async () => {
    write('types/fault/use.ts', `import { accept } from '@pickup/receiver';\naccept({ agentId: 'a' });\n`);
    write(
      'types/fault/tsconfig.json',
      JSON.stringify({
        compilerOptions: { ...compilerOptions, module: 'esnext', moduleResolution: 'bundler' },
        files: ['use.ts'],
      }),
    );
    expect((await node(join(MODULES, 'typescript/bin/tsc'), '-p', join(project, 'types/fault'))).out).toContain(
      'agentId',
    );
  });
});

describe('Cloudflare’s workerd', () => {
  const apiKey = 'key_of_the_worker';
  const body = '{"event":"call_inbound","call_inbound":{"from_number":"+12137771234","to_number":"+12137771235"}}';
  let workerd: Miniflare;
  let url = '';

  beforeAll(async () => {
    const entry = write(
      'worker.mjs',
      `import { accept, createInboundHandler } from '@pickup/receiver';
import { worker } from '@pickup/receiver/workers';
let runs = 0;
export default worker((env) => createInboundHandler({
  apiKey: env.RETELL_API_KEY,
  onRefused: () => {},
  onCall: async (_, { attempt }) => {
    runs += 1;
    if (attempt === 1) await new Promise((resolve) => setTimeout(resolve, 300));
    return accept({ agent_id: 'agent_1', variables: { runs } });
  },
}));`,
    );
    const bundle = await rolldown({ input: entry, platform: 'neutral' });
    const { output } = await bundle.generate({ format: 'esm' });
    await bundle.close();
    const script = output[0].code;
    workerd = new Miniflare({
      modules: true,
      script,
      compatibilityDate: '2026-06-01',
      bindings: { RETELL_API_KEY: apiKey },
      host: '127.0.0.1',
      port: 0,
    });
    url = (await workerd.ready).href;
  }, 60_000);
  afterAll(() => workerd?.dispose());

  const post = async (options: {
    id?: string;
    attempt?: number;
    body?: string;
    signature?: string;
    signal?: AbortSignal;
  }) =>
    fetch(url, {
      method: 'POST',
      body: options.body ?? body,
      ...(options.signal && { signal: options.signal }),
      headers: {
        'x-retell-signature': options.signature ?? (await Retell.sign(body, apiKey)),
        'webhook-id': options.id ?? `inb_${Math.random()}`,
        'x-pickup-attempt': String(options.attempt ?? 2),
      },
    });

  test('B2 a signed request gets its reply', async () => {
    const response = await post({});
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ call_inbound: { override_agent_id: 'agent_1' } });
  });

  test('each step of verification is told', async () => {
    const steps = await Promise.all(
      [
        { signature: '' },
        { signature: 'v=1,d=2' },
        { signature: await Retell.sign(body, 'another') },
        { body: `${body} ` },
      ].map(async (sent) => (await post(sent)).headers.get('x-pickup-verification')),
    );
    expect(steps).toEqual(['missing_signature', 'malformed_signature', 'wrong_key', 'body_changed']);
  });

  test('a retry gets the reply of the first attempt, and does not hang on one whose sender has gone', async () => {
    const first = await (await post({ id: 'inb_1' })).text();
    expect(await (await post({ id: 'inb_1', attempt: 3 })).text()).toBe(first);
    const gone = new AbortController();
    const abandoned = post({ id: 'inb_2', attempt: 1, signal: gone.signal }).catch(() => 'gone');
    await new Promise((resolve) => setTimeout(resolve, 100));
    gone.abort();
    expect(await abandoned).toBe('gone');
    const late = await post({ id: 'inb_2', signal: AbortSignal.timeout(5000) });
    expect(await late.text()).toContain('agent_1');
  });
});
