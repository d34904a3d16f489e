/** A call that reaches a number of the account: Twilio asks for TwiML, does what it says, and asks again. */
import { makeSid, type TwilioAccount } from './account.ts';
import type { TwilioNumber } from './numbers.ts';
import { readTwiml, type TwimlVerb } from './read-twiml.ts';
import { deliverTwilioWebhook, type WebhookFields, type WebhookOutcome } from './webhooks.ts';

export interface TwilioCall {
  readonly account: TwilioAccount;
  readonly number: TwilioNumber;
  readonly from: string;
  /** Default: drawn anew. */
  readonly callSid?: string;
  /** Where requests really go. */
  readonly via?: string;
}

/** One request for TwiML and what it said; no verbs where none came. */
export interface TwimlAnswer {
  readonly outcome: WebhookOutcome;
  readonly verbs: readonly TwimlVerb[];
}

/** What a `<Dial>` came to, as its action is told. */
export interface DialResult {
  readonly DialCallStatus: 'completed' | 'answered' | 'busy' | 'no-answer' | 'failed' | 'canceled';
  readonly DialSipResponseCode?: string;
  readonly DialSipCallId?: string;
}

/** The first request: the number's voice URL, then its fallback URL. */
export function askVoiceUrl(call: TwilioCall, fields: WebhookFields = {}): Promise<TwimlAnswer> {
  const { settings } = call.number;
  const fallbackUrl = settings.get('VoiceFallbackUrl');
  return ask(call, { url: settings.get('VoiceUrl') ?? '', ...(fallbackUrl && { fallbackUrl }) }, fields);
}

/** The request after a `<Dial>`; `more` are fields of the SIP response, `SipHeader_X-…`. */
export function askDialAction(
  call: TwilioCall,
  action: string,
  { more = {}, ...result }: DialResult & { readonly more?: WebhookFields },
): Promise<TwimlAnswer> {
  return ask(call, { url: action }, { ...result, DialCallSid: makeSid('CA'), ...more });
}

async function ask(
  { account, number, from, callSid = makeSid('CA'), via }: TwilioCall,
  route: { readonly url: string; readonly fallbackUrl?: string },
  fields: WebhookFields,
): Promise<TwimlAnswer> {
  const outcome = await deliverTwilioWebhook({
    ...route,
    authToken: account.authToken,
    via,
    fields: {
      Called: number.phoneNumber,
      To: number.phoneNumber,
      Caller: from,
      From: from,
      Direction: 'inbound',
      CallStatus: 'ringing',
      CallSid: callSid,
      AccountSid: account.accountSid,
      ApiVersion: '2010-04-01',
      ...fields,
    },
  });
  const { last } = outcome;
  return { outcome, verbs: last.kind === 'answered' && outcome.delivered ? readTwiml(last.body) : [] };
}
