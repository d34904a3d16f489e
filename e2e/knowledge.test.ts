import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from './support/gateway.ts';
import { until } from './support/until.ts';

let home: string;
let gateway: GatewayProcess | undefined;
let server: Server;
let pageUrl: string;
/** Requests that wait for an answer. */
let waiting: ServerResponse[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'pickup-e2e-'));
  waiting = [];
  server = createServer((_request, response) => void waiting.push(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  pageUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/page`;
});
afterEach(async () => {
  await gateway?.kill9();
  gateway = undefined;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(home, { recursive: true, force: true });
});

test('a page that was being read at a crash is read after the restart, and a file that was taken is there', async () => {
  const env = { PICKUP_WEBHOOK_ALLOW: '127.0.0.1/32' };
  gateway = await startGateway({ home, env });
  const made = await gateway.client.knowledgeBase.create({
    knowledge_base_name: 'Shop',
    knowledge_base_urls: [pageUrl],
    knowledge_base_files: [new File(['Dogs are welcome.'], 'dogs.txt')],
  });
  await until('the page was asked for', () => waiting.length === 1);
  await gateway.kill9();

  gateway = await startGateway({ home, env });
  const id = made.knowledge_base_id;
  expect(await gateway.client.knowledgeBase.retrieve(id)).toMatchObject({ status: 'in_progress' });
  await until('it was asked for again', () => waiting.length === 2);
  waiting[1]!.writeHead(200, { 'content-type': 'text/html' }).end('<p>Open from nine.</p>');
  const { client, rest } = gateway;
  await until('complete', async () => (await client.knowledgeBase.retrieve(id)).status === 'complete');
  for (const [query, content] of [
    ['open', 'Open from nine.'],
    ['dog', 'Dogs are welcome.'],
  ]) {
    const found = await rest('POST', `/search-knowledge-base/${id}`, { query });
    expect(found.body.results.map((one: { content: string }) => one.content)).toEqual([content]);
  }
  const { knowledge_base_sources: sources = [] } = await client.knowledgeBase.retrieve(id);
  const file = sources.find((source) => source.type === 'document')!;
  const text = await fetch(file.file_url, { headers: { authorization: `Bearer ${client.apiKey}` } });
  expect(await text.text()).toBe('Dogs are welcome.');
  expect((await gateway.stop()).code).toBe(0);
});

test('case 39 a page on this machine is refused unless the operator allows it', async () => {
  gateway = await startGateway({ home });
  const making = gateway.client.knowledgeBase.create({ knowledge_base_name: 'x', knowledge_base_urls: [pageUrl] });
  await expect(making).rejects.toMatchObject({
    status: 400,
    message: expect.stringContaining('PICKUP_WEBHOOK_ALLOW='),
  });
  expect(waiting).toEqual([]);
});

test('E5 voices of the operator’s file are known at SIGHUP, and a broken file changes nothing', async () => {
  gateway = await startGateway({ home });
  const { client } = gateway;
  const file = join(home, 'catalogue.json');
  const llm = await client.llm.create({});
  const engine = { type: 'retell-llm', llm_id: llm.llm_id } as const;
  await expect(client.agent.create({ response_engine: engine, voice_id: 'mine' })).rejects.toMatchObject({
    status: 422,
  });
  await writeFile(file, JSON.stringify({ voices: [{ voice_id: 'mine', provider: 'builtin', gender: 'female' }] }));
  gateway.signal('SIGHUP');
  await until('reloaded', () => gateway!.logged('catalogue_reloaded').length === 1);
  expect(await client.agent.create({ response_engine: engine, voice_id: 'mine' })).toMatchObject({ voice_id: 'mine' });
  await writeFile(file, JSON.stringify({ voices: [{ voice_id: 'mine' }] }));
  gateway.signal('SIGHUP');
  await until('kept', () => gateway!.logged('catalogue_kept').length === 1);
  expect(gateway.logged('catalogue_kept')[0]).toMatchObject({ file, pointer: '/voices/0' });
  expect(await client.voice.retrieve('mine')).toMatchObject({ provider: 'platform' });
});
