import { answerChallenge } from '../digest/index.ts';
import { type HeaderInput, headerValue, headerValues, type SipRequest, type SipResponse } from '../message/index.ts';

/** A name and its password. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** The challenge that is to be answered. */
export interface Challenged {
  readonly callId: string;
  /** The From of our request: in a call we took, its To. */
  readonly localAddress: string;
  /** Where the request went. */
  readonly address: string;
}

/** Finds what to answer a challenge with; undefined where there is nothing. Must not reject. */
export type FindCredentials = (challenged: Challenged) => Credentials | undefined | Promise<Credentials | undefined>;

/** The header that answers a 401 or 407; undefined where that cannot be answered. */
export async function answerTo(
  response: SipResponse,
  about: {
    readonly request: SipRequest;
    readonly address: string;
    readonly credentials: FindCredentials;
    readonly random: () => string;
  },
): Promise<HeaderInput[number] | undefined> {
  const asked = challengeHeaders[response.status];
  if (!asked) return undefined;
  const { request, address, credentials, random } = about;
  const callId = headerValue(request, 'call-id') ?? '';
  const own = await credentials({ callId, localAddress: headerValue(request, 'from') ?? '', address });
  const challenges = headerValues(response, asked.challenge);
  const { method, uri } = request;
  const answer = own && answerChallenge({ challenges, method, uri, ...own, random });
  return answer && [asked.answer, answer.credentials];
}

const challengeHeaders: Readonly<Record<number, { readonly challenge: string; readonly answer: string }>> = {
  401: { challenge: 'WWW-Authenticate', answer: 'Authorization' },
  407: { challenge: 'Proxy-Authenticate', answer: 'Proxy-Authorization' },
};
