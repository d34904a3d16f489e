/** The SIP edge: from an INVITE to an inbound (A0, A3, A5), and back to the carrier after a crash (H3). */
import type { SipTraceLine } from '@pickup/contract';
import {
  chooseAudio,
  createSipServer,
  headerValue,
  type IncomingInvite,
  isSipUri,
  type Listener,
  parseUri,
  type SipRequest,
  type SipServer,
} from '@pickup/sip';
import { createMedia, type Media, type MediaSession } from '@pickup/sip/media';
import { type CidrSet, type Config, cidrSet, type TlsConfig } from '../../config/index.ts';
import type { Log } from '../../observe/index.ts';
import type { Clock } from '../../runners/clock.ts';
import type { InboundRunner } from '../../runners/inbound-runner.ts';
import { toE164 } from '../../runners/phone-digits.ts';
import type { ArrivalReader, ArrivedCall } from '../../runners/read-arrival.ts';
import type { CrashedCalls } from '../../runners/recover.ts';
import type { CallRow, EdgeMemo, Store } from '../../stores/port.ts';
import { callerNumber, customHeaders, dialledUser } from './caller.ts';
import { SipLeg } from './sip-leg.ts';
import { SourceLimit } from './source-limit.ts';
import { tlsIdentity } from './watch-tls.ts';

export interface SipEdgeDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  readonly newId: () => string;
  readonly readArrival: ArrivalReader;
  readonly runner: InboundRunner;
  readonly version: string;
}

export interface SipEdge extends CrashedCalls {
  readonly addresses: readonly { readonly transport: string; readonly host: string; readonly port: number }[];
  /** From now on new calls hear 503 (H5). */
  drain(): void;
  /** Puts another certificate in force; connections go on. Throws, with all as it was, where it cannot be used. */
  useTls(tls: TlsConfig): void;
  /** Waits at most 2 s for BYEs of ours to be answered, then frees every port. */
  close(): Promise<void>;
}

/** What goes with a 500 or 503 (G). */
const CAUSE_41 = ['Reason', 'Q.850;cause=41'] as const;
/** What an INVITE that is refused or given up is made of: all of them have its Request-URI. */
const OF_A_CALL: ReadonlySet<string> = new Set(['INVITE', 'ACK', 'CANCEL']);
const REGISTERED = /^call_[\w-]+$/;
const MOST_TRACE_LINES = 60;
/** Repetitions of a call's last messages may come for 64·T1. */
const LATE_MS = 35_000;
/** How long a stop waits for BYEs to be answered, so that two repetitions fit (0.5 and 1.5 s). */
const BYE_LIMIT_MS = 2_000;
const BYE_POLL_MS = 10;

export async function createSipEdge(deps: SipEdgeDeps): Promise<SipEdge> {
  const { config, clock } = deps;
  const media = await createMedia({
    host: config.sip.hosts[0] ?? '127.0.0.1',
    ports: [config.rtp.ports.first, config.rtp.ports.last],
    onFailure: (error) => deps.log.error('media_failed', { error: String(error) }),
  });
  const edge = new Edge(deps, media);
  try {
    const server = await createSipServer({
      clock,
      random: deps.newId,
      listeners: config.sip.hosts.flatMap((host) => listenersOn(host, config)),
      ...(config.sip.publicHost !== undefined && { publicHost: config.sip.publicHost }),
      userAgent: `Pickup/${deps.version}`,
      admit: (source, request) => edge.admit(source.address, request),
      onInvite: (invite) => edge.take(invite),
      onTrace: (line) =>
        edge.traced(line.callId, { timestamp: line.at, direction: line.direction, summary: line.summary }),
      onError: (error, callId) => deps.log.error('bug', { what: 'sip', call_id: callId, error: String(error) }),
    });
    return edge.serve(server);
  } catch (error) {
    await media.close();
    throw error;
  }
}

function listenersOn(host: string, { sip }: Config): readonly Listener[] {
  const plain = (['udp', 'tcp'] as const).map((transport) => ({ transport, host, port: sip.port }));
  if (!sip.tls) return plain;
  return [...plain, { transport: 'tls', host, port: sip.tls.port, ...tlsIdentity(sip.tls) }];
}

class Edge {
  readonly #deps: SipEdgeDeps;
  readonly #media: Media;
  readonly #peers: CidrSet;
  readonly #trusted: CidrSet;
  readonly #strangers = new SourceLimit();
  readonly #told = new Set<string>();
  readonly #traces = new Map<string, SipTraceLine[]>();
  /** Call-IDs of registered calls from strangers: their ACK, CANCEL and BYE are let in too. */
  readonly #guests = new Set<string>();
  #draining = false;

  constructor(deps: SipEdgeDeps, media: Media) {
    this.#deps = deps;
    this.#media = media;
    this.#peers = cidrSet(deps.config.sip.peers);
    this.#trusted = cidrSet(deps.config.sip.trustedPeers);
  }

  serve(server: SipServer): SipEdge {
    return {
      addresses: server.addresses,
      drain: () => {
        this.#draining = true;
      },
      useTls: (tls) => server.setTlsIdentity(tlsIdentity(tls)),
      refuseAfterCrash: (memo, code) =>
        void server.recoverRefuse(memo['invite'] as EdgeMemo, code, { headers: [CAUSE_41] }),
      endAfterCrash: (dialog) => void server.recoverBye(dialog),
      close: async () => {
        await this.#allHungUp(server);
        await server.close();
        await this.#media.close();
      },
    };
  }

  /** A BYE of ours that was lost is sent again while the process is still there to do so. */
  async #allHungUp(server: SipServer): Promise<void> {
    const { clock } = this.#deps;
    const giveUpAt = clock.monoMs() + BYE_LIMIT_MS;
    while (server.stats().dialogs > 0 && clock.monoMs() < giveUpAt) {
      await new Promise<void>((resolve) => clock.after(BYE_POLL_MS, resolve));
    }
  }

  /** Known peers and holders of a registered call's id; everybody else hears 403 and leaves only a counter (A4). */
  admit(address: string, request: SipRequest): 'accept' | 'refuse' | 'drop' {
    if (this.#peers.has(address) || this.#guests.has(headerValue(request, 'Call-ID') ?? '')) return 'accept';
    if (!this.#strangers.allow(address, this.#deps.clock.monoMs())) return 'drop';
    if (OF_A_CALL.has(request.method) && registeredId(request) !== undefined) return 'accept';
    this.#tell(address);
    return 'refuse';
  }

  traced(callId: string, line: SipTraceLine): void {
    const lines = this.#traces.get(callId);
    if (lines && lines.length < MOST_TRACE_LINES) lines.push(line);
  }

  take(invite: IncomingInvite): void {
    const { clock, log } = this.#deps;
    const arrived = { monoMs: clock.monoMs(), wallMs: clock.wallMs() };
    const trace: SipTraceLine[] = [
      { timestamp: arrived.wallMs, direction: 'in', summary: `INVITE ${invite.request.uri}` },
      { timestamp: arrived.wallMs, direction: 'out', summary: '100 Trying' },
    ];
    this.#traces.set(invite.callId, trace);
    const id = registeredId(invite.request);
    const taken =
      id === undefined ? this.#takeCall(invite, arrived, trace) : this.#takeRegistered(invite, id, arrived, trace);
    taken.catch((error) => {
      log.error('bug', { what: 'take_invite', error: error instanceof Error ? error.stack : String(error) });
      invite.refuse(500, { headers: [CAUSE_41] });
      this.#traces.delete(invite.callId);
    });
  }

  /** A3: the id is the credential; no record for one that does not hold. */
  async #takeRegistered(invite: IncomingInvite, id: string, arrived: ArrivedCall['arrived'], trace: SipTraceLine[]) {
    const inboundId = `inb_${this.#deps.newId()}`;
    const claim = await this.#deps.store.claimRegisteredCall(id, inboundId, this.#deps.clock.wallMs());
    if (claim.claim !== 'claimed') {
      invite.refuse(claim.claim === 'busy' ? 486 : 404, {
        headers: [['Reason', `Q.850;cause=${claim.claim === 'busy' ? 17 : 1}`]],
      });
      this.#traces.delete(invite.callId);
      return;
    }
    this.#guests.add(invite.callId);
    await this.#takeCall(invite, arrived, trace, { call: claim.call, inboundId }).catch(async (error) => {
      await this.#deps.store.releaseRegisteredCall(id, inboundId);
      throw error;
    });
  }

  async #takeCall(
    invite: IncomingInvite,
    arrived: ArrivedCall['arrived'],
    trace: SipTraceLine[],
    registered?: { readonly call: CallRow; readonly inboundId: string },
  ) {
    const { config, runner, clock } = this.#deps;
    const audioPolicy = { srtp: config.rtp.srtp };
    const usable = invite.offer === undefined || chooseAudio(invite.offer, audioPolicy) !== undefined;
    const session = usable && !this.#draining ? await this.#openMedia() : undefined;
    const facts = await this.#readFacts(invite, { arrived, usable, session, registered }).catch((error) => {
      session?.close();
      throw error;
    });
    const leg = new SipLeg({
      invite,
      media: session,
      openMedia: () => this.#openMedia(),
      mediaAddress: config.rtp.publicHost ?? mediaHost(config),
      audioPolicy,
      clock,
      trace,
      onDone: () => this.#traces.delete(invite.callId),
      onOver: () => {
        if (registered) clock.after(LATE_MS, () => this.#guests.delete(invite.callId));
      },
    });
    await runner.run(facts, leg);
  }

  /** Undefined where there is none to be had, whatever the reason. */
  #openMedia(): Promise<MediaSession | undefined> {
    return this.#media.open().catch((error) => {
      this.#deps.log.error('media_failed', { error: String(error) });
      return undefined;
    });
  }

  #readFacts(
    invite: IncomingInvite,
    heard: {
      readonly arrived: ArrivedCall['arrived'];
      readonly usable: boolean;
      readonly session: MediaSession | undefined;
      readonly registered: { readonly call: CallRow; readonly inboundId: string } | undefined;
    },
  ) {
    const { config, readArrival, newId } = this.#deps;
    const { arrived, usable, session, registered } = heard;
    const dialled = dialledUser(invite.request);
    const e164 = toE164(dialled, config.sip.country);
    return readArrival({
      edge: 'sip',
      arrived,
      dialled,
      ...(e164 !== undefined && { dialledE164: e164 }),
      from: callerNumber(invite.request, {
        trusted: this.#trusted.has(invite.source.address),
        country: config.sip.country,
      }),
      headers: customHeaders(invite.request),
      media: this.#draining ? 'draining' : !usable ? 'no_codec' : session ? 'usable' : 'no_port',
      inboundId: registered?.inboundId ?? `inb_${newId()}`,
      ...(registered && { registered: registered.call }),
    });
  }

  /** Once per address: the exact line that would let it in. */
  #tell(address: string): void {
    if (this.#told.has(address) || this.#told.size >= 1_000) return;
    this.#told.add(address);
    const peers = this.#deps.config.sip.peers.map((peer) => peer.text).join(',');
    this.#deps.log.warn('sip_peer_refused', {
      address,
      allow_with: `PICKUP_SIP_PEERS=${peers},${address}/${address.includes(':') ? 128 : 32}`,
    });
  }
}

function registeredId(request: SipRequest): string | undefined {
  const uri = parseUri(request.uri);
  const user = uri && isSipUri(uri) ? uri.user : undefined;
  return user !== undefined && REGISTERED.test(user) ? user : undefined;
}

function mediaHost(config: Config): string {
  return config.sip.publicHost ?? config.sip.hosts[0] ?? '127.0.0.1';
}
