/**
 * What was agreed on about a call's audio, and the media made to follow (RFC 3264, RFC 4568): where to send, in which
 * codec, under which keys, and whether the caller holds us.
 */
import { randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import {
  type AudioChoice,
  type AudioPolicy,
  buildAnswer,
  buildOffer,
  type CryptoLine,
  chooseAudio,
  type Direction,
  newCryptoLine,
  type ParsedOffer,
} from '@pickup/sip';
import type { MediaSession, RtpRemote } from '@pickup/sip/media';

interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly sessionId: string;
}

export interface AgreedAudioOptions {
  readonly media: MediaSession;
  readonly endpoint: Endpoint;
  readonly policy: AudioPolicy;
  /** Our own first offer is of SRTP, and of nothing else. */
  readonly offersSrtp: boolean;
}

/** The keys of both sides. */
interface Secured {
  readonly own: CryptoLine;
  readonly theirs: CryptoLine;
}

/** The suites everybody has, the better first. */
const OFFERED = ['AES_CM_128_HMAC_SHA1_80', 'AES_CM_128_HMAC_SHA1_32'] as const;

/** The offers and answers of one call. */
export class AgreedAudio {
  readonly #options: AgreedAudioOptions;
  /** The version of our last description. */
  #version = 0;
  #direction: Direction | undefined;
  #isJoined = false;
  #remote = '';
  #secured: Secured | undefined;
  #isMuxed = false;
  /** The keys of our last offer. */
  #offered: readonly CryptoLine[] = [];

  constructor(options: AgreedAudioOptions) {
    this.#options = options;
  }

  /** Was any audio agreed on yet? */
  get isAgreed(): boolean {
    return this.#direction !== undefined;
  }

  /** Is silence of the caller's a fault (F4)? Not while it only listens, or holds us. */
  get callerSends(): boolean {
    return this.#direction === 'sendrecv' || this.#direction === undefined;
  }

  /**
   * The caller is there: its ACK came, or its audio. Until then nothing is sent: whoever forges the source of an INVITE
   * sees no 200, and must not have us send audio to somebody else.
   */
  join(): void {
    if (this.#isJoined) return;
    this.#isJoined = true;
    this.#hold();
  }

  /** Our answer, in force from now on; undefined where nothing offered can be used, and all stays as it was. */
  answer(offer: ParsedOffer): string | undefined {
    const choice = this.#choose(offer);
    if (!choice) return undefined;
    const { crypto: theirs, stream } = choice;
    const secured = theirs && { own: this.#keyFor(theirs), theirs };
    this.#isMuxed = stream.rtcpMux;
    this.#agree(offer, choice, secured);
    return buildAnswer(offer, choice, {
      ...this.#next(),
      ...(secured && { crypto: [secured.own] }),
      rtcpMux: stream.rtcpMux,
    });
  }

  /** Our offer, encrypted as the call is; `take` with the answer puts it in force. */
  offer(): string {
    this.#offered = this.#keysToOffer();
    return buildOffer({ ...this.#next(), crypto: this.#offered, rtcpMux: this.#isMuxed });
  }

  /** The answer to our offer is in force; false where it cannot be used, and all stays as it was. */
  take(answer: ParsedOffer): boolean {
    const choice = this.#choose(answer);
    if (!choice) return false;
    const isSrtp = this.#offered.length > 0;
    const theirs = isSrtp ? choice.crypto : undefined;
    const own = this.#offered.find((line) => line.tag === theirs?.tag && line.suite === theirs.suite);
    if (isSrtp && (!own || !theirs)) return false;
    this.#isMuxed &&= choice.stream.rtcpMux;
    this.#agree(answer, choice, own && theirs && { own, theirs });
    return true;
  }

  /** Among the streams our socket can send to: those of its family, and held ones. */
  #choose(said: ParsedOffer): AudioChoice | undefined {
    const { endpoint, policy } = this.#options;
    const family = isIPv6(endpoint.address) ? 6 : 4;
    const audios = said.audios.filter(
      (one) => one.family === family || one.address === '0.0.0.0' || one.address === '::',
    );
    return chooseAudio({ ...said, audios }, policy);
  }

  /** The caller's description is in force: the media send to it, or fall silent while it holds us. */
  #agree({ description }: ParsedOffer, choice: AudioChoice, secured: Secured | undefined): void {
    const { media } = this.#options;
    const { direction, address } = choice.stream;
    this.#direction = direction;
    this.#secured = secured;
    const remote = this.#describe(choice, secured);
    // The hold of RFC 2543 gives an address of zeros; a mere refresh changes nothing.
    const state = JSON.stringify([remote, description.origin]);
    if (state !== this.#remote && address !== '0.0.0.0' && address !== '::') {
      this.#remote = state;
      media.start(remote);
    }
    this.#hold();
  }

  #hold(): void {
    const isHeld = this.#direction === 'sendonly' || this.#direction === 'inactive';
    this.#options.media.setHold(isHeld || !this.#isJoined);
  }

  #describe(choice: AudioChoice, secured: Secured | undefined): RtpRemote {
    const { address, port, rtcp: signalled } = choice.stream;
    const rtcp = this.#isMuxed ? 'mux' : signalled;
    return {
      address,
      port,
      payloadType: choice.payloadType === 8 ? 8 : 0,
      ...(choice.telephoneEvent !== undefined && { dtmfPayloadType: choice.telephoneEvent }),
      ...(secured && { srtp: { suite: secured.own.suite, send: secured.own.key, receive: secured.theirs.key } }),
      ...(rtcp && { rtcp }),
    };
  }

  /** Ours to go with a key of the caller's: a new one whenever theirs is new, so that both sides begin afresh. */
  #keyFor(theirs: CryptoLine): CryptoLine {
    const { own, theirs: before } = this.#secured ?? {};
    const isSame = before?.key === theirs.key && before.suite === theirs.suite;
    return own && isSame ? { ...own, tag: theirs.tag } : newCryptoLine(theirs.tag, theirs.suite, randomBytes);
  }

  #keysToOffer(): readonly CryptoLine[] {
    if (this.#secured) return [{ ...this.#secured.own, tag: 1 }];
    if (this.isAgreed || !this.#options.offersSrtp) return [];
    return OFFERED.map((suite, index) => newCryptoLine(index + 1, suite, randomBytes));
  }

  #next() {
    this.#version += 1;
    return { ...this.#options.endpoint, version: this.#version };
  }
}
