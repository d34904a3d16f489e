/** An INVITE with header lines of the test's own making, which no well-behaved phone would send. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';

export interface RawCall {
  readonly server: { readonly host: string; readonly port: number };
  /** The Request-URI. */
  readonly uri: string;
  /** The value of From, without tag; of To. */
  readonly from: string;
  readonly to?: string;
  readonly headers?: readonly string[];
  readonly sdp?: string;
}

const LIMIT_MS = 15_000;
const SDP = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n';

/** Calls; resolves with the whole final response, which is acknowledged where it refuses. */
export async function callRaw(call: RawCall): Promise<string> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  const tag = randomBytes(8).toString('hex');
  const same = [
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${tag};rport`,
    `From: ${call.from};tag=${tag}`,
    `Call-ID: ${tag}@raw`,
    'Max-Forwards: 70',
  ];
  const send = (lines: readonly string[], body = '') =>
    socket.send(
      [...lines, `Content-Length: ${Buffer.byteLength(body)}`, '', body].join('\r\n'),
      call.server.port,
      call.server.host,
    );
  const contact = `Contact: <sip:raw@127.0.0.1:${port}>`;
  const to = `To: ${call.to ?? `<${call.uri}>`}`;
  const own = call.headers ?? [];
  const sdp = call.sdp ?? SDP;
  try {
    const final = finalResponse(socket);
    send(
      [`INVITE ${call.uri} SIP/2.0`, ...same, to, 'CSeq: 1 INVITE', contact, ...own, 'Content-Type: application/sdp'],
      sdp,
    );
    const answer = await final;
    const theirs = /^To: .*$/im.exec(answer)?.[0] ?? to;
    send([`ACK ${call.uri} SIP/2.0`, ...same, theirs, 'CSeq: 1 ACK']);
    return answer;
  } finally {
    socket.close();
  }
}

function finalResponse(socket: ReturnType<typeof createSocket>): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no final response in ${LIMIT_MS} ms`)), LIMIT_MS);
    socket.on('message', (bytes) => {
      const text = bytes.toString();
      if (!/^SIP\/2\.0 [2-6]/.test(text)) return;
      clearTimeout(timer);
      resolve(text);
    });
  });
}
