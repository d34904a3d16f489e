import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@pickup/testkit/free-port';
import { type ModelEndpoint, startModelEndpoint } from '@pickup/testkit/model';
import { afterEach, expect, test } from 'vitest';
import { runPickup } from './support/run-pickup.ts';

const folder = mkdtempSync(join(tmpdir(), 'pickup-demo-'));
let model: ModelEndpoint | undefined;

afterEach(async () => {
  await model?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('with OPENAI_BASE_URL and OPENAI_API_KEY the demo has a model answer its texts', { timeout: 90_000 }, async () => {
  model = await startModelEndpoint({
    apiKey: 'sk-demo',
    answer: ({ messages }) => ({ text: `You wrote ${String(messages.at(-1)?.content)}, John.` }),
  });
  const demo = await runPickup(['demo', '--once'], {
    ...{ PICKUP_HOME: folder, OPENAI_BASE_URL: model.baseUrl, OPENAI_API_KEY: 'sk-demo' },
    ...{ PICKUP_HTTP_PORT: String(await freePort()), PICKUP_SIP_PORT: String(await freePort()) },
  });
  const told = demo.out;
  expect(demo.code, told + demo.err).toBe(0);
  expect(told).toMatch(/ agent +“You wrote Hi, John.”/);
  expect(told).toMatch(/ agent +“You wrote 1, John.”/);
  const asked = JSON.stringify(model.requests.map(({ body }) => body));
  expect(asked).toContain('The customer is John Doe.');
});
