/** A provider's REST API on a real loopback socket: routes as data, faults on demand, every request on record. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

const MAX_BODY_BYTES = 4 * 1024 * 1024;

/** One request as the API sees it. */
export interface ApiRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** Groups of the route's pattern, decoded. */
  readonly params: readonly string[];
}

export interface ApiReply {
  readonly status: number;
  /** Sent as JSON; absent: no body. */
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A pattern is matched against the whole path; its groups become `params`. */
export interface ApiRoute {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  readonly path: RegExp;
  readonly serve: (request: ApiRequest) => ApiReply | Promise<ApiReply>;
}

/**
 * What goes wrong with a request: a reply in its place, `'hang'` (never a byte), `'reset'` before it is served,
 * `'reset_after'`, `'hang_after'`: it is served, but the answer is lost, or does not come.
 */
export type ApiFault = ApiReply | 'hang' | 'reset' | 'reset_after' | 'hang_after';

/** Asked for each request, `nth` from 1 over all of them. */
export type ApiFaults = (request: ApiRequest, nth: number) => ApiFault | undefined;

export interface HttpApiOptions {
  readonly routes: readonly ApiRoute[];
  /** A reply refuses the request before any route is looked for. */
  readonly authorize: (request: ApiRequest) => ApiReply | undefined;
  readonly notFound: (request: ApiRequest) => ApiReply;
  readonly faults?: ApiFaults | undefined;
}

/** A running API. */
export interface HttpApi {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  /** Everything that came so far, refused requests too. */
  readonly requests: readonly ApiRequest[];
  /** Replaces the faults from now on. */
  failWith(faults: ApiFaults | undefined): void;
  close(): Promise<void>;
}

/** Starts the API on a port of the system's choice. */
export async function startHttpApi(options: HttpApiOptions): Promise<HttpApi> {
  const requests: ApiRequest[] = [];
  let faults = options.faults;
  const server = createServer(async (incoming, response) => {
    const body = await readBody(incoming).catch(() => undefined);
    if (body === undefined) return void incoming.socket.destroy();
    const url = new URL(incoming.url ?? '/', 'http://localhost');
    const { method = 'GET', headers } = incoming;
    const request = { method, path: url.pathname, query: url.searchParams, headers, body, params: [] };
    const nth = requests.push(request);
    const fault = faults?.(request, nth);
    if (fault === 'hang') return;
    if (fault === 'reset') return void incoming.socket.resetAndDestroy();
    const reply = typeof fault === 'object' ? fault : await serve(options, request);
    if (fault === 'reset_after') return void incoming.socket.resetAndDestroy();
    if (fault === 'hang_after') return;
    write(response, reply);
  });
  await new Promise<void>((resolve) => server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, resolve));
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    failWith: (next) => {
      faults = next;
    },
    close: () => stop(server),
  };
}

async function serve(options: HttpApiOptions, request: ApiRequest): Promise<ApiReply> {
  const refused = options.authorize(request);
  if (refused !== undefined) return refused;
  for (const route of options.routes) {
    const match = route.method === request.method ? route.path.exec(request.path) : null;
    if (match?.[0] !== request.path) continue;
    return route.serve({ ...request, params: match.slice(1).map((part) => decodeURIComponent(part ?? '')) });
  }
  return options.notFound(request);
}

async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of incoming) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new Error('The body is too long.');
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function write(response: ServerResponse, { status, json, headers }: ApiReply): void {
  const body = json === undefined ? '' : JSON.stringify(json);
  response.writeHead(status, { ...(json !== undefined && { 'content-type': 'application/json' }), ...headers });
  response.end(body);
}

async function stop(server: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeAllConnections();
  await closed;
}
