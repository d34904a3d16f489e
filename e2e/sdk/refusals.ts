/** Methods of the core that refuse as long as nothing is set to do them with. */
import type { CoreMethod } from './sdk-methods.ts';

export interface Refusal {
  readonly status: number;
  readonly message: RegExp;
  readonly why: string;
}

const NO_VOICE_KEY: Refusal = {
  status: 400,
  message: /needs an API key of elevenlabs/,
  why: 'no key of a voice provider is set',
};

/** There is no success to judge, but the words are. */
export const REFUSED: Partial<Record<CoreMethod, Refusal>> = {
  'phoneNumber.create': {
    status: 400,
    message: /no credentials of Twilio .* POST \/import-phone-number/,
    why: 'no credentials of a carrier are set to buy with',
  },
  'chat.createSMSChat': { status: 422, message: /sends no texts/, why: 'no provider is set to send texts through' },
  'chat.rerunAnalysis': { status: 422, message: /takes a model/, why: 'no model is set to analyse with' },
  'voice.addResource': NO_VOICE_KEY,
  'voice.clone': NO_VOICE_KEY,
  'voice.search': NO_VOICE_KEY,
};
