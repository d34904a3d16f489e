/** A bare SIP peer over TCP or TLS: it reads messages off one connection and writes what it is told. */
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { buildRequest, type HeaderInput, parseMessage, type SipMessage, serializeMessage } from '../src/index.ts';
import { StreamFramer } from '../src/transport/stream-framer.ts';

/** One connection of the peer. */
export interface TcpPhone {
  readonly socket: Socket;
  /** Its own port. */
  readonly port: number;
  /** Pongs seen so far. */
  pongs(): number;
  /** The next message, waiting for it. */
  next(): Promise<SipMessage>;
  /** Messages not taken yet. */
  readonly inbox: readonly SipMessage[];
  write(message: SipMessage | string): void;
}

/** Reads SIP off a connection. */
export function phoneOn(socket: Socket): TcpPhone {
  const inbox: SipMessage[] = [];
  const waiting: (() => void)[] = [];
  let pongs = 0;
  const framer = new StreamFramer({
    onMessage: (bytes) => {
      const parsed = parseMessage(bytes);
      if (parsed.ok) inbox.push(parsed.message);
      for (const wake of waiting.splice(0)) wake();
    },
    onPing: () => {},
    onFault: (_head, fault) => {
      throw new Error(fault.reason);
    },
  });
  socket.on('data', (chunk) => {
    if (chunk.toString('latin1') === '\r\n') pongs++;
    framer.push(chunk);
  });
  socket.on('error', () => {});
  return {
    socket,
    port: socket.localPort ?? 0,
    inbox,
    pongs: () => pongs,
    next: async () => {
      while (inbox.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
      return inbox.shift()!;
    },
    write: (message) => void socket.write(typeof message === 'string' ? message : serializeMessage(message)),
  };
}

/** Connects to a server. */
export async function callingPhone(port: number): Promise<TcpPhone> {
  const socket = connect({ host: '127.0.0.1', port });
  await once(socket, 'connect');
  return phoneOn(socket);
}

/** Listens, and gives the phone of the next connection. */
export async function listeningPhone(): Promise<{
  readonly server: Server;
  readonly port: number;
  next(): Promise<TcpPhone>;
}> {
  const server = createServer();
  const arrived: TcpPhone[] = [];
  const waiting: (() => void)[] = [];
  server.on('connection', (socket) => {
    arrived.push(phoneOn(socket));
    for (const wake of waiting.splice(0)) wake();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const next = async () => {
    while (arrived.length === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    return arrived.shift()!;
  };
  return { server, port: (server.address() as { port: number }).port, next };
}

interface StreamRequest {
  readonly transport?: string;
  /** Port of the Via and the Contact. */
  readonly port: number;
  readonly branch?: string;
  readonly seq?: number;
  readonly toTag?: string;
  readonly uri?: string;
  readonly headers?: HeaderInput;
  /** False: `headers` has the Contact. */
  readonly contact?: boolean;
  readonly body?: string;
}

/** A request of the call `call-1` over a stream. */
export function streamRequest(method: string, input: StreamRequest): SipMessage {
  const transport = input.transport ?? 'TCP';
  const tag = input.toTag === undefined ? '' : `;tag=${input.toTag}`;
  return buildRequest({
    method,
    uri: input.uri ?? 'sip:+15551234567@127.0.0.1',
    headers: [
      ['Via', `SIP/2.0/${transport} 127.0.0.1:${input.port};branch=${input.branch ?? `z9hG4bK-${method}`}`],
      ['Max-Forwards', '70'],
      ['From', '<sip:caller@127.0.0.1>;tag=caller'],
      ['To', `<sip:+15551234567@127.0.0.1>${tag}`],
      ['Call-ID', 'call-1'],
      ['CSeq', `${input.seq ?? 1} ${method}`],
      ...(input.contact === false
        ? []
        : [['Contact', `<sip:caller@127.0.0.1:${input.port};transport=${transport.toLowerCase()}>`] as const]),
      ...(input.headers ?? []),
    ],
    ...(input.body === undefined ? {} : { body: input.body }),
  });
}

/** The status of a response, the method of a request. */
export const statusOf = (message: SipMessage): number | string =>
  message.kind === 'response' ? message.status : message.method;
