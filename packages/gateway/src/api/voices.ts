/** Voices of the catalogue. */
import type { ApiDeps } from './deps.ts';
import { unknownAsset } from './failure.ts';
import type { Route } from './route.ts';

/** The routes of voices. */
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
  ];
}
