/** What only voice providers can do. This gateway has no account with them, and says what would help instead. */
import {
  ADD_VOICE_FIELDS,
  apiError,
  CLONE_VOICE_FIELDS,
  fieldsSchema,
  parseVoiceProvider,
  SEARCH_VOICE_FIELDS,
} from '@pickup/contract';
import { ApiFailure, accept, invalid } from './failure.ts';
import type { Ask, Route } from './route.ts';

/** The routes. Each checks its body, then says which key is missing. */
export function voiceProviderRoutes(): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/add-community-voice',
      summary: 'Add a voice of a provider’s library; refused, for that needs a key of the provider',
      access: 'write',
      body: fieldsSchema(ADD_VOICE_FIELDS, true),
      handle: (ask) => refuse(ask, ADD_VOICE_FIELDS, 'Adding a voice from its library'),
    },
    {
      method: 'POST',
      path: '/clone-voice',
      summary: 'Clone a voice from recordings; refused, for that needs a key of the provider',
      access: 'write',
      status: 201,
      form: true,
      body: fieldsSchema(CLONE_VOICE_FIELDS, true),
      handle(ask) {
        if (ask.files?.length === 0) throw invalid('files is required: at least one recording.');
        return refuse(ask, CLONE_VOICE_FIELDS, 'Cloning a voice');
      },
    },
    {
      method: 'POST',
      path: '/search-community-voice',
      summary: 'Search a provider’s library of voices; refused, for that needs a key of the provider',
      access: 'read',
      body: fieldsSchema(SEARCH_VOICE_FIELDS, true),
      handle: (ask) => refuse(ask, SEARCH_VOICE_FIELDS, 'Searching its library of voices'),
    },
  ];
}

function refuse({ body, warn }: Ask, fields: typeof ADD_VOICE_FIELDS, what: string): never {
  const { voice_provider } = accept(parseVoiceProvider(body, fields), warn);
  throw new ApiFailure(apiError('missing_provider_key', { what, provider: voice_provider }));
}
