/** From an INVITE that was let in to an inbound that is decided (A0, A3, A5). */
import type { PhoneNumberSettings, SipTraceLine } from '@pickup/contract';
import type { IncomingInvite } from '@pickup/sip';
import type { Media, MediaSession } from '@pickup/sip/media';
import { type CidrSet, type Config, cidrSet } from '../../config/index.ts';
import type { Log } from '../../observe/index.ts';
import type { Clock } from '../../runners/clock.ts';
import type { InboundRunner } from '../../runners/inbound-runner.ts';
import { toE164 } from '../../runners/phone-digits.ts';
import type { ArrivalReader, ArrivedCall } from '../../runners/read-arrival.ts';
import type { CallRow, Store } from '../../stores/port.ts';
import type { Admission, Admitted } from './admission/admission.ts';
import { callerNumber, customHeaders, dialledUser, registeredId } from './caller.ts';
import { type OfferVerdict, type OwnAddresses, placeOffer } from './media-place.ts';
import { SipLeg } from './sip-leg.ts';

export interface CallTakerDeps {
  readonly config: Config;
  readonly clock: Clock;
  readonly store: Pick<Store, 'claimRegisteredCall' | 'releaseRegisteredCall'>;
  readonly log: Log;
  readonly newId: () => string;
  readonly readArrival: ArrivalReader;
  readonly runner: InboundRunner;
  readonly admission: Admission;
  readonly media: Media;
  readonly own: OwnAddresses;
}

/** What goes with a 500 or 503 (G). */
export const CAUSE_41 = ['Reason', 'Q.850;cause=41'] as const;
const MOST_TRACE_LINES = 60;

/** A call on its way to the runner. */
interface Taken {
  readonly invite: IncomingInvite;
  readonly by: Admitted;
  readonly arrived: ArrivedCall['arrived'];
  readonly trace: SipTraceLine[];
  readonly registered?: { readonly call: CallRow; readonly inboundId: string };
}

/** Takes calls, and keeps the SIP messages of each for its record. */
export class CallTaker {
  readonly #deps: CallTakerDeps;
  readonly #trusted: CidrSet;
  readonly #traces = new Map<string, SipTraceLine[]>();
  #draining = false;

  constructor(deps: CallTakerDeps) {
    this.#deps = deps;
    this.#trusted = cidrSet(deps.config.sip.trustedPeers);
  }

  /** From now on new calls hear 503 (H5). */
  drain(): void {
    this.#draining = true;
  }

  /** A message of a call went in or out. */
  traced(callId: string, line: SipTraceLine): void {
    const lines = this.#traces.get(callId);
    if (lines && lines.length < MOST_TRACE_LINES) lines.push(line);
  }

  take(invite: IncomingInvite): void {
    const { admission, clock, log } = this.#deps;
    const by = admission.admitted(invite.request);
    // The INVITE of a call that is known already, once more, after its transaction: what it shows was used up by then.
    if (!by) return void invite.refuse(401, { headers: admission.unproven() });
    const arrived = { monoMs: clock.monoMs(), wallMs: clock.wallMs() };
    const trace: SipTraceLine[] = [
      { timestamp: arrived.wallMs, direction: 'in', summary: `INVITE ${invite.request.uri}` },
      { timestamp: arrived.wallMs, direction: 'out', summary: '100 Trying' },
    ];
    this.#traces.set(invite.callId, trace);
    const id = registeredId(invite.request);
    const taken = { invite, by, arrived, trace };
    const done = id === undefined ? this.#takeCall(taken) : this.#takeRegistered(taken, id);
    done.catch((error) => {
      log.error('bug', { what: 'take_invite', error: error instanceof Error ? error.stack : String(error) });
      invite.refuse(500, { headers: [CAUSE_41] });
      this.#traces.delete(invite.callId);
      admission.leave(invite.callId);
    });
  }

  /** A3: the id is the credential; no record for one that does not hold. */
  async #takeRegistered(taken: Taken, id: string): Promise<void> {
    const { store, admission, newId, clock } = this.#deps;
    const { invite } = taken;
    const inboundId = `inb_${newId()}`;
    const claim = await store.claimRegisteredCall(id, inboundId, clock.wallMs());
    if (claim.claim !== 'claimed') {
      invite.refuse(claim.claim === 'busy' ? 486 : 404, {
        headers: [['Reason', `Q.850;cause=${claim.claim === 'busy' ? 17 : 1}`]],
        // An id nobody gave out is anybody's guess, from a source that may be forged.
        once: claim.claim === 'unknown' && !admission.knows(invite.source.address),
      });
      this.#traces.delete(invite.callId);
      return;
    }
    admission.welcome(invite.request, invite.source.address);
    await this.#takeCall({ ...taken, registered: { call: claim.call, inboundId } }).catch(async (error) => {
      await store.releaseRegisteredCall(id, inboundId);
      throw error;
    });
  }

  async #takeCall(taken: Taken): Promise<void> {
    const { config, runner, clock, admission, own } = this.#deps;
    const { invite, trace } = taken;
    admission.keep(invite.callId);
    const audioPolicy = { srtp: config.rtp.srtp };
    const verdict = placeOffer(own, invite, audioPolicy);
    const open = async () => (verdict.media === 'usable' ? this.#openMedia(verdict.place.bind) : undefined);
    const session = this.#draining ? undefined : await open();
    const facts = await this.#readFacts(taken, { verdict, session }).catch((error) => {
      session?.close();
      throw error;
    });
    const leg = new SipLeg({
      invite,
      media: session,
      openMedia: open,
      mediaAddress: verdict.media === 'usable' ? verdict.place.shown : '',
      audioPolicy,
      warning: verdict.media === 'usable' ? undefined : verdict.warning,
      clock,
      trace,
      onDone: () => this.#traces.delete(invite.callId),
      onOver: () => admission.leave(invite.callId),
    });
    await runner.run(facts, leg);
  }

  /** Undefined where there is none to be had, whatever the reason. */
  #openMedia(host: string): Promise<MediaSession | undefined> {
    return this.#deps.media.open({ host }).catch((error) => {
      this.#deps.log.error('media_failed', { error: String(error) });
      return undefined;
    });
  }

  #readFacts(
    { invite, by, arrived, registered }: Taken,
    { verdict, session }: { readonly verdict: OfferVerdict; readonly session: MediaSession | undefined },
  ) {
    const { config, readArrival, newId, admission } = this.#deps;
    const { address } = invite.source;
    const dialled = dialledUser(invite.request);
    const e164 = toE164(dialled, config.sip.country);
    const headers = customHeaders(invite.request);
    return readArrival({
      edge: cameByTwilio(headers, by) ? 'twilio' : 'sip',
      arrived,
      dialled,
      ...(e164 !== undefined && { dialledE164: e164 }),
      from: callerNumber(invite.request, {
        trusted: this.#trusted.has(address),
        country: config.sip.country,
      }),
      headers,
      mayCall: (number: PhoneNumberSettings) => admission.allows(number, { address, by }),
      media: this.#draining ? 'draining' : verdict.media !== 'usable' ? verdict.media : session ? 'usable' : 'no_port',
      inboundId: registered?.inboundId ?? `inb_${newId()}`,
      ...(registered && { registered: registered.call }),
    });
  }
}

/** Twilio's `<Dial><Sip>` names its call; only who shows the number's credentials is believed (A4). */
function cameByTwilio(headers: Readonly<Record<string, string>>, by: Admitted): boolean {
  return by.provenFor !== undefined && headers['x-twilio-callsid'] !== undefined;
}
