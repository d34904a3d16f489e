/** The SIP side of texts alone, for tests: a server on loopback, the door, and a taker that keeps what comes. */
import { createSipServer, type SipStats } from '@pickup/sip';
import { parseCidr } from '../../config/index.ts';
import { createLog } from '../../observe/index.ts';
import { newId } from '../../runners/new-id.ts';
import type { NumberRow } from '../../stores/port.ts';
import { Admission } from '../sip/admission/admission.ts';
import { CallerTable } from '../sip/admission/caller-table.ts';
import { RefusalLog } from '../sip/admission/refusal-log.ts';
import { createSipMessageEdge, TextTaker } from '../sip-message/index.ts';
import type { ArrivedText, TakeText, TextEdge, TextTaken } from '../text-port.ts';

export const NUMBER = '+12137771234';

export interface MessageBenchOptions {
  /** PICKUP_SIP_PEERS. Default: loopback. */
  readonly peers?: readonly string[];
  /** The number's own. */
  readonly numberPeers?: readonly string[];
  readonly login?: { readonly username: string; readonly password: string };
  /** Default: a free one. */
  readonly port?: number;
  /** Default: stored. */
  readonly taken?: (text: ArrivedText) => TextTaken | Promise<TextTaken>;
}

export interface MessageBench {
  readonly port: number;
  readonly edge: TextEdge;
  all(): readonly ArrivedText[];
  /** Resolves once so many have come; rejects after `withinMs`, default 10,000. */
  arrived(count: number, withinMs?: number): Promise<readonly ArrivedText[]>;
  stats(): SipStats;
  /** The transports of the MESSAGEs that went out, by their Via. */
  sentOver(): readonly string[];
  close(): Promise<void>;
}

/** Opens it on a free port, over UDP and TCP. */
export async function openMessageBench(options: MessageBenchOptions = {}): Promise<MessageBench> {
  const clock = systemClock();
  const log = createLog({ write: () => {}, clock });
  const cidrs = (options.peers ?? ['127.0.0.0/8']).map(cidr);
  const table = new CallerTable(cidrs);
  const row = numberRow(options);
  table.put(row);
  const admission = new Admission({
    clock,
    newId,
    table,
    refusals: new RefusalLog(log, { peers: cidrs, digests: ['MD5'] }),
    digests: ['MD5'],
    country: 'US',
    openPassword: (sealed) => sealed,
  });
  const all: ArrivedText[] = [];
  const waiting = new Set<() => void>();
  const takeText: TakeText = async (text) => {
    const taken = (await options.taken?.(text)) ?? { kind: 'stored' };
    all.push(text);
    for (const wake of [...waiting]) wake();
    return taken;
  };
  const taker = new TextTaker({
    config: { sip: { trustedPeers: [], country: 'US' } as never },
    store: { getNumber: async (number) => (number === NUMBER ? row : undefined) },
    log,
    admission,
    takeText,
  });
  const over: string[] = [];
  const server = await createSipServer({
    clock,
    random: newId,
    listeners: (['udp', 'tcp'] as const).map((transport) => ({
      transport,
      host: '127.0.0.1',
      port: options.port ?? 0,
    })),
    heeds: ({ address }) => admission.heeds(address),
    admit: ({ address }, request) => admission.judge(address, request),
    onStray: ({ address }) => admission.stray(address),
    onInvite: (invite) => void invite.refuse(486),
    onMessage: (message) => taker.take(message),
    onTrace: ({ direction, summary }) => {
      if (direction !== 'out' || !summary.startsWith('MESSAGE ')) return;
      over.push(summary.includes(';transport=tcp') ? 'TCP' : 'UDP');
    },
  });
  return {
    port: server.addresses[0]!.port,
    edge: createSipMessageEdge(server),
    all: () => all,
    async arrived(count, withinMs = 10_000) {
      const giveUpAt = clock.monoMs() + withinMs;
      while (all.length < count) {
        if (clock.monoMs() > giveUpAt) throw new Error(`${all.length} of ${count} texts came`);
        await new Promise<void>((resolve) => {
          const stop = clock.after(50, resolve);
          waiting.add(() => {
            stop();
            resolve();
          });
        });
        waiting.clear();
      }
      return all;
    },
    stats: () => server.stats(),
    sentOver: () => over,
    async close() {
      await server.close();
      admission.close();
    },
  };
}

function numberRow({ numberPeers, login }: MessageBenchOptions): NumberRow {
  return {
    settings: {
      phone_number: NUMBER,
      phone_number_type: 'custom',
      last_modification_timestamp: 1,
      ...(numberPeers && { sip_peers: numberPeers }),
      ...(login && { sip_inbound_username: login.username }),
    },
    ...(login && { sealed_sip_inbound_password: login.password }),
  } as NumberRow;
}

function cidr(text: string) {
  const read = parseCidr(text);
  if (!read.ok) throw new Error(`${text} is no address range`);
  return read.cidr;
}

const systemClock = () => ({
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs: number, fire: () => void) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
});
