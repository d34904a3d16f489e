/** Bodies of what is asked of voice providers: adding, cloning and searching voices. */
import { choice, field, nonEmptyText, required, text } from '../settings/field.ts';
import { anything, type BodyResult, bodyResult, readBody, table } from './body.ts';

/** Providers with a library of voices that can be searched and added. */
const LIBRARIES = ['elevenlabs', 'cartesia', 'minimax', 'fish_audio', 'inworld'];
const CLONERS = ['elevenlabs', 'cartesia', 'minimax', 'fish_audio', 'platform', 'inworld'];
const DEFAULT_LIBRARY = 'elevenlabs';

/** What all of them say. */
export interface VoiceProviderBody {
  readonly voice_provider: string;
}

/** `POST /add-community-voice`. */
export const ADD_VOICE_FIELDS = table({
  provider_voice_id: required(field(nonEmptyText())),
  voice_name: required(field(nonEmptyText())),
  public_user_id: field(text()),
  voice_provider: field(choice(LIBRARIES)),
});

/** `POST /clone-voice`, but for the files, which are parts of the form. */
export const CLONE_VOICE_FIELDS = table({
  voice_name: required(field(nonEmptyText())),
  voice_provider: required(field(choice(CLONERS))),
  files: field(anything()),
});

/** `POST /search-community-voice`. */
export const SEARCH_VOICE_FIELDS = table({
  search_query: required(field(nonEmptyText())),
  voice_provider: field(choice(LIBRARIES)),
});

/** Reads one of the three; `voice_provider` is elevenlabs where it may be left out. */
export function parseVoiceProvider(value: unknown, fields: typeof ADD_VOICE_FIELDS): BodyResult<VoiceProviderBody> {
  const read = readBody(value, fields);
  return bodyResult({ voice_provider: DEFAULT_LIBRARY, ...read.value }, read.issues);
}
