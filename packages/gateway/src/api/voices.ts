/** Voices and models of the catalogue, as it is at each request. */
import type { Catalogue } from '@pickup/contract';
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
      handle: () => [...deps.catalogue.voices.values()],
    },
    {
      method: 'GET',
      path: '/get-voice/{voice_id}',
      summary: 'Read a voice',
      access: 'read',
      handle({ params }) {
        const voice = deps.catalogue.voices.get(params['voice_id']!);
        if (voice === undefined) throw unknownAsset();
        return voice;
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

function modelsOf({ models, voice_models, available_providers }: Catalogue) {
  const shown = (model: string, kind: 'llm' | 's2s' | 'voice', provider: string) => {
    return { model, kind, provider, available: available_providers.has(provider) };
  };
  return [
    ...[...models].map(([model, { kind, provider }]) => shown(model, kind, provider)),
    ...[...voice_models].map(([model, provider]) => shown(model, 'voice', provider)),
  ];
}
