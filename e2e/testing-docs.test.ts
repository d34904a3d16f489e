/** What docs/testing.md shows is run: each command line, the table of faults, and the output it prints. */
import { readFileSync } from 'node:fs';
import { SIMULATED_FAULTS } from '@pickup/contract';
import { type FakeEndpoint, startFakeEndpoint } from '@pickup/testkit/endpoint';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '../packages/cli/src/run.ts';
import { PLAIN } from '../packages/cli/src/style.ts';
import { API_KEY, type GatewayProcess, startGateway } from './support/gateway.ts';
import { createHouseAgent, importNumber } from './support/stage.ts';

const PAGE = readFileSync(new URL('../docs/testing.md', import.meta.url), 'utf8');
const blocksIn = (language: string) =>
  [...PAGE.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, text = '']) => text);
const LINES = blocksIn('sh').flatMap((text) => text.trim().split('\n'));

const REPLY =
  '{"call_inbound":{"override_agent_id":"agent_12345","override_agent_version":1},"chat_inbound":{"override_agent_id":"agent_12345"}}';

let gateway: GatewayProcess;
let endpoint: FakeEndpoint;
beforeAll(async () => {
  endpoint = await startFakeEndpoint({
    handler: ({ body }) => {
      const { call_inbound } = JSON.parse(REPLY);
      const isCall = body.toString().includes('"call_inbound"');
      return { body: isCall ? JSON.stringify({ call_inbound }) : REPLY };
    },
  });
  gateway = await startGateway();
  const { agentId } = await createHouseAgent(gateway);
  await importNumber(gateway, '+12137771235', {
    inbound_agents: [{ agent_id: agentId, weight: 1 }],
    inbound_webhook_url: `${endpoint.url}/own`,
  });
});
afterAll(async () => {
  await gateway.kill9();
  await endpoint.close();
});

async function pickup(line: string) {
  let out = '';
  let err = '';
  const args = [...line.matchAll(/"([^"]*)"|\S+/g)].map(([word, quoted]) => quoted ?? word).slice(1);
  const code = await run(
    args
      .map((arg) => arg.replace('http://127.0.0.1:3000', endpoint.url))
      .concat(line.includes('--webhook') ? [] : ['--url', gateway.httpUrl]),
    {
      env: { PICKUP_HOME: gateway.home, PICKUP_API_KEY: API_KEY },
      out: (text) => (out += text),
      err: (text) => (err += text),
      style: PLAIN,
      readStdin: async () => Buffer.alloc(0),
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      monoMs: () => performance.now(),
      stopAsked: () => new Promise(() => {}),
    },
  );
  return { out, err, code };
}

test.each(LINES)('%s', async (line) => {
  const { err, code, out } = await pickup(line);
  expect({ err, out }).toMatchObject({ err: '' });
  // The number's own webhook names an agent that this gateway does not have.
  expect(code, out).toBe(line.includes('--webhook') || line.includes('malformed') ? 0 : 1);
});

test('the table of faults has each there is', () => {
  const rows = [...PAGE.matchAll(/^\| `([a-z0-9-]+)` \|/gm)].map(([, name]) => name);
  expect(rows).toEqual([...SIMULATED_FAULTS]);
});

test('the output is what is printed', async () => {
  const [shown = ''] = blocksIn('text');
  const { out } = await pickup(LINES.find((line) => line.endsWith('--fault 500:1'))!);
  expect(plain(out)).toBe(plain(shown));
});

/** Without times and ids, and with one name for each phase that a connection may skip. */
function plain(text: string): string {
  return text
    .replace(/inb_[0-9a-z]+/g, 'inb_…')
    .replace(/\(queue[^)]*\)|\(first byte[^)]*\)/g, '(phases)')
    .replace(/ *\+?\d+(\.\d+)? (ms|s)\b/g, ' N ms');
}
