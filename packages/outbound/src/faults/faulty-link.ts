/**
 * A relay on a real loopback socket, between a sender and an endpoint, that misbehaves as a network would. What it
 * forwards goes through the real sender, so that its rules about addresses, TLS and time hold; what it answers is read
 * from a socket, so that what the sender makes of it is real too. Only simulated calls and texts go through one.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createOutbound, type Outbound } from '../outbound.ts';
import type { Clock, OutboundRequest, OutboundResult } from '../types.ts';
import type { LinkFault } from './link-fault.ts';
import { answersAlone, passOn } from './misbehave.ts';

/** What goes wrong, and between whom. */
export interface FaultyLinkOptions {
  readonly fault: LinkFault;
  /** Only so many requests, from the first on, meet the fault. Default: all. */
  readonly attempts?: number;
  /** Sends what is forwarded. */
  readonly outbound: Outbound;
  readonly clock: Clock;
}

/** A result, and whether the fault had a part in it. */
export interface LinkedResult {
  readonly result: OutboundResult;
  readonly faulty: boolean;
  /** `duplicate`: both answers of the endpoint. Absent where the first brought none. */
  readonly answers?: readonly [first: OutboundResult, second: OutboundResult];
}

/** A link of one inbound. */
export interface FaultyLink {
  /** As `Outbound.post`. Never rejects. */
  post(request: OutboundRequest): Promise<LinkedResult>;
  /** Drops every connection; what is in progress ends. */
  close(): Promise<void>;
}

/** Resolves once it listens, on loopback and a port of the system's choice. */
export async function startFaultyLink(options: FaultyLinkOptions): Promise<FaultyLink> {
  const link = new Link(options);
  await link.listen();
  return link;
}

/** One request on its way through the link. */
interface Passage {
  readonly request: OutboundRequest;
  readonly answers: OutboundResult[];
}

class Link implements FaultyLink {
  readonly #options: FaultyLinkOptions;
  readonly #hop: Outbound;
  readonly #server: Server;
  /** By path, which nobody else on this machine can guess: the relay is no way to the endpoint for others. */
  readonly #passages = new Map<string, Passage>();
  #url = '';
  #requests = 0;

  constructor(options: FaultyLinkOptions) {
    this.#options = options;
    this.#hop = createOutbound({ clock: options.clock, loopback: true });
    this.#server = createServer((request, response) => {
      this.#relay(request, response).catch(() => request.socket.destroy());
    });
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    const { port } = this.#server.address() as { readonly port: number };
    this.#url = `http://127.0.0.1:${port}`;
  }

  async post(request: OutboundRequest): Promise<LinkedResult> {
    this.#requests += 1;
    const { attempts = Number.POSITIVE_INFINITY, outbound } = this.#options;
    if (this.#requests > attempts) return { result: await outbound.post(request), faulty: false };
    const path = `/${randomBytes(16).toString('hex')}`;
    const passage: Passage = { request, answers: [] };
    this.#passages.set(path, passage);
    const result = await this.#hop.post({ ...request, url: `${this.#url}${path}` });
    this.#passages.delete(path);
    return linked(result, passage.answers);
  }

  async close(): Promise<void> {
    await this.#hop.close();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  async #relay(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const passage = this.#passages.get(incoming.url ?? '');
    if (passage === undefined) {
      response.writeHead(404).end();
      return;
    }
    const body = await bodyOf(incoming);
    const { fault, clock } = this.#options;
    if (answersAlone(fault, response)) return;
    const { request, answers } = passage;
    const first = await this.#forward({ ...request, body });
    answers.push(first);
    if (!first.ok) {
      incoming.socket.destroy();
      return;
    }
    if (fault === 'duplicate') {
      // The first reply must still arrive in time, however long the second takes.
      const now = clock.monoMs();
      const deadlineMonoMs = now + (request.deadlineMonoMs - now) / 2;
      answers.push(await this.#forward({ ...request, body, deadlineMonoMs }));
    }
    if (!response.destroyed) passOn(fault, response, first, clock);
  }

  #forward(request: OutboundRequest): Promise<OutboundResult> {
    return this.#options.outbound.post(request);
  }
}

/** The endpoint's own failure is told as it was; else what the sender made of the link's answer, with the true phases. */
function linked(result: OutboundResult, answers: readonly OutboundResult[]): LinkedResult {
  const [first, second] = answers;
  if (first === undefined) return { result, faulty: true };
  if (!first.ok) return { result: first, faulty: false };
  const phases = { ...first.phases, total_ms: result.phases.total_ms };
  return { result: { ...result, phases }, faulty: true, ...(second && { answers: [first, second] as const }) };
}

async function bodyOf(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
