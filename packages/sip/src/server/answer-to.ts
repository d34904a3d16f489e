import { answerChallenge } from '../digest/index.ts';
import { type HeaderInput, headerValue, headerValues, type SipRequest, type SipResponse } from '../message/index.ts';

/** A name and its password. */
export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Finds what to answer a challenge with that came in a call; undefined where there is nothing. */
export type FindCredentials = (about: { readonly callId: string }) => Credentials | undefined;

/** The header that answers a 401 or 407; undefined where that cannot be answered. */
export function answerTo(
  response: SipResponse,
  about: { readonly request: SipRequest; readonly credentials: FindCredentials; readonly random: () => string },
): HeaderInput[number] | undefined {
  const asked = challengeHeaders[response.status];
  if (!asked) return undefined;
  const { request, credentials, random } = about;
  const own = credentials({ callId: headerValue(request, 'call-id') ?? '' });
  const challenges = headerValues(response, asked.challenge);
  const { method, uri } = request;
  const answer = own && answerChallenge({ challenges, method, uri, ...own, random });
  return answer && [asked.answer, answer.credentials];
}

const challengeHeaders: Readonly<Record<number, { readonly challenge: string; readonly answer: string }>> = {
  401: { challenge: 'WWW-Authenticate', answer: 'Authorization' },
  407: { challenge: 'Proxy-Authenticate', answer: 'Proxy-Authorization' },
};
