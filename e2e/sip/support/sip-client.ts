/** Requests over UDP from any loopback address, with digest credentials where asked for: strangers, peers and floods. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { answerChallenge, headerValues, parseMessage, type SipResponse } from '@pickup/sip';
import { until } from '../../support/until.ts';
import { PCMU_SDP } from './raw-call.ts';

export interface InviteOptions {
  readonly to: string;
  /** Default `+14155550100`. */
  readonly from?: string;
  readonly headers?: readonly string[];
  /** Default: a fresh one. */
  readonly callId?: string;
  /** Default 1. */
  readonly seq?: number;
}

/** A final response, as it came. */
export interface Reply {
  readonly code: number;
  readonly response: SipResponse;
  /** Milliseconds from the request. */
  readonly tookMs: number;
}

export interface Login {
  readonly username: string;
  readonly password: string;
}

export interface SipClient {
  /** Resolves with the final response, acknowledged where it is a refusal. */
  invite(options: InviteOptions): Promise<Reply>;
  /** Answers one challenge; `tap` overhears with what. `again` sends the very same request once more. */
  login(
    options: InviteOptions & Login & { readonly tap?: (credentials: string) => void },
  ): Promise<Reply & { readonly again: () => void }>;
  /** Any bytes. */
  send(text: string): void;
  /** Any request that has no body; resolves with its code, or 0 where nothing comes within `waitMs` (default 400). */
  ask(method: string, waitMs?: number): Promise<number>;
  /** Ends a call that was answered. */
  bye(reply: Reply): Promise<Reply>;
  /** Messages that came. */
  count(): number;
  close(): void;
}

export async function openSipClient(options: {
  readonly host: string;
  readonly server: { readonly host: string; readonly port: number };
}): Promise<SipClient> {
  const { host, server } = options;
  const socket = createSocket('udp4').bind(0, host);
  await once(socket, 'listening');
  const { port } = socket.address();
  const finals = new Map<string, SipResponse>();
  let came = 0;
  socket.on('message', (bytes) => {
    came += 1;
    const parsed = parseMessage(bytes);
    if (!parsed.ok || parsed.message.kind !== 'response' || parsed.message.status < 200) return;
    finals.set(`${parsed.head.callId} ${parsed.head.cseq.seq} ${parsed.head.cseq.method}`, parsed.message);
  });
  const send = (text: string) => void socket.send(text, server.port, server.host);
  const id = () => randomBytes(8).toString('hex');
  const request = (
    method: string,
    of: { uri: string; callId: string; seq: number; branch: string; from: string; to: string },
    more: readonly string[],
    body = '',
  ) =>
    [
      `${method} ${of.uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${host}:${port};branch=z9hG4bK${of.branch};rport`,
      `From: <sip:${of.from}@${host}>;tag=${of.callId.slice(0, 8)}`,
      `To: ${of.to}`,
      `Call-ID: ${of.callId}`,
      `CSeq: ${of.seq} ${method}`,
      'Max-Forwards: 70',
      ...more,
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n');

  async function transact(method: string, key: string, text: string): Promise<Reply> {
    const startedAt = performance.now();
    finals.delete(`${key} ${method}`);
    send(text);
    const response = await until(`an answer to ${method} ${key}`, () => finals.get(`${key} ${method}`), 15_000);
    return { code: response.status, response, tookMs: performance.now() - startedAt };
  }

  async function place(invite: InviteOptions): Promise<Reply & { readonly again: () => void }> {
    const { to, from = '+14155550100', headers = [], callId = id(), seq = 1 } = invite;
    const of = { uri: `sip:${to}@${server.host}`, callId, seq, branch: id(), from, to: `<sip:${to}@${server.host}>` };
    const more = [`Contact: <sip:raw@${host}:${port}>`, ...headers, 'Content-Type: application/sdp'];
    const text = request('INVITE', of, more, PCMU_SDP);
    const reply = await transact('INVITE', `${callId} ${seq}`, text);
    const taggedTo = headerValues(reply.response, 'To')[0] ?? of.to;
    send(request('ACK', { ...of, to: taggedTo, ...(reply.code < 300 && { branch: id() }) }, []));
    return { ...reply, again: () => send(text) };
  }

  return {
    invite: place,
    async login({ username, password, tap, ...invite }) {
      const callId = invite.callId ?? id();
      const { code, response } = await place({ ...invite, callId });
      if (code !== 401) throw new Error(`${code} instead of a challenge`);
      const answer = answerChallenge({
        challenges: headerValues(response, 'WWW-Authenticate'),
        method: 'INVITE',
        uri: `sip:${invite.to}@${server.host}`,
        username,
        password,
        random: id,
      });
      const credentials = answer?.credentials ?? '';
      tap?.(credentials);
      const headers = [...(invite.headers ?? []), `Authorization: ${credentials}`];
      return place({ ...invite, callId, seq: 2, headers });
    },
    send,
    async ask(method, waitMs = 400) {
      const callId = id();
      const uri = `sip:${server.host}`;
      send(request(method, { uri, callId, seq: 1, branch: id(), from: 'x', to: `<${uri}>` }, []));
      const key = `${callId} 1 ${method}`;
      const startedAt = performance.now();
      await until(
        'an answer or silence',
        () => finals.has(key) || performance.now() - startedAt > waitMs,
        waitMs + 5_000,
      );
      return finals.get(key)?.status ?? 0;
    },
    bye({ response }) {
      const [callId = '', to = '', cseq = ''] = ['Call-ID', 'To', 'CSeq'].map(
        (name) => headerValues(response, name)[0],
      );
      const seq = Number.parseInt(cseq, 10) + 1;
      const uri = /<([^>]+)>/.exec(headerValues(response, 'Contact')[0] ?? '')?.[1] ?? '';
      const text = request('BYE', { uri, callId, seq, branch: id(), from: '+14155550100', to }, []);
      return transact('BYE', `${callId} ${seq}`, text);
    },
    count: () => came,
    close: () => socket.close(),
  };
}
