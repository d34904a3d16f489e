/** A server core on a manual clock with a transport that keeps what was sent. */
import { ManualClock } from '@pickup/testkit/clock';
import {
  buildRequest,
  type CoreOptions,
  type HeaderInput,
  headerValue,
  type IncomingInvite,
  parseMessage,
  SipCore,
  type SipMessage,
  type SipRequest,
  type Source,
  serializeMessage,
  type Transport,
} from '../src/index.ts';

export interface Sent {
  readonly atMs: number;
  readonly message: SipMessage;
  readonly address: string;
  readonly port: number;
}

export const peer: Source = { address: '192.0.2.9', port: 7060, transport: 'udp' };

export function createBenchPeer(
  options: Partial<CoreOptions> & { readonly reliable?: boolean; readonly local?: Transport['local'] } = {},
) {
  const clock = new ManualClock();
  const startMs = clock.monoMs();
  const sent: Sent[] = [];
  const invites: IncomingInvite[] = [];
  let tokens = 0;
  const transport: Transport = {
    kind: 'udp',
    reliable: options.reliable ?? false,
    local: options.local ?? { host: '192.0.2.1', port: 5060 },
    send(bytes, to) {
      sent.push({ atMs: clock.monoMs() - startMs, message: readSent(bytes), address: to.address, port: to.port });
    },
    close: () => Promise.resolve(),
  };
  const core = new SipCore({
    clock,
    random: () => `token${++tokens}`,
    admit: () => 'accept',
    onInvite: (invite) => void invites.push(invite),
    locate: () => Promise.resolve([]),
    ...options,
  });
  core.addTransport(transport);
  const receiveBytes = (bytes: Uint8Array, source = peer) => core.receive(bytes, source, transport);
  const receive = (message: SipMessage, source = peer) => receiveBytes(serializeMessage(message), source);
  /** Times, in ms since the start, at which a status or a request method was sent. */
  const timesOf = (what: number | string) => sent.filter((entry) => nameOf(entry.message) === what).map((e) => e.atMs);
  const names = () => sent.map((entry) => nameOf(entry.message));
  const last = () => {
    const entry = sent.at(-1);
    if (!entry) throw new Error('Nothing was sent');
    return entry;
  };
  return { clock, core, sent, invites, receive, receiveBytes, timesOf, names, last };
}

/** An answer to a malformed request echoes its malformed headers: then only the status is read. */
function readSent(bytes: Uint8Array): SipMessage {
  const parsed = parseMessage(bytes);
  if (parsed.ok) return parsed.message;
  const line = Buffer.from(bytes).toString('latin1').split('\r\n')[0] ?? '';
  const common = { headers: [], body: Buffer.alloc(0), charset: 'latin1' } as const;
  return { kind: 'response', status: Number(line.slice(8, 11)), reason: line.slice(12), ...common };
}

const nameOf = (message: SipMessage): number | string =>
  message.kind === 'response' ? message.status : message.method;

export const offerSdp =
  'v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0 8 101\r\na=rtpmap:101 telephone-event/8000\r\n';

interface RequestInput {
  readonly seq?: number;
  readonly branch?: string;
  readonly toTag?: string | undefined;
  readonly callId?: string;
  readonly headers?: HeaderInput;
  readonly body?: string;
  readonly uri?: string;
}

/** A request of the call `call-1` as its caller would send it. */
export function request(method: string, input: RequestInput = {}): SipRequest {
  const tag = input.toTag === undefined ? '' : `;tag=${input.toTag}`;
  const branch = input.branch ?? `z9hG4bK-${method}-${input.seq ?? 1}`;
  return buildRequest({
    method,
    uri: input.uri ?? 'sip:+15551234567@192.0.2.1',
    headers: [
      ['Via', `SIP/2.0/UDP 192.0.2.9:7060;branch=${branch};rport`],
      ['Max-Forwards', '70'],
      ['From', '"Caller" <sip:+15557654321@192.0.2.9>;tag=caller'],
      ['To', `<sip:+15551234567@192.0.2.1>${tag}`],
      ['Call-ID', input.callId ?? 'call-1'],
      ['CSeq', `${input.seq ?? 1} ${method}`],
      ['Contact', '<sip:caller@192.0.2.9:7060>'],
      ...(input.headers ?? []),
    ],
    ...(input.body === undefined ? {} : { body: input.body }),
  });
}

export const invite = (input: RequestInput = {}): SipRequest =>
  request('INVITE', { branch: 'z9hG4bK-invite', body: offerSdp, ...input });

/** The ACK to a refusal runs on the INVITE's branch, the one to a 2xx on a new one. */
export const ack = (input: RequestInput = {}): SipRequest => request('ACK', { branch: 'z9hG4bK-invite', ...input });

export const valueIn = (message: SipMessage, name: string): string => headerValue(message, name) ?? '';
