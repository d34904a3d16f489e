/**
 * WebSockets to somebody else's URL (RFC 6455), under the rules of every request: the address is judged on the connection
 * that is used, no redirect is followed, opening ends in time, messages are capped.
 */
import type { Socket } from 'node:net';
import { Client, WebSocket } from 'undici';
import type { Dialer } from './dial.ts';
import { abortedBy, DialError, type Failure, internalError, timedOut } from './failure.ts';
import type { Target } from './target.ts';
import type { Clock } from './types.ts';

/** One socket to be opened; it speaks text only. */
export interface SocketRequest {
  /** ws or wss. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** For name, connection, TLS and handshake together, in ms. */
  readonly openLimitMs: number;
  /** Gives up opening, or closes. */
  readonly signal?: AbortSignal;
  /** Longer messages close the socket. */
  readonly maxMessageBytes: number;
  readonly onMessage: (text: string) => void;
  /** Once, after it was open, whoever closed it. */
  readonly onClose: () => void;
}

export interface OutboundSocket {
  /** Nothing happens where it is closed. */
  send(text: string): void;
  close(): void;
}

export type OpenedSocket =
  | { readonly ok: true; readonly socket: OutboundSocket }
  | ({ readonly ok: false } & Pick<Failure, 'error' | 'fault' | 'message' | 'detail'>);

/** The address as http, by which it is judged and connected to. */
export function httpUrlOf(url: string): string {
  return url.replace(/^ws(s?):/i, 'http$1:');
}

/** What a socket needs of its sender. */
export interface SocketHost {
  readonly dialer: Dialer;
  readonly clock: Clock;
  /** Holds the sockets that are opening or open: `close` ends either. */
  readonly sockets: Set<{ close(): void }>;
}

/** Never rejects. */
export function openSocket(host: SocketHost, target: Target, request: SocketRequest): Promise<OpenedSocket> {
  return new Promise((resolve) => new Opening({ ...host, target, request }, resolve).begin());
}

interface Given extends SocketHost {
  readonly target: Target;
  readonly request: SocketRequest;
}

class Opening implements OutboundSocket {
  readonly #given: Given;
  readonly #resolve: (opened: OpenedSocket) => void;
  readonly #client: Client;
  #socket: WebSocket | undefined;
  #connection: Socket | null = null;
  #state: 'opening' | 'open' | 'closed' = 'opening';
  #failure: Failure | undefined;
  #cancelLimit = () => {};
  #cancelDial = () => {};

  constructor(given: Given, resolve: (opened: OpenedSocket) => void) {
    this.#given = given;
    this.#resolve = resolve;
    this.#client = new Client(given.target.origin, {
      connect: (_options, done) => {
        this.#cancelDial = given.dialer.dial(given.target, { enter() {} }, (error, socket) => {
          if (error instanceof DialError) this.#failure = error.failure;
          this.#connection = socket;
          if (socket) done(null, socket);
          else done(error ?? new Error('no socket'), null);
        });
      },
      allowH2: false,
      webSocket: { maxPayloadSize: given.request.maxMessageBytes },
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  begin(): void {
    const { clock, request, sockets } = this.#given;
    if (request.signal?.aborted) return this.#fail(abortedBy('caller', 'aborted before it began'));
    sockets.add(this);
    request.signal?.addEventListener('abort', this.#aborted, { once: true });
    this.#cancelLimit = clock.after(request.openLimitMs, () => this.#fail(timedOut('connect', 0)));
    try {
      this.#connect();
    } catch (error) {
      this.#fail(internalError(error));
    }
  }

  #connect(): void {
    const { target, request } = this.#given;
    const url = new URL(request.url);
    // Neither is part of a request; the library takes no URL that has them.
    [url.hash, url.username, url.password] = ['', '', ''];
    const { authorization } = target;
    const headers = { ...(authorization !== undefined && { authorization }), ...request.headers };
    const socket = new WebSocket(url, { dispatcher: this.#client, headers });
    this.#socket = socket;
    socket.addEventListener('open', () => this.#opened());
    socket.addEventListener('message', ({ data }) => this.#message(data));
    // An error is followed by a close.
    socket.addEventListener('error', () => {});
    socket.addEventListener('close', () => this.#closed());
  }

  send(text: string): void {
    if (this.#state === 'open') this.#socket?.send(text);
  }

  close(): void {
    if (this.#state === 'opening') return this.#fail(abortedBy('gateway', 'the sender was closed'));
    if (this.#state === 'closed') return;
    this.#end();
    this.#given.request.onClose();
  }

  #opened(): void {
    if (this.#state !== 'opening') return;
    this.#state = 'open';
    this.#cancelLimit();
    this.#resolve({ ok: true, socket: this });
  }

  #message(data: unknown): void {
    if (this.#state !== 'open') return;
    const { maxMessageBytes, onMessage } = this.#given.request;
    if (typeof data !== 'string' || Buffer.byteLength(data) > maxMessageBytes) return this.close();
    onMessage(data);
  }

  #closed(): void {
    if (this.#state === 'opening') {
      const message = 'The server did not open the WebSocket.';
      return this.#fail(this.#failure ?? { error: 'connect_error', fault: 'endpoint', message, detail: message });
    }
    this.close();
  }

  #fail(failure: Failure): void {
    if (this.#state !== 'opening') return;
    this.#end();
    this.#resolve({ ok: false, ...failure });
  }

  readonly #aborted = (): void => {
    if (this.#state === 'opening') this.#fail(abortedBy('caller', 'aborted while it opened'));
    else this.close();
  };

  #end(): void {
    this.#state = 'closed';
    this.#given.sockets.delete(this);
    this.#cancelLimit();
    this.#cancelDial();
    this.#given.request.signal?.removeEventListener('abort', this.#aborted);
    const client = this.#client;
    try {
      this.#socket?.close(1000);
    } catch {
      // It was not open yet.
    }
    // A peer that does not close its side must not hold the connection, which is the client's no more once it is upgraded.
    this.#given.clock.after(500, () => {
      this.#connection?.destroy();
      void client.destroy().catch(() => {});
    });
  }
}
