/**
 * A model endpoint for tests: OpenAI's chat completions on a real socket, streamed or whole, answered by a script. It
 * refuses what the API refuses (a tool call without its result, a strict schema that is none, a wrong key) and can
 * misbehave: slow pieces, streams cut short, errors, silence.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { callsOf, deltasOf, finishOf, usageOf } from './chunks.ts';
import { faultOf, type ModelAnswer, type RecordedModelRequest, type SaidByModel } from './wire.ts';

export interface ModelEndpointOptions {
  /** Asked for every good request; `nth` counts from 1. Default: says `Hello.` */
  readonly answer?: (request: RecordedModelRequest, nth: number) => ModelAnswer | Promise<ModelAnswer>;
  /** The one key that is let in; default: any. */
  readonly apiKey?: string;
}

export interface ModelEndpoint {
  /** To be set as OPENAI_BASE_URL: `http://127.0.0.1:<port>/v1`. */
  readonly baseUrl: string;
  /** Good requests so far, in order. */
  readonly requests: readonly RecordedModelRequest[];
  /** Why requests were refused with 400 that a client had got wrong. */
  readonly faults: readonly string[];
  /** Requests being answered now, and the most there were at once. */
  readonly active: number;
  readonly mostActive: number;
  /** Requests whose client hung up before the answer was complete. */
  readonly abandoned: number;
  close(): Promise<void>;
}

/** Starts an endpoint on loopback; it answers as soon as this resolves. */
export async function startModelEndpoint(options: ModelEndpointOptions = {}): Promise<ModelEndpoint> {
  const endpoint = new Scripted(options);
  await endpoint.listen();
  return endpoint;
}

const MAX_BODY = 4 * 1024 * 1024;

class Scripted implements ModelEndpoint {
  readonly requests: RecordedModelRequest[] = [];
  readonly faults: string[] = [];
  active = 0;
  mostActive = 0;
  abandoned = 0;
  readonly #options: ModelEndpointOptions;
  readonly #server: Server;
  readonly #timers = new Set<NodeJS.Timeout>();
  #ids = 0;
  #port = 0;

  constructor(options: ModelEndpointOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => {
      this.active++;
      this.mostActive = Math.max(this.mostActive, this.active);
      response.once('close', () => {
        this.active--;
        if (!response.writableFinished) this.abandoned++;
      });
      this.#serve(request, response).catch(() => response.destroy());
    });
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${this.#port}/v1`;
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', () => {
        this.#port = (this.#server.address() as AddressInfo).port;
        resolve();
      });
    });
  }

  close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readJson(request);
    const path = request.url ?? '';
    if (request.method !== 'POST' || path !== '/v1/chat/completions')
      return refuse(response, 404, 'Unknown request URL.');
    const { apiKey } = this.#options;
    if (apiKey !== undefined && request.headers.authorization !== `Bearer ${apiKey}`) {
      return refuse(response, 401, 'Incorrect API key provided.', { code: 'invalid_api_key' });
    }
    const fault = body === undefined ? 'could not parse the JSON body' : faultOf(body);
    if (body === undefined || fault !== undefined) {
      this.faults.push(fault ?? '');
      return refuse(response, 400, fault ?? '');
    }
    const recorded: RecordedModelRequest = {
      path,
      headers: request.headers,
      body,
      model: body['model'] as string,
      messages: body['messages'] as RecordedModelRequest['messages'],
      tools: (body['tools'] ?? []) as RecordedModelRequest['tools'],
      at: Date.now(),
    };
    this.requests.push(recorded);
    const answer = await (this.#options.answer?.(recorded, this.requests.length) ?? { text: 'Hello.' });
    await this.#give(answer, recorded, response);
  }

  async #give(answer: ModelAnswer, request: RecordedModelRequest, response: ServerResponse): Promise<void> {
    if (answer === 'hang') return;
    if (answer === 'reset') return void response.socket?.resetAndDestroy();
    if ('status' in answer) {
      const { message = 'The server had an error.', ...rest } = answer.error ?? {};
      return refuse(response, answer.status, message, rest, answer.headers);
    }
    if (answer.delayMs) await this.#pause(answer.delayMs);
    const calls = callsOf(answer, () => `call_${++this.#ids}_${Math.random().toString(36).slice(2, 10)}`);
    const usage = usageOf(answer, JSON.stringify(request.messages), calls);
    const head = { id: `chatcmpl-${this.#ids++}`, created: Math.floor(Date.now() / 1_000), model: request.model };
    if (request.body['stream'] !== true) {
      const message = {
        role: 'assistant',
        content: answer.text ?? null,
        ...(calls.length > 0 && {
          tool_calls: calls.map(({ id, name, arguments: text }) => ({
            id,
            type: 'function',
            function: { name, arguments: text },
          })),
        }),
      };
      const choices = [{ index: 0, message, logprobs: null, finish_reason: finishOf(answer) }];
      response.setHeader('content-type', 'application/json');
      return void response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
    }
    const wantsUsage = (request.body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage;
    await this.#stream(answer, response, {
      deltas: deltasOf(answer, calls),
      head: { ...head, object: 'chat.completion.chunk', system_fingerprint: 'fp_test' },
      ...(wantsUsage && { usage }),
    });
  }

  async #stream(
    answer: SaidByModel,
    response: ServerResponse,
    given: { readonly deltas: readonly object[]; readonly head: object; readonly usage?: object },
  ): Promise<void> {
    const { deltas, head, usage } = given;
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    const send = (choices: readonly object[], more: object = {}) =>
      response.write(`data: ${JSON.stringify({ ...head, choices, ...(usage && { usage: null }), ...more })}\n\n`);
    for (const [index, delta] of deltas.entries()) {
      if (answer.cut?.after === index) {
        if (answer.cut.how === 'end') return void response.end();
        // What was written must leave first, or the client sees a failed request and no stream.
        await this.#pause(20);
        return void response.socket?.resetAndDestroy();
      }
      if (index > 0 && answer.tokenDelayMs) await this.#pause(answer.tokenDelayMs);
      if (response.destroyed) return;
      send([{ index: 0, delta, logprobs: null, finish_reason: null }]);
    }
    send([{ index: 0, delta: {}, logprobs: null, finish_reason: finishOf(answer) }]);
    if (usage) send([], { usage });
    response.end('data: [DONE]\n\n');
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms);
      this.#timers.add(timer);
    });
  }
}

async function readJson(request: IncomingMessage): Promise<Readonly<Record<string, unknown>> | undefined> {
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    size += piece.length;
    if (size > MAX_BODY) throw new Error('too large');
    pieces.push(piece);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString('utf8')) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
}

function refuse(
  response: ServerResponse,
  status: number,
  message: string,
  error: Readonly<Record<string, string>> = {},
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  response.end(JSON.stringify({ error: { message, type, param: null, code: null, ...error } }));
}
