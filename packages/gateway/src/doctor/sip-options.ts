/** Asks the running gateway's own SIP ports with OPTIONS (RFC 3261, 11), each transport for itself. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { buildRequest, hostPort, serializeMessage } from '@pickup/sip';
import { type Config, isWildcard } from '../config/index.ts';
import { type Finding, fail, ok } from './finding.ts';

type Protocol = 'udp' | 'tcp' | 'tls';

/** What one port said. */
export interface OptionsAnswer {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
  /** Absent: no answer, for the reason `code`. */
  readonly status?: number;
  readonly code?: string;
}

const LIMIT_MS = 2_000;
/** T1, after which a datagram is sent again. */
const REPEAT_MS = 500;

/** Asks every listener of the configuration. */
export function askOwnPorts({ sip }: Pick<Config, 'sip'>): Promise<readonly OptionsAnswer[]> {
  const asked = sip.hosts.flatMap((host) => {
    const plain = isWildcard(host) ? (host.includes(':') ? '::1' : '127.0.0.1') : host;
    const one = (protocol: Protocol, port: number) => ({ protocol, host: plain, port });
    return [one('udp', sip.port), one('tcp', sip.port), ...(sip.tls ? [one('tls', sip.tls.port)] : [])];
  });
  return Promise.all(
    asked
      .filter(({ port }) => port !== 0)
      .map(async (one) => {
        const answer = await (one.protocol === 'udp' ? askUdp(one) : askStream(one));
        return { ...one, ...answer };
      }),
  );
}

/** Any answer will do: this machine need not be a peer. */
export function judgeOptions(answers: readonly OptionsAnswer[]): readonly Finding[] {
  const place = ({ protocol, host, port }: OptionsAnswer) => `${protocol.toUpperCase()} ${hostPort(host, port)}`;
  const silent = answers
    .filter((answer) => answer.status === undefined)
    .map((answer) => {
      const change = `see the log for a ban of ${answer.host} and the firewall for ${answer.protocol} ${answer.port}: nft list ruleset`;
      return fail(`${place(answer)} does not answer OPTIONS (${answer.code ?? 'ETIMEDOUT'})`, change);
    });
  const spoke = answers.filter((answer) => answer.status !== undefined);
  if (spoke.length === 0) return silent;
  return [...silent, ok(`answers OPTIONS at ${spoke.map((one) => `${place(one)} with ${one.status}`).join(', ')}`)];
}

interface Asked {
  readonly protocol: Protocol;
  readonly host: string;
  readonly port: number;
}
type Answer = { readonly status: number } | { readonly code: string };

function optionsTo(
  { protocol, host, port }: Asked,
  local: { readonly address: string; readonly port: number },
): Buffer {
  const token = () => randomBytes(9).toString('hex');
  const from = hostPort(local.address, local.port);
  const uri = `sip:${hostPort(host, port)}${protocol === 'udp' ? '' : `;transport=${protocol}`}`;
  const request = buildRequest({
    method: 'OPTIONS',
    uri,
    headers: [
      ['Via', `SIP/2.0/${protocol.toUpperCase()} ${from};branch=z9hG4bK${token()};rport`],
      ['Max-Forwards', '70'],
      ['From', `<sip:doctor@${from}>;tag=${token()}`],
      ['To', `<${uri}>`],
      ['Call-ID', token()],
      ['CSeq', '1 OPTIONS'],
      ['User-Agent', 'pickup doctor'],
    ],
  });
  return Buffer.from(serializeMessage(request));
}

function statusOf(bytes: Buffer): number | undefined {
  const found = /^SIP\/2\.0 (\d{3}) /.exec(bytes.toString('latin1', 0, 32));
  return found ? Number(found[1]) : undefined;
}

function askUdp(asked: Asked): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = createSocket(asked.host.includes(':') ? 'udp6' : 'udp4');
    const timers: NodeJS.Timeout[] = [];
    const end = (answer: Answer) => {
      for (const timer of timers.splice(0)) clearTimeout(timer);
      socket.removeAllListeners().on('error', () => {});
      socket.close();
      resolve(answer);
    };
    socket.once('error', (error: NodeJS.ErrnoException) => end({ code: error.code ?? error.message }));
    socket.on('message', (bytes) => {
      const status = statusOf(bytes);
      if (status !== undefined) end({ status });
    });
    socket.connect(asked.port, asked.host, () => {
      const bytes = optionsTo(asked, socket.address());
      const send = () =>
        socket.send(bytes, (error) => error && end({ code: (error as NodeJS.ErrnoException).code ?? '' }));
      send();
      timers.push(
        setTimeout(send, REPEAT_MS),
        setTimeout(() => end({ code: 'ETIMEDOUT' }), LIMIT_MS),
      );
    });
  });
}

function askStream(asked: Asked): Promise<Answer> {
  return new Promise((resolve) => {
    const { host, port } = asked;
    const tls = asked.protocol === 'tls';
    // Whose certificate it is, the check of the certificate judges.
    const socket: Socket = tls ? connectTls({ host, port, rejectUnauthorized: false }) : connect({ host, port });
    let text = Buffer.alloc(0);
    const end = (answer: Answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(LIMIT_MS, () => end({ code: 'ETIMEDOUT' }));
    socket.on('error', (error: NodeJS.ErrnoException) => end({ code: error.code ?? error.message }));
    socket.on('close', () => end({ code: 'ECONNRESET' }));
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      socket.write(optionsTo(asked, { address: socket.localAddress ?? host, port: socket.localPort ?? 0 }));
    });
    socket.on('data', (chunk) => {
      text = Buffer.concat([text, chunk]);
      const status = statusOf(text);
      if (status !== undefined) end({ status });
    });
  });
}
