/**
 * A scriptable HTTP endpoint for tests, written on raw TCP so that it can also misbehave: hang, reset, drip bytes,
 * break its own framing. It listens on loopback, on a port of the system's choice.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { type RecordedRequest, RequestReader } from './request-reader.ts';

/** A well-formed reply. The content-length is added unless `headers` frames the body itself. */
export interface EndpointReply {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string | Buffer;
  /** How long the endpoint thinks before the first byte, in ms. Default 0. */
  readonly delayMs?: number;
}

/**
 * What an endpoint does with a request: a reply, `'hang'` (never a byte), `'reset'` (TCP RST), or a writer that is
 * handed the socket and does as it likes.
 */
export type EndpointAnswer = EndpointReply | 'hang' | 'reset' | ((socket: Socket) => void);

export interface FakeEndpointOptions {
  /** Asked for every request; `nth` counts from 1 over all connections. Default: 200 `{}`. */
  readonly handler?: (request: RecordedRequest, nth: number) => EndpointAnswer | Promise<EndpointAnswer>;
  /** Serves https with this key and certificate. */
  readonly tls?: TlsOptions;
  /** Drops a connection that was idle for so long, in ms. Default: never. */
  readonly dropIdleMs?: number;
  /** Default `127.0.0.1`. */
  readonly host?: string;
}

/** A running endpoint. */
export interface FakeEndpoint {
  /** `http://127.0.0.1:<port>`, or https. */
  readonly url: string;
  readonly port: number;
  /** Everything received so far, in order of arrival. */
  readonly requests: readonly RecordedRequest[];
  /** How many connections were ever accepted. */
  readonly connections: number;
  /** How many of them are open now. */
  readonly open: number;
  /** Resolves once `count` requests have arrived. */
  received(count: number): Promise<void>;
  /** Stops listening and drops every connection. */
  close(): Promise<void>;
}

/** Starts an endpoint; it answers as soon as this resolves. */
export async function startFakeEndpoint(options: FakeEndpointOptions = {}): Promise<FakeEndpoint> {
  const endpoint = new ScriptedEndpoint(options);
  await endpoint.listen(options.host ?? '127.0.0.1');
  return endpoint;
}

class ScriptedEndpoint implements FakeEndpoint {
  readonly requests: RecordedRequest[] = [];
  readonly #options: FakeEndpointOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #waiting = new Set<() => void>();
  #connections = 0;
  #url = '';
  #port = 0;

  constructor(options: FakeEndpointOptions) {
    this.#options = options;
    const accept = (socket: Socket) => this.#accept(socket);
    this.#server = options.tls ? createTlsServer(options.tls, accept) : createServer({ noDelay: true }, accept);
    // A TLS handshake that the client gave up is the client's business.
    this.#server.on('tlsClientError', () => {});
  }

  get url(): string {
    return this.#url;
  }

  get port(): number {
    return this.#port;
  }

  get connections(): number {
    return this.#connections;
  }

  get open(): number {
    return this.#sockets.size;
  }

  async listen(host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port: 0, host, backlog: 4096 }, resolve);
    });
    const address = this.#server.address();
    this.#port = typeof address === 'object' && address ? address.port : 0;
    this.#url = `${this.#options.tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }

  async received(count: number): Promise<void> {
    while (this.requests.length < count) await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#connections++;
    this.#sockets.add(socket);
    const reader = new RequestReader(this.#connections);
    socket.on('error', () => {});
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.#options.dropIdleMs !== undefined) socket.setTimeout(this.#options.dropIdleMs, () => socket.destroy());
    socket.on('data', (chunk) => {
      for (const request of reader.push(chunk)) void this.#answer(request, socket);
    });
  }

  async #answer(request: RecordedRequest, socket: Socket): Promise<void> {
    const nth = this.requests.push(request);
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
    const answer = (await this.#options.handler?.(request, nth)) ?? { body: '{}' };
    if (answer === 'hang') return;
    if (answer === 'reset') {
      socket.resetAndDestroy();
    } else if (typeof answer === 'function') {
      answer(socket);
    } else if (answer.delayMs) {
      this.#later(answer.delayMs, () => socket.write(serializeReply(answer)));
    } else {
      socket.write(serializeReply(answer));
    }
  }

  #later(delayMs: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delayMs);
    this.#timers.add(timer);
  }
}

/** The bytes of a reply as HTTP/1.1. */
export function serializeReply(reply: EndpointReply): Buffer {
  const { status = 200, headers = {}, body = '' } = reply;
  const bytes = Buffer.from(body);
  const lines = [`HTTP/1.1 ${status} Scripted`];
  let framed = status === 204;
  for (const [name, values] of Object.entries(headers)) {
    framed ||= /^(content-length|transfer-encoding)$/i.test(name);
    for (const value of typeof values === 'string' ? [values] : values) lines.push(`${name}: ${value}`);
  }
  if (!framed) lines.push(`content-length: ${bytes.length}`);
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), bytes]);
}
