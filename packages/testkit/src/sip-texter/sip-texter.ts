/** A SIP peer over UDP that sends MESSAGEs and answers those that come, as it is told to; no retransmission of its own. */
import { randomUUID } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import {
  buildRequest,
  buildResponse,
  type HeaderInput,
  headerValue,
  parseMessage,
  type SipRequest,
  type SipResponse,
  serializeMessage,
} from '@pickup/sip';

export interface SipTexterOptions {
  /** The gateway's. */
  readonly host?: string;
  readonly port: number;
}

/** A text for a number. */
export interface SipText {
  readonly from: string;
  readonly to: string;
  readonly body: string | Uint8Array;
  /** Default: drawn anew; the same one again is a resend. */
  readonly id?: string;
  readonly headers?: HeaderInput;
  /** Default `text/plain`. */
  readonly contentType?: string;
  /** Default: `<sip:from@127.0.0.1>`, the tag is added. */
  readonly fromAddress?: string;
}

export interface SipTexter {
  readonly port: number;
  /** Sends a MESSAGE; resolves with its final answer, or undefined when none came within `withinMs` (default 5,000). */
  send(text: SipText, withinMs?: number): Promise<SipResponse | undefined>;
  /** MESSAGEs that came, without repetitions. */
  readonly received: readonly SipRequest[];
  /** Resolves once so many have come. */
  until(count: number): Promise<void>;
  /** The status of answers from now on; undefined is silence. Default 200. */
  answerWith(status: number | undefined): void;
  close(): void;
}

/** Binds a port of loopback. */
export async function startSipTexter({ host = '127.0.0.1', port }: SipTexterOptions): Promise<SipTexter> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const own = socket.address().port;
  const received: SipRequest[] = [];
  const seen = new Set<string>();
  const asked = new Map<string, (response: SipResponse) => void>();
  const waiting = new Set<() => void>();
  let status: number | undefined = 200;
  socket.on('message', (bytes, { address, port: from }) => {
    const parsed = parseMessage(bytes);
    if (!parsed.ok) return;
    const { message } = parsed;
    if (message.kind === 'response') {
      if (message.status >= 200) asked.get(parsed.head.callId + parsed.head.cseq.seq)?.(message);
      return;
    }
    const key = `${parsed.head.callId} ${parsed.head.cseq.seq}`;
    if (!seen.has(key)) received.push(message);
    seen.add(key);
    for (const wake of [...waiting]) wake();
    if (status !== undefined) {
      socket.send(serializeMessage(buildResponse(message, status, { toTag: 'texter' })), from, address);
    }
  });
  return {
    port: own,
    received,
    send(text, withinMs = 5_000) {
      const request = messageOf(text, own, { host, port });
      const key = `${headerValue(request, 'call-id')}1`;
      return new Promise((resolve) => {
        const finish = (response?: SipResponse) => {
          clearTimeout(timer);
          asked.delete(key);
          resolve(response);
        };
        const timer = setTimeout(finish, withinMs);
        asked.set(key, finish);
        socket.send(serializeMessage(request), port, host);
      });
    },
    async until(count) {
      while (received.length < count) {
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
    answerWith: (next) => {
      status = next;
    },
    close: () => socket.close(),
  };
}

function messageOf(text: SipText, own: number, gateway: { readonly host: string; readonly port: number }): SipRequest {
  const id = text.id ?? randomUUID();
  const uri = `sip:${text.to}@${gateway.host}:${gateway.port}`;
  const from = text.fromAddress ?? `<sip:${text.from}@127.0.0.1>`;
  return buildRequest({
    method: 'MESSAGE',
    uri,
    headers: [
      ['Via', `SIP/2.0/UDP 127.0.0.1:${own};branch=z9hG4bK${randomUUID()};rport`],
      ['Max-Forwards', '70'],
      ['From', `${from};tag=${id.slice(0, 8)}`],
      ['To', `<${uri}>`],
      ['Call-ID', id],
      ['CSeq', '1 MESSAGE'],
      ...(text.headers ?? []),
    ],
    body: text.body,
    contentType: text.contentType ?? 'text/plain',
  });
}
