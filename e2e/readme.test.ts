/**
 * Every code block of the README, run as it stands there against a real gateway. Only ports, the data folder and the
 * id of the call are replaced. CI runs the first command once more on a fresh clone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const blocks = [...README.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const [demo, shown, start, setup, endpoint, calls, reply, check] = blocks.map(({ text }) => text) as [
  ...string[],
] as string[];

const folder = mkdtempSync(join(tmpdir(), 'pickup-readme-'));
const children: ChildProcess[] = [];
afterAll(async () => {
  await Promise.all(children.map(stop));
  rmSync(folder, { recursive: true, force: true });
});

/** The tests' own Node first, as in a shell that has it; ports that nobody else has. */
function environment(home: string, rtpPorts: string): NodeJS.ProcessEnv {
  const { PICKUP_API_KEY: _key, PICKUP_SEAL_KEY: _seal, VITEST: _vitest, ...rest } = process.env;
  return {
    ...rest,
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    NO_COLOR: '1',
    PICKUP_HOME: join(folder, home),
    PICKUP_HTTP_PORT: '0',
    PICKUP_SIP_PORT: '0',
    PICKUP_RTP_PORTS: rtpPorts,
  };
}

interface Started {
  readonly child: ChildProcess;
  /** What it printed so far, both streams. */
  output(): string;
}

/** Starts a command of the README in a process group of its own, so that all of it can be ended. */
function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv, input = ''): Started {
  const child = spawn(command, args, { cwd: ROOT, env, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
  children.push(child);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      printed += chunk;
    });
  }
  child.stdin.end(input);
  return { child, output: () => printed };
}

function stop(child: ChildProcess): Promise<void> | void {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  process.kill(-child.pid, 'SIGKILL');
  return ended;
}

const sh = (text: string, env: NodeJS.ProcessEnv) => run('sh', ['-ec', text], env);
const js = (text: string, env: NodeJS.ProcessEnv) => run(process.execPath, ['--input-type=module', '-'], env, text);

async function finished({ child, output }: Started): Promise<{ readonly code: number | null; readonly text: string }> {
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text: output() };
}

/** Waits until the output has a match; rejects where the process ends before. */
function printed({ child, output }: Started, pattern: RegExp): Promise<RegExpExecArray> {
  return new Promise((resolve, reject) => {
    const look = () => {
      const found = pattern.exec(output());
      if (found) resolve(found);
    };
    child.stdout?.on('data', look);
    child.once('close', (code) => reject(new Error(`ended with ${code} before ${pattern}: ${output()}`)));
    look();
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

/** A line of the README as a pattern: numbers may be others, `…` stands for anything. */
function patternOf(line: string): RegExp {
  const escaped = line.trim().replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // A machine that was busy for a moment has something to conceal, and says so.
  const audio = escaped.replace(/, MOS\b/, '(?:, \\d+ ms concealed)?, MOS');
  return new RegExp(audio.replace(/\d+/g, '\\d+(?:\\.\\d+)?').replace(/…/g, '.*').replace(/ +/g, ' +'));
}

test('the README has the blocks these tests know, and no others', () => {
  expect(blocks.map(({ language }) => language)).toEqual(['sh', 'text', 'sh', 'js', 'js', 'sh', 'json', 'sh']);
});

test('the commands of package.json that the README names exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: object };
  const named = [...README.matchAll(/npm (?:run )?(demo|start|test|verify)\b/g)].map(([, name]) => name);
  expect(new Set(named)).toEqual(new Set(['demo', 'start', 'test', 'verify']));
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
});

test('npm run demo prints what the README shows, in that order', { timeout: 60_000 }, async () => {
  const ran = await finished(sh(`${demo?.trim()} -- --once`, environment('demo', '18400-18449')));
  expect(ran.code, ran.text).toBe(0);
  const lines = ran.text.split('\n');
  let at = 0;
  for (const line of (shown ?? '').split('\n').filter((text) => text.trim() !== '')) {
    const found = lines.findIndex((text, index) => index >= at && patternOf(line).test(text));
    expect(found, `${line}\nis not in\n${ran.text}`).toBeGreaterThanOrEqual(0);
    at = found + 1;
  }
  expect(at).toBeGreaterThan(8);
});

describe('your own endpoint', () => {
  const home = join(folder, 'own');
  let env = environment('own', '18450-18499');
  let endpointPort = 0;
  const here = (text: string | undefined) =>
    (text ?? '')
      .replaceAll('.pickup/', `${home}/`)
      .replaceAll(':8787', `:${env['PICKUP_HTTP_PORT']}`)
      .replaceAll(':3000', `:${endpointPort}`)
      .replaceAll('listen(3000', `listen(${endpointPort}`)
      .replaceAll('reply.json', join(folder, 'reply.json'));

  beforeAll(async () => {
    endpointPort = await freePort();
    const gateway = sh(start ?? '', env);
    const [, port = ''] = await printed(gateway, /^ready http=http:\/\/127\.0\.0\.1:(\d+) sip=127\.0\.0\.1:\d+$/m);
    env = { ...env, PICKUP_HTTP_PORT: port };
  });

  test('setup.mjs makes an agent and imports the number with the SDK', async () => {
    const ran = await finished(js(here(setup), env));
    expect(ran.text).toMatch(/^\+14155550100 is answered by agent_\w+\n$/);
  });

  test('endpoint.mjs verifies the webhook, and a call shows its reply; so do list and show', async () => {
    const apiKey = readFileSync(join(home, 'api-key'), 'utf8').trim();
    const listening = `${here(endpoint).trim().replace(/;$/, '')}.on('listening', () => console.log('listening'));`;
    const server = js(listening, { ...env, RETELL_API_KEY: apiKey });
    await printed(server, /listening/);
    const [call = '', list = '', show = ''] = here(calls).trim().split('\n');

    const called = await finished(sh(call, env));
    expect(called.code, called.text).toBe(0);
    expect(called.text).toContain('“Hello John, how can I help?”');
    expect(server.output()).toContain('+12137771234 calls +14155550100');

    const listed = await finished(sh(list, env));
    const id = /inb_\w+/.exec(listed.text)?.[0] ?? '';
    expect(called.text).toContain(id);

    const record = await finished(sh(show.replace('<id>', id), env));
    expect(record.text).toContain('variables from the reply: customer_name');
    await stop(server.child);
  });

  test('the endpoint refuses a request that was not signed with the key', async () => {
    const listening = `${here(endpoint).trim().replace(/;$/, '')}.on('listening', () => console.log('listening'));`;
    const server = js(listening, { ...env, RETELL_API_KEY: 'another key' });
    await printed(server, /listening/);
    const answer = await fetch(`http://127.0.0.1:${endpointPort}/`, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(401);
    await stop(server.child);
  });

  test('the reply shown is good, and check names what is wrong with a faulty one', async () => {
    writeFileSync(join(folder, 'reply.json'), reply ?? '');
    const good = await finished(sh(here(check), env));
    expect(good.code, good.text).toBe(0);
    expect(good.text).toMatch(/^good: \S*reply\.json connects the caller to agent_\w+ version 0\n/);

    writeFileSync(join(folder, 'reply.json'), (reply ?? '').replace('"voice_speed": 1.1', '"voice_speed": 9'));
    const bad = await finished(sh(here(check), env));
    expect(bad.code).toBe(1);
    expect(bad.text).toMatch(/^refused: \S*reply\.json turns the caller away .*agent\.voice_speed must be a number/);
    expect(bad.text).toContain('/call_inbound/agent_override/agent/voice_speed');
  });
});
