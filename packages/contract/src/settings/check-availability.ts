/**
 * What is well-formed but not to be had here (E5): voices, models, knowledge bases. In a reply that refuses nobody;
 * the answer says what the session uses in their place.
 */
import type { Catalogue, ResolvedEngine, Settings, Voice } from '../agent.ts';
import type { Issue } from '../inbound.ts';
import { fault, isObject, pointerTo, warning } from './issue.ts';
import { didYouMean } from './nearest.ts';

/** What the session would use, and what there is. */
export interface CheckAvailabilityOptions {
  /** Agent settings, override applied. */
  readonly agent: Settings;
  readonly engine?: { readonly type: ResolvedEngine['type']; readonly settings: Settings };
  /** The engine's settings before the override: its model stands in for one that is not to be had. */
  readonly saved_engine?: Settings;
  readonly catalogue: Catalogue;
  readonly knowledgeBases: ReadonlySet<string>;
  /** Pointer of `agent.voice_id`, `retell_llm.model`, `conversation_flow.model_choice`…; '' where the reply has it not. */
  readonly pointerOf: (field: string) => string;
}

/** What to use. A key is absent where the settings had nothing of the kind. */
export interface Available {
  readonly voice_id?: string;
  /** Null: the voice's own default (the chosen voice is another provider's, or the model is unknown). */
  readonly voice_model?: string | null;
  readonly model?: string;
  readonly s2s_model?: string;
  readonly knowledge_base_ids?: readonly string[];
  readonly issues: readonly Issue[];
}

function usable(catalogue: Catalogue, provider: string): boolean {
  return provider === 'builtin' || catalogue.available_providers.has(provider);
}

function builtinVoice(catalogue: Catalogue, agent: Settings): Voice | undefined {
  const language = agent['language'];
  const wanted = typeof language === 'string' ? language : Array.isArray(language) ? language[0] : 'en-US';
  const prefix = String(wanted).split('-')[0]!;
  let first: Voice | undefined;
  let near: Voice | undefined;
  for (const voice of catalogue.voices.values()) {
    if (voice.provider !== 'builtin') continue;
    first ??= voice;
    const id = voice.voice_id;
    if (id === `builtin-${String(wanted).toLowerCase()}`) return voice;
    if (near === undefined && (id === `builtin-${prefix}` || id.startsWith(`builtin-${prefix}-`))) near = voice;
  }
  return near ?? first;
}

function whyNotVoice(catalogue: Catalogue, id: string): string | undefined {
  const voice = catalogue.voices.get(id);
  if (voice === undefined) return 'is not a known voice';
  return usable(catalogue, voice.provider) ? undefined : `is a voice of ${voice.provider}, for which there is no key`;
}

function chooseVoice(options: CheckAvailabilityOptions, issues: Issue[]): string | undefined {
  const { agent, catalogue } = options;
  const wanted = agent['voice_id'];
  if (typeof wanted !== 'string') return undefined;
  const why = whyNotVoice(catalogue, wanted);
  if (why === undefined) return wanted;
  const fallbacks = Array.isArray(agent['fallback_voice_ids'])
    ? (agent['fallback_voice_ids'] as readonly string[])
    : [];
  const known = catalogue.voices.has(wanted);
  const { hint, nearest } = didYouMean(wanted, known ? [] : catalogue.voices.keys());
  const chosen =
    fallbacks.find((id) => whyNotVoice(catalogue, id) === undefined) ?? builtinVoice(catalogue, agent)?.voice_id;
  issues.push(
    warning(
      {
        code: known ? 'voice_without_key' : 'unknown_voice',
        pointer: options.pointerOf('agent.voice_id'),
        message: `agent.voice_id ${JSON.stringify(wanted.slice(0, 100))} ${why}; the session uses ${chosen ?? 'no voice'}.${hint}`,
        sent: wanted,
        nearest,
      },
      'degraded',
    ),
  );
  return chosen;
}

function chooseVoiceModel(
  options: CheckAvailabilityOptions,
  chosen: string | undefined,
  issues: Issue[],
): string | null | undefined {
  const wanted = options.agent['voice_model'];
  if (wanted === null || typeof wanted !== 'string') return wanted === null ? null : undefined;
  const owner = options.catalogue.voice_models.get(wanted);
  if (owner !== undefined && owner === options.catalogue.voices.get(chosen ?? '')?.provider) return wanted;
  if (owner === undefined) {
    const known = [...options.catalogue.voice_models.keys()];
    const { hint, nearest } = didYouMean(wanted, known);
    issues.push(
      warning(
        {
          code: 'unknown_voice_model',
          pointer: options.pointerOf('agent.voice_model'),
          message: `agent.voice_model ${JSON.stringify(wanted.slice(0, 100))} is not a known voice model; the voice's default is used.${hint}`,
          allowed: known,
          sent: wanted,
          nearest,
        },
        'degraded',
      ),
    );
  }
  return null;
}

function whyNotModel(
  catalogue: Catalogue,
  name: string,
  kind: 'llm' | 's2s',
): { code: string; why: string } | undefined {
  const model = catalogue.models.get(name);
  if (model === undefined) return { code: 'unknown_model', why: 'is not a known model' };
  if (model.kind !== kind) {
    return {
      code: 'unknown_model',
      why: kind === 'llm' ? 'is a speech-to-speech model' : 'is not a speech-to-speech model',
    };
  }
  if (model.available ?? usable(catalogue, model.provider)) return undefined;
  return { code: 'model_without_key', why: `is a model of ${model.provider}, for which there is no key` };
}

/** The models of a kind that can be had here. */
function modelsOf(catalogue: Catalogue, kind: 'llm' | 's2s'): readonly string[] {
  return [...catalogue.models]
    .filter(([, model]) => model.kind === kind && usable(catalogue, model.provider))
    .map(([name]) => name);
}

interface WantedModel {
  /** `retell_llm.model`, for the message and `pointerOf`. */
  readonly field: string;
  /** Members between the field and the model's name. */
  readonly inside: readonly string[];
  readonly name: unknown;
  readonly saved: unknown;
  readonly kind: 'llm' | 's2s';
}

function chooseModel(options: CheckAvailabilityOptions, wanted: WantedModel, issues: Issue[]): string | undefined {
  if (typeof wanted.name !== 'string') return undefined;
  const not = whyNotModel(options.catalogue, wanted.name, wanted.kind);
  if (not === undefined) return wanted.name;
  const saved = typeof wanted.saved === 'string' && wanted.saved !== wanted.name ? wanted.saved : undefined;
  const base = options.pointerOf(wanted.field);
  const allowed = not.code === 'unknown_model' ? modelsOf(options.catalogue, wanted.kind) : undefined;
  const { hint, nearest } = didYouMean(wanted.name, allowed ?? []);
  issues.push(
    warning(
      {
        code: not.code,
        pointer: base === '' ? '' : pointerTo(base, ...wanted.inside),
        message: `${[wanted.field, ...wanted.inside].join('.')} ${JSON.stringify(wanted.name.slice(0, 100))} ${not.why}${saved === undefined ? '.' : `; the session uses the agent's saved model ${saved}.`}${hint}`,
        allowed,
        sent: wanted.name,
        nearest,
      },
      'degraded',
    ),
  );
  // Nothing saved to fall back on: the wanted name stays, and the runtime says what it can do.
  return saved ?? wanted.name;
}

function modelOfChoice(settings: Settings | undefined): unknown {
  const choice = settings?.['model_choice'];
  return isObject(choice) ? choice['model'] : undefined;
}

function chooseKnowledgeBases(
  options: CheckAvailabilityOptions,
  group: string,
  issues: Issue[],
): readonly string[] | undefined {
  const wanted = options.engine?.settings['knowledge_base_ids'];
  if (!Array.isArray(wanted)) return undefined;
  const base = options.pointerOf(`${group}.knowledge_base_ids`);
  return (wanted as readonly string[]).filter((id, index) => {
    if (options.knowledgeBases.has(id)) return true;
    issues.push(
      warning(
        {
          code: 'unknown_knowledge_base',
          pointer: base === '' ? '' : pointerTo(base, index),
          message: `${group}.knowledge_base_ids[${index}] ${JSON.stringify(id.slice(0, 100))} does not exist; the session runs without it.`,
          sent: id,
        },
        'degraded',
      ),
    );
    return false;
  });
}

/** Says what the session will use where the settings name something that is not to be had here; never refuses. */
export function checkAvailability(options: CheckAvailabilityOptions): Available {
  const issues: Issue[] = [];
  const voiceId = chooseVoice(options, issues);
  const voiceModel = chooseVoiceModel(options, voiceId, issues);
  const engine = options.engine;
  const settings = engine?.settings;
  const saved = options.saved_engine;
  const model =
    engine?.type === 'conversation-flow'
      ? chooseModel(
          options,
          {
            field: 'conversation_flow.model_choice',
            inside: ['model'],
            name: modelOfChoice(settings),
            saved: modelOfChoice(saved),
            kind: 'llm',
          },
          issues,
        )
      : chooseModel(
          options,
          { field: 'retell_llm.model', inside: [], name: settings?.['model'], saved: saved?.['model'], kind: 'llm' },
          issues,
        );
  const s2s = chooseModel(
    options,
    {
      field: 'retell_llm.s2s_model',
      inside: [],
      name: settings?.['s2s_model'],
      saved: saved?.['s2s_model'],
      kind: 's2s',
    },
    issues,
  );
  const group = engine?.type === 'conversation-flow' ? 'conversation_flow' : 'retell_llm';
  const knowledgeBases = chooseKnowledgeBases(options, group, issues);
  return {
    ...(voiceId === undefined ? {} : { voice_id: voiceId }),
    ...(voiceModel === undefined ? {} : { voice_model: voiceModel }),
    ...(model === undefined ? {} : { model }),
    ...(s2s === undefined ? {} : { s2s_model: s2s }),
    ...(knowledgeBases === undefined ? {} : { knowledge_base_ids: knowledgeBases }),
    issues,
  };
}

/**
 * Create and update (E5): what the catalogue lists passes, without a key with a warning; what nobody has heard of is
 * an error. `engineGroup` names the group the engine's settings belong to; its absence means agent settings only.
 */
export function checkKnown(options: {
  readonly agent?: Settings;
  readonly engine?: { readonly type: ResolvedEngine['type']; readonly settings: Settings };
  readonly catalogue: Catalogue;
  readonly knowledgeBases: ReadonlySet<string>;
  readonly pointerOf: (field: string) => string;
}): Issue[] {
  const { issues } = checkAvailability({ ...options, agent: options.agent ?? {} });
  const fallbacks = options.agent?.['fallback_voice_ids'];
  const unknown: Issue[] = [];
  if (Array.isArray(fallbacks)) {
    fallbacks.forEach((id, index) => {
      if (typeof id !== 'string' || options.catalogue.voices.has(id)) return;
      const { hint, nearest } = didYouMean(id, options.catalogue.voices.keys(), index);
      unknown.push(
        fault({
          code: 'unknown_voice',
          pointer: pointerTo(options.pointerOf('agent.fallback_voice_ids'), index),
          message: `agent.fallback_voice_ids[${index}] is not a known voice.${hint}`,
          sent: id,
          nearest,
        }),
      );
    });
  }
  const judged = issues.map((issue): Issue => {
    const hint = issue.nearest === undefined ? '' : ` Did you mean ${issue.nearest}?`;
    const message = `${issue.message.split('; the ')[0]!.replace(hint, '').replace(/\.?$/, '.')}${hint}`;
    return issue.code.startsWith('unknown_')
      ? { ...issue, message, severity: 'error', effect: 'refuses' }
      : { ...issue, message };
  });
  return [...judged, ...unknown];
}
