/** Voices and models of the catalogue, as it is at each request. */
import type { Catalogue, Voice } from '@pickup/contract';
import type { ApiDeps } from './deps.ts';
import { unknownAsset } from './failure.ts';
import type { Route } from './route.ts';

/** The routes of voices and models. */
export function voiceRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'GET',
      path: '/list-voices',
      summary: 'List the voices of the catalogue',
      access: 'read',
      handle: () => [...deps.catalogue.voices.values()].map(voiceBody),
    },
    {
      method: 'GET',
      path: '/get-voice/{voice_id}',
      summary: 'Read a voice',
      access: 'read',
      handle({ params }) {
        const voice = deps.catalogue.voices.get(params['voice_id']!);
        if (voice === undefined) throw unknownAsset();
        return voiceBody(voice);
      },
    },
    {
      method: 'GET',
      path: '/list-models',
      summary: 'List the models of the catalogue, and whether this gateway can use them',
      access: 'read',
      handle: () => modelsOf(deps.catalogue),
    },
  ];
}

/** The providers that the SDK's type has. */
const PROVIDERS = new Set(['elevenlabs', 'openai', 'cartesia', 'minimax', 'fish_audio', 'inworld', 'platform']);

/**
 * The SDK's type needs a gender, where the operator's list may have none, and knows those providers only: ours and the
 * operator's are the platform's, and named beside it.
 */
function voiceBody(voice: Voice): VoiceBody {
  const { provider, gender = 'female' } = voice;
  if (PROVIDERS.has(provider)) return { ...voice, gender };
  return { ...voice, gender, provider: 'platform', own_provider: provider };
}

type VoiceBody = Voice & { readonly own_provider?: string };

function modelsOf({ models, voice_models, available_providers }: Catalogue) {
  const has = (provider: string) => available_providers.has(provider);
  return [
    ...[...models].map(([model, { kind, provider, available = has(provider) }]) => ({
      model,
      kind,
      provider,
      available,
    })),
    ...[...voice_models].map(([model, provider]) => ({ model, kind: 'voice', provider, available: has(provider) })),
  ];
}
