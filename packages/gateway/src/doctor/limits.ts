/** What the system grants: descriptors, ports it keeps for itself, room for datagrams. Linux; elsewhere nothing is known. */
import { readFile } from 'node:fs/promises';
import type { Config } from '../config/index.ts';
import { isLoopback } from '../config/index.ts';
import { type Finding, ok, warn } from './finding.ts';

interface Range {
  readonly first: number;
  readonly last: number;
}

/** What /proc says; each absent where it does not. */
export interface LimitFacts {
  /** Open files, the soft limit. */
  readonly descriptors?: number;
  /** Ports the system takes for outgoing connections, and those it leaves out. */
  readonly ownPorts?: Range;
  readonly reserved?: readonly Range[];
  /** The largest receive buffer of a socket, in bytes. */
  readonly receiveBytes?: number;
}

/** Audio takes two, the webhook one, the caller's connection one. */
const DESCRIPTORS_PER_CALL = 4;
/** Database, listeners, threads and what is kept open to endpoints. */
const DESCRIPTORS_BESIDE = 256;
const PORTS_PER_CALL = 2;
/** What a SIP listener asks for. */
const WANTED_RECEIVE_BYTES = 2 * 1024 * 1024;

/** Reads them; of the process `pid` where one is given, else of this one. */
export async function probeLimits(pid?: number): Promise<LimitFacts> {
  const [limits, range, reserved, receive] = await Promise.all(
    [
      `/proc/${pid ?? 'self'}/limits`,
      '/proc/sys/net/ipv4/ip_local_port_range',
      '/proc/sys/net/ipv4/ip_local_reserved_ports',
      '/proc/sys/net/core/rmem_max',
    ].map((path) => readFile(path, 'utf8').catch(() => '')),
  );
  const descriptors = /^Max open files\s+(\d+)/m.exec(limits ?? '')?.[1];
  const [first, last] = (range ?? '').trim().split(/\s+/).map(Number);
  return {
    ...(descriptors !== undefined && { descriptors: Number(descriptors) }),
    ...(first && last && { ownPorts: { first, last } }),
    reserved: parseRanges(reserved ?? ''),
    ...(receive?.trim() && { receiveBytes: Number(receive) }),
  };
}

/** What these allow of what the configuration asks for. */
export function judgeLimits(
  facts: LimitFacts,
  config: Pick<Config, 'concurrency' | 'sip' | 'rtp'>,
): readonly Finding[] {
  const { first, last } = config.rtp.ports;
  const calls = Math.floor((last - first + 1) / PORTS_PER_CALL);
  const found = [
    ...judgeRange(calls, config),
    ...judgeDescriptors(facts, Math.min(calls, config.concurrency || calls)),
    ...judgeCollision(facts, config),
    ...judgeBuffers(facts, config),
  ];
  if (found.length > 0) return found;
  return [ok(`audio ports for ${calls} calls, ${facts.descriptors ?? 'unknown'} open files`)];
}

function judgeRange(calls: number, { concurrency, rtp }: Pick<Config, 'concurrency' | 'rtp'>): readonly Finding[] {
  if (concurrency <= calls) return [];
  const last = rtp.ports.first + concurrency * PORTS_PER_CALL - 1;
  const what = `PICKUP_CONCURRENCY is ${concurrency}, but PICKUP_RTP_PORTS has ports for ${calls} calls`;
  const wide = last < 65_536 ? `PICKUP_RTP_PORTS=${rtp.ports.first}-${last}, or ` : '';
  return [warn(what, `${wide}PICKUP_CONCURRENCY=${calls}`)];
}

function judgeDescriptors({ descriptors }: LimitFacts, calls: number): readonly Finding[] {
  const needed = calls * DESCRIPTORS_PER_CALL + DESCRIPTORS_BESIDE;
  if (descriptors === undefined || descriptors >= needed) return [];
  const enough = Math.max(1, Math.floor((descriptors - DESCRIPTORS_BESIDE) / DESCRIPTORS_PER_CALL));
  const what = `${descriptors} open files are allowed; ${calls} calls take ${needed}`;
  return [warn(what, `ulimit -n ${needed} (systemd: LimitNOFILE=${needed}), or PICKUP_CONCURRENCY=${enough}`)];
}

function judgeCollision({ ownPorts, reserved = [] }: LimitFacts, { rtp, sip }: Pick<Config, 'rtp' | 'sip'>) {
  if (!ownPorts) return [];
  const wanted = [rtp.ports, ...[sip.port, sip.tls?.port ?? 0].map((port) => ({ first: port, last: port }))];
  const hit = wanted.filter(
    (range) =>
      range.first > 0 &&
      range.last >= ownPorts.first &&
      range.first <= ownPorts.last &&
      !reserved.some(
        (kept) =>
          kept.first <= Math.max(range.first, ownPorts.first) && kept.last >= Math.min(range.last, ownPorts.last),
      ),
  );
  return hit.map((range) => {
    const text = range.first === range.last ? `${range.first}` : `${range.first}-${range.last}`;
    const what = `the system takes ports ${ownPorts.first}-${ownPorts.last} for its own connections, among them some of ${text}`;
    return warn(what, `sysctl -w net.ipv4.ip_local_reserved_ports=${[...reserved.map(textOf), text].join(',')}`);
  });
}

/** On loopback nothing comes in bursts. */
function judgeBuffers({ receiveBytes }: LimitFacts, { sip }: Pick<Config, 'sip'>): readonly Finding[] {
  if (receiveBytes === undefined || receiveBytes >= WANTED_RECEIVE_BYTES || sip.hosts.every(isLoopback)) return [];
  const what = `a socket may hold ${Math.floor(receiveBytes / 1024)} KiB of datagrams; a burst of calls loses what is above`;
  return [warn(what, `sysctl -w net.core.rmem_max=${WANTED_RECEIVE_BYTES}, and restart Pickup`)];
}

function parseRanges(text: string): readonly Range[] {
  return [...text.matchAll(/(\d+)(?:-(\d+))?/g)].map(([, first, last]) => ({
    first: Number(first),
    last: Number(last ?? first),
  }));
}

const textOf = ({ first, last }: Range): string => (first === last ? `${first}` : `${first}-${last}`);
