/** A call with header lines and messages of the test's own making, which no well-behaved phone would send. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { until } from '../../support/until.ts';

export interface RawCallOptions {
  readonly server: { readonly host: string; readonly port: number };
  /** Where it calls from; default 127.0.0.1. */
  readonly host?: string;
  /** The Request-URI. */
  readonly uri: string;
  /** The value of From, without tag; of To. */
  readonly from: string;
  readonly to?: string;
  readonly headers?: readonly string[];
  /** Default: PCMU. Empty: a delayed offer. */
  readonly sdp?: string;
}

export interface RawCall {
  /** The first message received that matches, awaited 15 s. */
  received(pattern: RegExp): Promise<string>;
  /** The first final response of the INVITE. */
  final(): Promise<string>;
  /** How many messages came that match. */
  count(pattern: RegExp): number;
  /** In the INVITE's transaction. */
  cancel(): void;
  /** For the final response that came; of a 200 it may bring an SDP. */
  acknowledge(sdp?: string): void;
  bye(): void;
  /** A request in the call, once it was answered or rings. CSeq numbers from 2 on; ACK that of the INVITE it is for. */
  send(
    method: string,
    request: { readonly seq: number; readonly more?: readonly string[]; readonly body?: string },
  ): void;
  /** 200 to a request of the gateway's. */
  agree(request: string): void;
  /** Another response to a request of the gateway's. */
  answer(request: string, status: number, headers: readonly string[]): void;
  close(): void;
}

const LIMIT_MS = 15_000;
const FINAL = /^SIP\/2\.0 [2-6]\d\d [\s\S]*?^CSeq: 1 INVITE/im;
const RINGING = /^SIP\/2\.0 18\d /;
/** A PCMU offer or answer. */
export const PCMU_SDP =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n';

/** Sends the INVITE, once. */
export async function openRawCall(options: RawCallOptions): Promise<RawCall> {
  const { server, host = '127.0.0.1', uri, from, to = `<${uri}>`, headers = [], sdp = PCMU_SDP } = options;
  const socket = createSocket('udp4').bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  const tag = randomBytes(8).toString('hex');
  const seen: string[] = [];
  socket.on('message', (bytes) => seen.push(bytes.toString()));
  const transmit = (lines: readonly string[], body = '') => {
    const isTyped = lines.some((line) => line.startsWith('Content-Type:'));
    const type = body === '' || isTyped ? [] : ['Content-Type: application/sdp'];
    const text = [...lines, ...type, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n');
    socket.send(text, server.port, server.host);
  };
  const send = (
    method: string,
    request: { branch?: string; seq?: number; more?: readonly string[]; body?: string },
  ) => {
    const { branch = '', seq = 1, more = [], body } = request;
    const final = seen.find((message) => FINAL.test(message)) ?? seen.find((message) => RINGING.test(message)) ?? '';
    const inDialog = /^SIP\/2\.0 (2|18)/.test(final);
    const target = /^Contact: <([^>]+)>/im.exec(final)?.[1];
    const lines = [
      `${method} ${inDialog && target !== undefined && method !== 'CANCEL' ? target : uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${host}:${port};branch=z9hG4bK${tag}${branch};rport`,
      `From: ${from};tag=${tag}`,
      `To: ${method === 'CANCEL' ? to : (/^To: (.*)$/im.exec(final)?.[1] ?? to)}`,
      `Call-ID: ${tag}@raw`,
      `CSeq: ${seq} ${method}`,
      'Max-Forwards: 70',
      ...more,
    ];
    transmit(lines, body);
  };
  send('INVITE', { more: [`Contact: <sip:raw@${host}:${port}>`, ...headers], body: sdp });
  const respond = (request: string, status: string, headers: readonly string[]) => {
    const copied = request.split('\r\n').filter((line) => /^(Via|From|To|Call-ID|CSeq):/i.test(line));
    transmit([`SIP/2.0 ${status}`, ...copied, ...headers]);
  };
  const received = (pattern: RegExp) =>
    until(`a message like ${pattern}`, () => seen.find((message) => pattern.test(message)), LIMIT_MS);
  return {
    received,
    final: () => received(FINAL),
    count: (pattern) => seen.filter((message) => pattern.test(message)).length,
    cancel: () => send('CANCEL', {}),
    acknowledge(body) {
      const answered = seen.some((message) => FINAL.test(message) && message.startsWith('SIP/2.0 2'));
      send('ACK', { ...(answered && { branch: 'ack' }), ...(body !== undefined && { body }) });
    },
    bye: () => send('BYE', { branch: 'bye', seq: 2 }),
    send: (method, request) => send(method, { branch: `${method}${request.seq}`, ...request }),
    agree: (request) => respond(request, '200 OK', []),
    answer: (request, status, headers) => respond(request, `${status} Test`, headers),
    close: () => socket.close(),
  };
}

/** Calls where a refusal is expected; resolves with the whole final response, acknowledged. */
export async function callRaw(options: RawCallOptions): Promise<string> {
  const call = await openRawCall(options);
  try {
    const answer = await call.final();
    call.acknowledge();
    return answer;
  } finally {
    call.close();
  }
}
