/** A customer's own server for tests: the other side of Retell's LLM WebSocket, on a real socket. */
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** What was received, as parsed JSON. */
export type CustomLlmMessage = Readonly<Record<string, unknown>> & { readonly interaction_type: string };

export interface CustomLlmSession {
  /** The path that was connected to. */
  readonly path: string;
  send(message: object): void;
  /** Whatever it is. */
  sendText(text: string): void;
  /** Ends the connection without a close. */
  cut(): void;
}

export interface CustomLlmServerOptions {
  readonly onOpen?: (session: CustomLlmSession) => void;
  readonly onMessage?: (message: CustomLlmMessage, session: CustomLlmSession) => void;
  /** Refuses to open with this status. */
  readonly refuse?: () => number | undefined;
}

export interface CustomLlmServer {
  /** `ws://127.0.0.1:<port>/llm` */
  readonly url: string;
  readonly received: readonly CustomLlmMessage[];
  /** Paths connected to, in order. */
  readonly paths: readonly string[];
  /** Connections open now. */
  readonly open: number;
  close(): Promise<void>;
}

/** Starts a server on loopback. */
export async function startCustomLlmServer(options: CustomLlmServerOptions = {}): Promise<CustomLlmServer> {
  const received: CustomLlmMessage[] = [];
  const paths: string[] = [];
  const server = new WebSocketServer({
    port: 0,
    host: '127.0.0.1',
    verifyClient: (_info, done) => {
      const status = options.refuse?.();
      done(status === undefined, status);
    },
  });
  server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
    const session: CustomLlmSession = {
      path: request.url ?? '',
      send: (message) => socket.send(JSON.stringify(message)),
      sendText: (text) => socket.send(text),
      cut: () => socket.terminate(),
    };
    paths.push(session.path);
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as CustomLlmMessage;
      received.push(message);
      options.onMessage?.(message, session);
    });
    options.onOpen?.(session);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('listening', resolve);
    server.once('error', reject);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `ws://127.0.0.1:${port}/llm`,
    received,
    paths,
    get open() {
      return server.clients.size;
    },
    close() {
      for (const client of server.clients) client.terminate();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
