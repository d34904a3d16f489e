/** For tests: pages on this machine, each path with an answer of its own. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type PageAnswer = (response: ServerResponse, request: IncomingMessage) => void;

export interface PageServer {
  readonly url: string;
  /** Paths as they were asked for. */
  readonly asked: string[];
  /** By path; others are 404. */
  readonly pages: Map<string, PageAnswer>;
  close(): Promise<void>;
}

/** Listens on a port of the system's choice. */
export async function startPageServer(): Promise<PageServer> {
  const asked: string[] = [];
  const pages = new Map<string, PageAnswer>();
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const answer = pages.get(path);
    if (answer) answer(response, request);
    else response.writeHead(404, { 'content-type': 'text/html' }).end('<p>not here</p>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    pages,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An answer of 200. */
export function page(body: string | Buffer, type = 'text/html; charset=utf-8'): PageAnswer {
  return (response) => void response.writeHead(200, { 'content-type': type }).end(body);
}
