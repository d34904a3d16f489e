/** The SIP edge: who is heard and who may call, from an INVITE to an inbound, and back to the carrier after a crash (H3). */
import { createSipServer, type Listener, type ServerOptions, type SipServer } from '@pickup/sip';
import { createMedia, type Media } from '@pickup/sip/media';
import type { Config, TlsConfig } from '../../config/index.ts';
import type { Log } from '../../observe/index.ts';
import type { Clock } from '../../runners/clock.ts';
import type { InboundRunner } from '../../runners/inbound-runner.ts';
import type { ArrivalReader } from '../../runners/read-arrival.ts';
import type { CrashedCalls } from '../../runners/recover.ts';
import type { EdgeMemo, Store } from '../../stores/port.ts';
import { createSipMessageEdge, TextTaker } from '../sip-message/index.ts';
import type { TakeText, TextEdge } from '../text-port.ts';
import { Admission } from './admission/admission.ts';
import type { CallerTable } from './admission/caller-table.ts';
import { RefusalLog } from './admission/refusal-log.ts';
import { reportStrangers, type StrangerCounts } from './admission/report-strangers.ts';
import { CAUSE_41, CallTaker } from './call-taker.ts';
import { OwnAddresses } from './media-place.ts';
import { tlsIdentity } from './tls-identity.ts';
import { trunkCredentials } from './trunk-credentials.ts';

export interface SipEdgeDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: Store;
  readonly log: Log;
  readonly newId: () => string;
  readonly readArrival: ArrivalReader;
  readonly runner: InboundRunner;
  /** Who may call; kept current by others. */
  readonly callers: CallerTable;
  /** Opens the sealed password of a number's callers; throws where it does not open. */
  readonly openInboundPassword: (sealed: string, phoneNumber: string) => string;
  /** Opens the sealed password of a number's trunk; throws where it does not open. */
  readonly openTrunkPassword: (sealed: string, phoneNumber: string) => string;
  readonly version: string;
  /** Stores the texts that come as MESSAGEs; absent: they hear 405. */
  readonly takeText?: TakeText;
}

export interface SipEdge extends CrashedCalls {
  readonly addresses: readonly { readonly transport: string; readonly host: string; readonly port: number }[];
  /** The way out for texts. */
  readonly texts: TextEdge;
  /** What strangers leave instead of records. */
  strangers(): StrangerCounts;
  /** From now on new calls hear 503 (H5). */
  drain(): void;
  /** Puts another certificate in force; connections go on. Throws, with all as it was, where it cannot be used. */
  useTls(tls: TlsConfig): void;
  /** Waits at most 2 s for BYEs of ours to be answered, then frees every port. */
  close(): Promise<void>;
}

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
  const own = new OwnAddresses(config);
  const edge = new Edge(deps, media, own);
  try {
    const server = await createSipServer({
      clock,
      random: deps.newId,
      listeners: own.hosts.flatMap((host) => listenersOn(host, config)),
      publicHost: own.sipHostFor,
      userAgent: `Pickup/${deps.version}`,
      credentials: trunkCredentials({ ...deps, country: config.sip.country, openPassword: deps.openTrunkPassword }),
      ...edge.callbacks(),
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
  readonly #admission: Admission;
  readonly #taker: CallTaker;
  readonly #texts: TextTaker | undefined;

  constructor(deps: SipEdgeDeps, media: Media, own: OwnAddresses) {
    const { clock, config, log, newId } = deps;
    this.#deps = deps;
    this.#media = media;
    this.#admission = new Admission({
      clock,
      newId,
      table: deps.callers,
      refusals: new RefusalLog(log, config.sip),
      digests: config.sip.digests,
      country: config.sip.country,
      openPassword: deps.openInboundPassword,
    });
    this.#taker = new CallTaker({ ...deps, admission: this.#admission, media, own });
    const { takeText } = deps;
    this.#texts = takeText && new TextTaker({ ...deps, admission: this.#admission, takeText });
  }

  /** What the server asks of us. */
  callbacks(): Pick<ServerOptions, 'heeds' | 'admit' | 'onStray' | 'onInvite' | 'onMessage' | 'onTrace' | 'onError'> {
    const texts = this.#texts;
    return {
      ...(texts && { onMessage: (message) => texts.take(message) }),
      heeds: (source) => this.#admission.heeds(source.address),
      admit: (source, request) => this.#admission.judge(source.address, request),
      onStray: (source) => this.#admission.stray(source.address),
      onInvite: (invite) => this.#taker.take(invite),
      onTrace: ({ callId, at, direction, summary }) =>
        this.#taker.traced(callId, { timestamp: at, direction, summary }),
      onError: (error, callId) => this.#deps.log.error('bug', { what: 'sip', call_id: callId, error: String(error) }),
    };
  }

  serve(server: SipServer): SipEdge {
    const counts = () => {
      const { notAdmitted, unheeded, malformed } = server.stats();
      return { refused: notAdmitted, banned: this.#admission.bans, silenced: unheeded, malformed };
    };
    const report = reportStrangers({ counts, clock: this.#deps.clock, log: this.#deps.log });
    return {
      addresses: server.addresses,
      texts: createSipMessageEdge(server),
      strangers: counts,
      drain: () => this.#taker.drain(),
      useTls: (tls) => server.setTlsIdentity(tlsIdentity(tls)),
      refuseAfterCrash: (memo, code) =>
        void server.recoverRefuse(memo['invite'] as EdgeMemo, code, { headers: [CAUSE_41] }),
      endAfterCrash: (dialog) => void server.recoverBye(dialog),
      close: async () => {
        await this.#allHungUp(server);
        await server.close();
        this.#admission.close();
        await this.#media.close();
        report.stop();
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
}
