/**
 * What was agreed on about a call's audio, and the media made to follow (RFC 3264): where to send, in which codec, and
 * whether the caller holds us.
 */
import { buildAnswer, buildOffer, type CodecChoice, chooseCodec, type Direction, type ParsedOffer } from '@pickup/sip';
import type { MediaSession } from '@pickup/sip/media';

interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly sessionId: string;
}

/** G.711 under its static payload types, as the media engine speaks it. */
export function usableCodec(offer: ParsedOffer): CodecChoice | undefined {
  const choice = chooseCodec(offer);
  return choice && (choice.payloadType === 0 || choice.payloadType === 8) ? choice : undefined;
}

/** The offers and answers of one call. */
export class AgreedAudio {
  readonly #media: MediaSession;
  readonly #endpoint: Endpoint;
  /** The version of our last description. */
  #version = 0;
  #direction: Direction | undefined;
  #remote = '';

  constructor(media: MediaSession, endpoint: Endpoint) {
    this.#media = media;
    this.#endpoint = endpoint;
  }

  /** Was any audio agreed on yet? */
  get isAgreed(): boolean {
    return this.#direction !== undefined;
  }

  /** Is silence of the caller's a fault (F4)? Not while it only listens, or holds us. */
  get callerSends(): boolean {
    return this.#direction === 'sendrecv' || this.#direction === undefined;
  }

  /** Our answer, in force from now on; undefined where nothing offered can be used, and all stays as it was. */
  answer(offer: ParsedOffer): string | undefined {
    const choice = usableCodec(offer);
    if (!choice) return undefined;
    this.agree(offer, choice);
    return buildAnswer(offer, choice, this.#next());
  }

  /** Our offer; `agree` with the answer puts it in force. */
  offer(): string {
    return buildOffer(this.#next());
  }

  /** The caller's description is in force: the media send to it, or fall silent while it holds us. */
  agree({ audio }: ParsedOffer, choice: CodecChoice): void {
    if (!audio) return;
    const { direction, address, port } = audio;
    this.#direction = direction;
    const remote = {
      address,
      port,
      payloadType: choice.payloadType === 8 ? (8 as const) : (0 as const),
      ...(choice.telephoneEvent !== undefined && { dtmfPayloadType: choice.telephoneEvent }),
    };
    // The hold of RFC 2543 gives an address of zeros; a mere refresh changes nothing.
    const isSame = this.#remote === JSON.stringify(remote);
    if (!isSame && address !== '0.0.0.0' && address !== '::') {
      this.#remote = JSON.stringify(remote);
      this.#media.start(remote);
    }
    this.#media.setHold(direction === 'sendonly' || direction === 'inactive');
  }

  #next() {
    this.#version += 1;
    return { ...this.#endpoint, version: this.#version };
  }
}
