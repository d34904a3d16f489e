import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createOutbound } from '../src/index.ts';
import { loopbackOutbound, Opened, systemClock } from './support.ts';

const opened = new Opened();
afterEach(() => opened.close());

async function serving(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  opened.add({
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const asked = (url: string) => ({
  url,
  headers: { accept: 'text/html' },
  deadlineMonoMs: systemClock.monoMs() + 2_000,
  maxReplyBytes: 10,
});

it('get sends no body, follows no redirect and is cut at its cap', async () => {
  const heard: string[] = [];
  const url = await serving((request, response) => {
    heard.push(`${request.method} ${request.url} ${request.headers.accept} ${request.headers['content-length']}`);
    if (request.url === '/away') response.writeHead(302, { location: '/page' }).end();
    else response.end('0123456789abcdef');
  });
  const outbound = opened.add(loopbackOutbound());
  const page = await outbound.get(asked(`${url}/page?x=1`));
  expect(page).toMatchObject({ ok: true, status: 200, truncated: true });
  expect(page.ok && page.body.toString()).toBe('0123456789');
  expect(await outbound.get(asked(`${url}/away`))).toMatchObject({
    ok: true,
    status: 302,
    headers: { location: '/page' },
  });
  expect(heard).toEqual(['GET /page?x=1 text/html undefined', 'GET /away text/html undefined']);
});

it('case 39 get judges the address as post does', async () => {
  const url = await serving((_request, response) => response.end('x'));
  const outbound = opened.add(createOutbound({ clock: systemClock }));
  expect(await outbound.get(asked(url))).toMatchObject({ ok: false, error: 'address_refused' });
});
