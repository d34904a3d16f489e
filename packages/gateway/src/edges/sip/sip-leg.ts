/** A SIP call as a leg: INVITE and RTP on one side, the runner on the other. */
import type { CallMediaStats, SipTraceLine } from '@pickup/contract';
import type { RefusalAnswer } from '@pickup/core';
import {
  type AudioPolicy,
  type Dialog,
  type IncomingInvite,
  isSipUri,
  type ParsedOffer,
  parseOffer,
  parseUri,
} from '@pickup/sip';
import type { MediaSession } from '@pickup/sip/media';
import type { Clock } from '../../runners/clock.ts';
import type { CallLeg, ConnectedLeg, LegEnd } from '../../runners/leg.ts';
import type { Line } from '../../sessions/port.ts';
import type { EdgeMemo } from '../../stores/port.ts';
import { AgreedAudio } from './agreed-audio.ts';
import { KeyPresses } from './key-presses.ts';
import { mediaFigures } from './media-figures.ts';

/** 180 again after this, and then at this pace (F1). */
const SECOND_RING_MS = 1_000;
const RING_AGAIN_MS = 60_000;
/** No RTP for this long while not on hold ends the call (F4). */
const NO_AUDIO_MS = 30_000;

export interface SipLegOptions {
  readonly invite: IncomingInvite;
  /** Absent where the call is refused before it needs one. */
  readonly media: MediaSession | undefined;
  /** Another session, where the first was lost while the call rang. */
  readonly openMedia: () => Promise<MediaSession | undefined>;
  /** The address callers send RTP to. */
  readonly mediaAddress: string;
  /** Whether the audio must be encrypted. */
  readonly audioPolicy: AudioPolicy;
  /** What of the offer cannot be met (RFC 3261 20.43), for a 488 because of it. */
  readonly warning: string | undefined;
  readonly clock: Clock;
  readonly trace: readonly SipTraceLine[];
  /** The leg is no longer needed for the record. */
  readonly onDone: () => void;
  /** Nothing of this call is left on the wire but late repetitions. */
  readonly onOver: () => void;
}

export class SipLeg implements CallLeg {
  readonly edge = 'sip';
  readonly memo: EdgeMemo;
  readonly dedupeKey: string;
  readonly #options: SipLegOptions;
  #stopRinging = () => {};
  #media: MediaSession | undefined;
  /** The offer that the 180 carried, where the caller made none and requires 100rel (RFC 3262 5). */
  #early: { readonly sdp: string; readonly audio: AgreedAudio; readonly media: MediaSession } | undefined;
  #phase: 'ringing' | 'answered' | 'over' = 'ringing';

  constructor(options: SipLegOptions) {
    this.#options = options;
    this.#useMedia(options.media);
    const { invite } = options;
    this.memo = { invite: invite.memo, dialog: invite.dialogMemo };
    this.dedupeKey = `${invite.callId}|${invite.fromTag}|${invite.cseq}`;
    invite.onCancel(() => this.#release());
  }

  onCallerGone(listener: () => void): void {
    this.#options.invite.onCancel(() => listener());
  }

  ring(): void {
    const { invite, clock } = this.#options;
    if (!invite.provisional(180, this.#offerEarly())) return;
    const again = (delayMs: number) => {
      this.#stopRinging = clock.after(delayMs, () => invite.provisional(180) && again(RING_AGAIN_MS));
    };
    again(SECOND_RING_MS);
  }

  accept(): ConnectedLeg | undefined {
    const { invite, clock } = this.#options;
    const media = this.#media;
    this.#stopRinging();
    // Both were made sure of at arrival; should they be gone, it is our fault and not a caller who left.
    if (!media) throw new Error('a call is to be answered without a media session');
    if (this.#early && this.#early.media !== media) throw new Error('the media that were offered are lost');
    const audio = this.#early?.audio ?? this.#openAudio(media);
    const sdp = this.#early?.sdp ?? (invite.offer ? audio.answer(invite.offer) : audio.offer());
    if (sdp === undefined) throw new Error('a call is to be answered without a usable codec');
    const dialog = invite.accept({ sdp });
    if (!dialog) return undefined;
    this.#phase = 'answered';
    dialog.onGone(() => this.#options.onOver());
    const leg = new AnsweredLeg(dialog, { media, audio, clock });
    if (this.#early) invite.onAnswer((answer) => void leg.takeAnswer(answer));
    return leg;
  }

  refuse(answer: RefusalAnswer): boolean {
    this.#stopRinging();
    const handed = this.#options.invite.refuse(answer.code, { headers: this.#refusalHeaders(answer) });
    this.#release();
    return handed;
  }

  trace(): readonly SipTraceLine[] {
    return this.#options.trace;
  }

  done(): void {
    this.#options.onDone();
  }

  /** What the first 180 has to carry. */
  #offerEarly(): { readonly sdp?: string } {
    const media = this.#media;
    if (!this.#options.invite.ringsWithOffer || !media) return {};
    const audio = this.#openAudio(media);
    this.#early = { sdp: audio.offer(), audio, media };
    return { sdp: this.#early.sdp };
  }

  #openAudio(media: MediaSession): AgreedAudio {
    const { invite, mediaAddress, audioPolicy: policy, clock } = this.#options;
    const sessionId = String(Math.floor(clock.wallMs()));
    const endpoint = { address: mediaAddress, port: media.port, sessionId };
    const offersSrtp = policy.srtp === 'required' || invite.source.transport === 'tls';
    return new AgreedAudio({ media, endpoint, policy, offersSrtp });
  }

  #refusalHeaders(answer: RefusalAnswer): [string, string][] {
    const headers: [string, string][] = [];
    if (answer.cause !== undefined) headers.push(['Reason', `Q.850;cause=${answer.cause}`]);
    const { warning } = this.#options;
    if (warning !== undefined && answer.outcome === 'media_rejected') headers.push(['Warning', warning]);
    if (answer.named) headers.push(['X-Pickup-Outcome', answer.outcome]);
    if (answer.redirect_to !== undefined) {
      const uri = parseUri(this.#options.invite.request.uri);
      const host = uri && isSipUri(uri) ? uri.host : this.#options.invite.source.address;
      headers.push(['Contact', `<sip:${answer.redirect_to}@${host.includes(':') ? `[${host}]` : host}>`]);
    }
    return headers;
  }

  #release(): void {
    this.#phase = 'over';
    this.#stopRinging();
    this.#media?.close();
    this.#options.onOver();
  }

  /** A caller who rings survives the loss of the media engine: the next session takes its place. */
  #useMedia(media: MediaSession | undefined): void {
    this.#media = media;
    media?.onFailed(() => {
      if (this.#phase !== 'ringing') return;
      this.#options.openMedia().then((next) => {
        if (this.#phase !== 'ringing') next?.close();
        else if (next) this.#useMedia(next);
      });
    });
  }
}

/** The call after its 200. */
class AnsweredLeg implements ConnectedLeg {
  readonly line: Line;
  readonly #dialog: Dialog;
  readonly #media: MediaSession;
  readonly #audio: AgreedAudio;
  readonly #listeners: ((end: LegEnd) => void)[] = [];
  #end: LegEnd | undefined;

  constructor(
    dialog: Dialog,
    { media, audio, clock }: { readonly media: MediaSession; readonly audio: AgreedAudio; readonly clock: Clock },
  ) {
    this.#dialog = dialog;
    this.#media = media;
    this.#audio = audio;
    const keys = new KeyPresses(() => clock.monoMs());
    const audible = new Promise<void>((resolve) => {
      const join = () => {
        audio.join();
        resolve();
      };
      dialog.onAck((sdp) => {
        if (audio.isAgreed || this.takeAnswer(sdp === undefined ? undefined : parseOffer(sdp))) join();
      });
      media.onFirstPacket(join);
    });
    this.line = {
      play: (samples) => media.play(samples),
      flush: () => media.flush(),
      onSpeech: (listener) => media.onSpeech(listener),
      onDigit: (listener) => {
        media.onDigit((digit) => keys.isNew('rtp', digit) && listener(digit));
        dialog.onDigit((digit) => keys.isNew('info', digit) && listener(digit));
      },
      audible,
    };
    dialog.onBye(() => this.#ended({ by: 'caller' }));
    dialog.onOffer((offer) => audio.answer(offer));
    dialog.onOfferWanted(() => audio.offer());
    dialog.onAnswer((answer) => void this.takeAnswer(answer));
    // Who refreshes its session no more is gone.
    dialog.onExpired(() => this.#ended({ by: 'caller' }));
    let hasJoined = false;
    dialog.onAck(() => {
      hasJoined = true;
    });
    // Later it is the ACK of a re-INVITE that never came: who was there is gone.
    dialog.onNoAck(() => this.#ended({ by: hasJoined ? 'caller' : 'no_ack' }));
    media.onNoRtp(NO_AUDIO_MS, () => audio.callerSends && this.#ended({ by: 'no_audio' }));
    media.onFailed(() => this.#ended({ by: 'media_failed' }));
  }

  get dialog(): EdgeMemo {
    return this.#dialog.memo;
  }

  onMoved(listener: (dialog: EdgeMemo) => void): void {
    this.#dialog.onMoved(listener);
  }

  onEnd(listener: (end: LegEnd) => void): void {
    if (this.#end) listener(this.#end);
    else this.#listeners.push(listener);
  }

  hangUp(): void {
    this.#media.close();
    void this.#dialog.bye();
  }

  async mediaStats(): Promise<CallMediaStats | undefined> {
    return mediaFigures(await this.#media.stats());
  }

  /** The answer to an offer of ours, in the ACK, a PRACK or a 200 (F4). */
  takeAnswer(answer: ParsedOffer | undefined): boolean {
    if (answer && this.#audio.take(answer)) return true;
    this.#ended({ by: 'unusable_answer' });
    return false;
  }

  #ended(end: LegEnd): void {
    if (this.#end) return;
    this.#end = end;
    if (end.by === 'caller') this.#media.close();
    for (const listener of this.#listeners) listener(end);
  }
}
