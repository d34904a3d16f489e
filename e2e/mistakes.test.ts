/** Each typical mistake is made for real; the first line that a person sees names it and what to do. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Explanation, explanationLine, type InboundObject } from '@pickup/contract';
import { startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../packages/cli/src/run.ts';
import { PLAIN } from '../packages/cli/src/style.ts';
import type { Ground, Mistake } from './mistakes/mistake.ts';
import { MISTAKES } from './mistakes/mistakes.ts';
import { renderMistakesPage } from './mistakes/mistakes-page.ts';
import { API_KEY, type GatewayProcess, startGateway } from './support/gateway.ts';
import { importNumber } from './support/stage.ts';

const PAGE = new URL('../docs/mistakes.md', import.meta.url);
const ALL = MISTAKES.flatMap(({ mistakes }) => mistakes);

let gateway: GatewayProcess;
let ground: Ground;
const closing: { close(): Promise<void> }[] = [];

/** What `pickup call` said, and the same call's record. */
interface Told {
  readonly line: string;
  readonly code: number;
  readonly inboundId: string | undefined;
}
let told: ReadonlyMap<string, Told>;

beforeAll(async () => {
  gateway = await startGateway();
  ground = await prepare();
  // All at once, as most of them only wait for the retries; a little apart, so that no ring budget is spent on our own load.
  const making = ALL.map(async (mistake, index) => {
    await sleep(index * 20);
    return [mistake.title, await make(mistake, index)] as const;
  });
  told = new Map(await Promise.all(making));
}, 120_000);
afterAll(async () => {
  for (const one of closing) await one.close();
  await gateway.kill9();
});

async function agentSaying(begin_message: string): Promise<string> {
  const { client } = gateway;
  const llm = await client.llm.create({ begin_message, start_speaker: 'agent' });
  const response_engine = { type: 'retell-llm' as const, llm_id: llm.llm_id };
  const agent = await client.agent.create({ response_engine, voice_id: 'builtin-en-us', language: 'en-US' });
  await client.agent.publish(agent.agent_id, { version: 0 });
  return agent.agent_id;
}

async function prepare(): Promise<Ground> {
  const { client } = gateway;
  const agentId = await agentSaying('Hello.');
  const greeterId = await agentSaying('Hello {{customer_name}}.');
  const llm = await client.llm.create({ start_speaker: 'user' });
  const chat = await client.chatAgent.create({ response_engine: { type: 'retell-llm', llm_id: llm.llm_id } });
  return { agentId, greeterId, chatAgentId: chat.agent_id, apiKey: API_KEY };
}

async function make(mistake: Mistake, index: number): Promise<Told> {
  const { answer, reply, tls } = mistake;
  const said = typeof reply === 'function' ? (reply as (ground: Ground) => unknown)(ground) : reply;
  const endpoint = mistake.nodeHttp
    ? await startPlainServer()
    : await startFakeEndpoint({
        handler: (request) =>
          answer ? answer(request, ground) : reply === undefined ? { status: 204 } : { body: JSON.stringify(said) },
        ...(tls && { tls: tls() }),
      });
  closing.push(endpoint);
  const url = mistake.url?.(endpoint) ?? `${endpoint.url}/hook`;
  const number = mistake.to ?? `+1213777${2_000 + index}`;
  if (mistake.direct) return call(['--webhook', url, '--to', number, '--signing-key', API_KEY]);
  if (mistake.to === undefined) await importNumber(gateway, number, { ...settingsOf(mistake, url) });
  return call(['--to', number, '--url', gateway.httpUrl, '--linger', '1', ...(mistake.args ?? [])]);
}

/** As express and its like are on a socket. */
async function startPlainServer() {
  const server = createServer((_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const close = async () => void server.close().closeAllConnections();
  return { url: `http://127.0.0.1:${port}`, port, close };
}

function settingsOf({ agent, settings }: Mistake, url: string) {
  const agent_id = agent === 'greeter' ? ground.greeterId : ground.agentId;
  return {
    inbound_webhook_url: url,
    ...(agent !== false && { inbound_agents: [{ agent_id, agent_version: 0, weight: 1 }] }),
    ...settings,
  };
}

async function call(args: readonly string[]): Promise<Told> {
  const { out, err, code } = await pickup(['call', ...args]);
  const line = out.split('\n\n')[1]?.split('\n')[0] ?? `(nothing: ${err})`;
  return { line, code, inboundId: /\binb_[0-9a-z]+/.exec(out)?.[0] };
}

async function pickup(args: readonly string[]) {
  let out = '';
  let err = '';
  const code = await run(args, {
    env: { PICKUP_HOME: gateway.home, PICKUP_API_KEY: API_KEY },
    out: (text) => (out += text),
    err: (text) => (err += text),
    style: PLAIN,
    readStdin: async () => Buffer.alloc(0),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    monoMs: () => performance.now(),
    stopAsked: () => new Promise(() => {}),
  });
  return { out, err, code };
}

/** With names that are the same each time. */
function plain(line: string): string {
  return line
    .replaceAll(ground.agentId, 'agent_own')
    .replaceAll(ground.greeterId, 'agent_own')
    .replaceAll(ground.chatAgentId, 'chat_agent_1')
    .replace(/\+1213777[0-9]{4}/g, '+12137771235')
    .replace(/https?:\/\/127\.0\.0\.1:\d+/g, (url) => `${url.split(':')[0]}://your-host`)
    .replace(/127\.0\.0\.1 port \d+/g, 'your-host port 8080')
    .replace(/127\.0\.0\.1:\d+/g, 'your-host:8080')
    .replace(/127\.0\.0\.1/g, 'your-host')
    .replace(/port \d{5}/g, 'port 8080')
    .replace(/inb_[0-9a-z]+/g, 'inb_…');
}

test('docs/mistakes.md is what is really said', () => {
  const lines = new Map([...told].map(([title, { line }]) => [title, plain(line)]));
  const page = renderMistakesPage(MISTAKES, lines);
  if (process.env['PICKUP_WRITE_DOCS']) writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, 'utf8')).toBe(page);
});

describe('the first line of each', () => {
  test.each(ALL.map(({ title }) => title))('%s', async (title) => {
    const { line } = told.get(title)!;
    // What became of it and the mistake; then, in a sentence of its own, what to do.
    expect(line).toMatch(/^(Connected|Refused)\b.+[.)] [A-Z][^.]+/);
    expect(line.length).toBeLessThan(420);
    expect(line).not.toMatch(/undefined|\[object|secret|key_/);
  });

  test('no two mistakes are told alike', () => {
    const lines = [...told.values()].map(({ line }) => plain(line));
    expect(new Set(lines).size).toBe(lines.length);
    expect(lines.length).toBeGreaterThanOrEqual(30);
  });

  test('it is the explanation of the record, and what pickup inbounds show begins with', async () => {
    const recorded = ALL.filter(({ direct }) => !direct).map(({ title }) => told.get(title)!);
    for (const { line, inboundId = '' } of recorded) {
      const { body } = await gateway.rest('GET', `/get-inbound/${inboundId}`);
      const { explanation } = body as InboundObject & { readonly explanation: Explanation };
      expect(explanationLine(explanation)).toBe(line);
      const { out } = await pickup(['inbounds', 'show', inboundId, '--url', gateway.httpUrl]);
      expect(out.split('\n\n')[0]?.replaceAll('\n', ' ')).toBe(line);
    }
  });
});
