/**
 * What is set on a number at Twilio. Sources: twilio.com/docs/phone-numbers/api/incomingphonenumber-resource,
 * twilio.com/docs/usage/webhooks/webhooks-connection-overrides.
 */

/**
 * Without these Twilio tries again once, and only where the connection failed. `rc=5`: five tries more; `rp=all`: on 5xx,
 * 4xx and time-outs too; `ct`, `rt`: 2 s to connect and 4 s for an answer in ms, for a try in a gateway that is just
 * restarting must leave time for the next; 15 s in all, as ever. The fragment is neither sent nor signed.
 */
export const TRY_AGAIN = '#ct=2000&rt=4000&rc=5&rp=all';

/** The paths of ours that Twilio asks. */
export const TWILIO_PATHS = {
  voice: '/twilio/voice',
  voiceAction: '/twilio/voice-action',
  sms: '/twilio/sms',
} as const;

/** One of our URLs as Twilio is told it. */
export function twilioUrl(publicUrl: string, path: string): string {
  return `${publicUrl}${path}${TRY_AGAIN}`;
}

/**
 * The settings of a number. The fallback URLs are the same ones: they are asked once the tries of the first are used up,
 * which gives a gateway that restarts another 15 s.
 */
export function twilioSettings(publicUrl: string) {
  const voice = twilioUrl(publicUrl, TWILIO_PATHS.voice);
  const sms = twilioUrl(publicUrl, TWILIO_PATHS.sms);
  return {
    voiceUrl: voice,
    voiceMethod: 'POST',
    voiceFallbackUrl: voice,
    voiceFallbackMethod: 'POST',
    smsUrl: sms,
    smsMethod: 'POST',
    smsFallbackUrl: sms,
    smsFallbackMethod: 'POST',
  } as const;
}
