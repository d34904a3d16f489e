/** Ports that have to be free: each is bound for a moment, where no Pickup runs that has them. */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { type Config, isWildcard } from '../config/index.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** A port the gateway takes. */
export interface WantedPort {
  readonly use: 'HTTP' | 'SIP' | 'SIP over TLS' | 'audio';
  readonly protocol: 'tcp' | 'udp';
  readonly host: string;
  readonly port: number;
  /** The setting that chooses it, and the one that chooses the host. */
  readonly setting: string;
  readonly hostSetting: string;
}

/** A port with what became of the attempt to bind it. */
export interface TriedPort extends WantedPort {
  /** Absent: it was free. */
  readonly code?: string;
}

/** How many ports of the audio range are tried. */
const SAMPLES = 5;

/** Every fixed port of a configuration, and a sample of those for audio. */
export function wantedPorts(config: Pick<Config, 'http' | 'sip' | 'rtp'>): readonly WantedPort[] {
  const { http, sip, rtp } = config;
  const sipPort = { host: '', setting: 'PICKUP_SIP_PORT', hostSetting: 'PICKUP_SIP_HOST' } as const;
  const ports = listeningHosts(sip.hosts).flatMap((host): WantedPort[] => [
    { ...sipPort, use: 'SIP', protocol: 'udp', host, port: sip.port },
    { ...sipPort, use: 'SIP', protocol: 'tcp', host, port: sip.port },
    ...(sip.tls
      ? [
          {
            ...sipPort,
            use: 'SIP over TLS',
            protocol: 'tcp',
            host,
            port: sip.tls.port,
            setting: 'PICKUP_SIP_TLS_PORT',
          } as const,
        ]
      : []),
  ]);
  const { first, last } = rtp.ports;
  const step = Math.max(2, Math.floor((last - first) / (SAMPLES - 1) / 2) * 2);
  const sample = Array.from({ length: SAMPLES }, (_, nth) => first + (first % 2) + nth * step).filter(
    (port) => port <= last,
  );
  const host = sip.hosts[0] ?? '127.0.0.1';
  return [
    { use: 'HTTP', protocol: 'tcp', ...http, setting: 'PICKUP_HTTP_PORT', hostSetting: 'PICKUP_HTTP_HOST' } as const,
    ...ports,
    ...sample.map(
      (port) => ({ ...sipPort, use: 'audio', protocol: 'udp', host, port, setting: 'PICKUP_RTP_PORTS' }) as const,
    ),
  ].filter(({ port }) => port !== 0);
}

/** `::` takes IPv4 too, unless an IPv4 address is listed beside it. */
const listeningHosts = (hosts: readonly string[]): readonly string[] =>
  hosts.every((host) => host.includes(':')) && hosts.some(isWildcard) ? [...hosts, '0.0.0.0'] : hosts;

/** Binds each for a moment. */
export function tryPorts(wanted: readonly WantedPort[]): Promise<readonly TriedPort[]> {
  return Promise.all(
    wanted.map(async (one) => {
      const code = await (one.protocol === 'tcp' ? bindTcp(one) : bindUdp(one));
      return { ...one, ...(code !== undefined && { code }) };
    }),
  );
}

/** One line for what is free, one for each that is not. */
export function judgePorts(tried: readonly TriedPort[]): readonly Finding[] {
  const faults = distinct(tried.flatMap((one) => (one.code === undefined ? [] : [judgeFault(one, one.code)])));
  const free = tried.filter((one) => one.code === undefined);
  const fixed = free.filter((one) => one.use !== 'audio').map((one) => `${one.use} ${place(one)}`);
  const audio = free.filter((one) => one.use === 'audio').length;
  const parts = [...fixed, ...(audio > 0 ? [`${audio} ports for audio`] : [])];
  return [...faults, ...(parts.length > 0 ? [ok(`free: ${parts.join(', ')}`)] : [])];
}

/** An address that is not there is one fault, however many ports were to be on it. */
function distinct(findings: readonly Finding[]): readonly Finding[] {
  return [...new Map(findings.map((finding) => [JSON.stringify(finding), finding])).values()];
}

function judgeFault(one: TriedPort, code: string): Finding {
  const { use, setting, hostSetting, host, port, protocol } = one;
  const show = `ss -l${protocol === 'tcp' ? 't' : 'u'}np 'sport = :${port}'`;
  if (code === 'EADDRINUSE') {
    if (use === 'audio')
      return warn(
        `${use} ${place(one)} is taken; calls get other ports`,
        `${setting}=<a range of its own>; who has it: ${show}`,
      );
    return fail(`${use} ${place(one)} is taken`, `${setting}=<another>, or stop the program that this shows: ${show}`);
  }
  if (code === 'EADDRNOTAVAIL')
    return fail(`${host} is no address of this machine`, `${hostSetting}=<one that \`ip address\` shows>`);
  if (code === 'EACCES') {
    const change = `${setting}=<1024 or above>, or in the systemd unit AmbientCapabilities=CAP_NET_BIND_SERVICE`;
    return fail(`${use} ${place(one)} may not be used by this user`, change);
  }
  return fail(`${use} ${place(one)} cannot be opened (${code})`, `${setting} or ${hostSetting}=<another>`);
}

const place = ({ host, port, protocol }: WantedPort): string =>
  `${protocol} ${host.includes(':') ? `[${host}]` : host}:${port}`;

function bindTcp({ host, port }: WantedPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen({ host, port, exclusive: true, ipv6Only: host.includes(':') }, () =>
      server.close(() => resolve(undefined)),
    );
  });
}

function bindUdp({ host, port }: WantedPort): Promise<string | undefined> {
  return new Promise((resolve) => {
    const v6 = host.includes(':');
    const socket = createSocket({ type: v6 ? 'udp6' : 'udp4', ipv6Only: v6 });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code ?? error.message);
    });
    socket.bind({ address: host, port, exclusive: true }, () => socket.close(() => resolve(undefined)));
  });
}
