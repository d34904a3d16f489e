/** The operator's file of further voices and models. */
import type { Catalogue, CatalogueModel, Voice } from '../agent.ts';
import type { Issue } from '../inbound.ts';
import { fault, isForbiddenKey, isObject, kindOf, pointerTo } from '../settings/issue.ts';
import { didYouMean } from '../settings/nearest.ts';

/** What an operator's file adds; an entry of a known id replaces it. */
export interface CatalogueExtension {
  readonly voices: readonly Voice[];
  readonly models: readonly ({ readonly model: string } & CatalogueModel)[];
  readonly voice_models: readonly { readonly voice_model: string; readonly provider: string }[];
}

interface Member {
  readonly name: string;
  readonly required: boolean;
  readonly allowed?: readonly string[];
  readonly isUrl?: true;
}

const one = (name: string, allowed?: readonly string[]): Member => ({
  name,
  required: true,
  ...(allowed ? { allowed } : {}),
});
/** An address as `OPENAI_BASE_URL` takes one. */
const endpointUrl = (name: string): Member => ({ name, required: false, isUrl: true });
const may = (name: string, allowed?: readonly string[]): Member => ({ ...one(name, allowed), required: false });

const SECTIONS: Readonly<Record<keyof CatalogueExtension, readonly Member[]>> = {
  voices: [
    one('voice_id'),
    one('provider'),
    may('voice_name'),
    may('gender', ['male', 'female']),
    may('accent'),
    may('age'),
    may('preview_audio_url'),
  ],
  models: [
    one('model'),
    one('provider'),
    may('kind', ['llm', 's2s']),
    endpointUrl('base_url'),
    may('api_key_env'),
    may('provider_model'),
  ],
  voice_models: [one('voice_model'), one('provider')],
};

type Entry = Readonly<Record<string, string>>;

function parseMember(
  entry: Record<string, unknown>,
  member: Member,
  pointer: string,
  issues: Issue[],
): string | undefined {
  const value = entry[member.name];
  if (value === undefined && !member.required) return undefined;
  const wellTyped = typeof value === 'string' && value !== '';
  if (wellTyped && member.isUrl && !/^https?:\/\/[^\s?#@]+$/i.test(value)) {
    const message = `${member.name} must be a URL that begins with https:// or http://, without credentials or query.`;
    issues.push(fault({ code: 'not_allowed_value', pointer: pointerTo(pointer, member.name), message, sent: value }));
    return undefined;
  }
  if (wellTyped && (member.allowed === undefined || member.allowed.includes(value))) {
    return member.isUrl ? value.replace(/\/+$/, '') : value;
  }
  const missing = value === undefined;
  issues.push(
    fault({
      code: missing ? 'required' : wellTyped ? 'not_allowed_value' : 'wrong_type',
      pointer: missing ? pointer : pointerTo(pointer, member.name),
      message: `${member.name} must be ${member.allowed === undefined ? 'a non-empty string' : `one of ${member.allowed.join(', ')}`}${wellTyped ? '' : `, not ${kindOf(value)}`}.`,
      allowed: member.allowed,
      sent: value,
    }),
  );
  return undefined;
}

function parseEntry(value: unknown, members: readonly Member[], pointer: string, issues: Issue[]): Entry | undefined {
  if (!isObject(value)) {
    issues.push(
      fault({ code: 'wrong_type', pointer, message: `An entry must be an object, not ${kindOf(value)}.`, sent: value }),
    );
    return undefined;
  }
  const before = issues.length;
  const entry: Record<string, string> = {};
  for (const member of members) {
    const parsed = parseMember(value, member, pointer, issues);
    if (parsed !== undefined) entry[member.name] = parsed;
  }
  const names = members.map((member) => member.name);
  for (const key of Object.keys(value)) {
    if (names.includes(key)) continue;
    const { hint, nearest } = didYouMean(key, isForbiddenKey(key) ? [] : names);
    issues.push(
      fault({
        code: 'unknown_field',
        pointer: pointerTo(pointer, key),
        message: `${key} is not a known field.${hint}`,
        nearest,
      }),
    );
  }
  return issues.length === before ? entry : undefined;
}

/**
 * Reads `{voices?, models?, voice_models?}`. All faults at once; entries without a fault are returned, so that a
 * caller may refuse the file or go on with the rest.
 */
export function parseCatalogueExtension(json: unknown): {
  readonly extension: CatalogueExtension;
  readonly issues: readonly Issue[];
} {
  const issues: Issue[] = [];
  const found: Record<keyof CatalogueExtension, Entry[]> = { voices: [], models: [], voice_models: [] };
  if (!isObject(json)) {
    issues.push(
      fault({
        code: 'wrong_type',
        pointer: '',
        message: `The catalogue file must be an object, not ${kindOf(json)}.`,
        sent: json,
      }),
    );
  } else {
    for (const key of Object.keys(json)) {
      const section = Object.hasOwn(SECTIONS, key) ? (key as keyof CatalogueExtension) : undefined;
      const value = json[key];
      if (section === undefined) {
        const { hint, nearest } = didYouMean(key, Object.keys(SECTIONS));
        issues.push(
          fault({
            code: 'unknown_field',
            pointer: pointerTo('', key),
            message: `${key} is not a section.${hint}`,
            nearest,
          }),
        );
      } else if (!Array.isArray(value)) {
        issues.push(
          fault({
            code: 'wrong_type',
            pointer: pointerTo('', key),
            message: `${key} must be a list, not ${kindOf(value)}.`,
          }),
        );
      } else {
        value.forEach((entry, index) => {
          const parsed = parseEntry(entry, SECTIONS[section], pointerTo('', key, index), issues);
          if (parsed !== undefined) found[section].push(parsed);
        });
      }
    }
  }
  return {
    extension: {
      voices: found.voices.map((entry) => ({ voice_name: entry['voice_id']!, ...entry }) as unknown as Voice),
      models: found.models.map((entry) => ({ kind: 'llm', ...entry })) as unknown as CatalogueExtension['models'],
      voice_models: found.voice_models as unknown as CatalogueExtension['voice_models'],
    },
    issues,
  };
}

/** The catalogue with an operator's additions laid over it; the given one stays as it is. */
export function extendCatalogue(catalogue: Catalogue, extension: CatalogueExtension): Catalogue {
  const models = new Map(catalogue.models);
  for (const { model, ...entry } of extension.models) models.set(model, entry);
  const voiceModels = new Map(catalogue.voice_models);
  for (const { voice_model, provider } of extension.voice_models) voiceModels.set(voice_model, provider);
  return {
    ...catalogue,
    voices: new Map([...catalogue.voices, ...extension.voices.map((voice) => [voice.voice_id, voice] as const)]),
    models,
    voice_models: voiceModels,
  };
}
