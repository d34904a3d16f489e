/**
 * What Twilio is told to do with a call. It is written by Twilio's own library, which also escapes.
 * Sources: twilio.com/docs/voice/twiml/dial, …/sip, …/reject.
 */

/** Credentials of the callers of one number. */
export interface SipLogin {
  readonly username: string;
  readonly password: string;
}

export interface SipDial {
  /** Where the number is called here. */
  readonly uri: string;
  /** Absent: the number asks for none. */
  readonly login?: SipLogin;
  /** How long a caller may ring here. */
  readonly ringBudgetMs: number;
  /** Asked once the `<Dial>` has ended. */
  readonly action: string;
}

/** Twilio gives up a little later than we do, so that it is us who say what becomes of the call. */
const LATER_SECONDS = 5;

/**
 * Rings here while the caller hears ringing: without `answerOnBridge` Twilio would take the call, and charge it, before
 * the endpoint has decided (rule F1). Its own time-out would be 30 s.
 */
export async function dialSip({ uri, login, ringBudgetMs, action }: SipDial): Promise<string> {
  const response = await newResponse();
  const timeout = Math.ceil(ringBudgetMs / 1_000) + LATER_SECONDS;
  response.dial({ answerOnBridge: true, timeout, action, method: 'POST' }).sip({ ...login }, uri);
  return response.toString();
}

/** Rings somewhere else; `callerId` where the caller has no number that could be shown. */
export async function dialNumber(number: string, callerId: string | undefined): Promise<string> {
  const response = await newResponse();
  response.dial({ answerOnBridge: true, ...(callerId !== undefined && { callerId }) }).number(number);
  return response.toString();
}

/** Turned away without an answer, which Twilio does not charge. */
export async function rejectCall(reason: 'busy' | 'rejected'): Promise<string> {
  const response = await newResponse();
  response.reject({ reason });
  return response.toString();
}

/** The call is over. */
export async function hangUp(): Promise<string> {
  const response = await newResponse();
  response.hangup();
  return response.toString();
}

async function newResponse() {
  const { default: VoiceResponse } = await import('twilio/lib/twiml/VoiceResponse.js');
  return new VoiceResponse();
}
