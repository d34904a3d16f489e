/**
 * Rules between fields (E5), each a named function over whatever parsed. One list serves create, update,
 * override and the linter. A rule whose fields an override did not touch stays silent; a saved refinement that a
 * newly named voice cannot use (voice model, emotion, pronunciation) is a warning, for no caller is lost to it.
 */
import type { Catalogue, ResolvedEngine, Settings } from '../agent.ts';
import type { Issue, Json } from '../inbound.ts';
import { fault, isObject, pointerTo, warning } from './issue.ts';
import { ASR_LANGUAGES, ONE_LANGUAGE_ASR, VOICE_LANGUAGES, VOICE_MODEL_LANGUAGES } from './languages.ts';

/** What the rules between fields look at. */
export interface CheckAcrossOptions {
  /** Agent settings, merged with the override where there is one. */
  readonly agent: Settings;
  readonly engine?: { readonly type: ResolvedEngine['type']; readonly settings: Settings };
  readonly catalogue: Catalogue;
  /** Pointer of `agent.voice_id`, `retell_llm.model`…; asked only for fields that are there. */
  readonly pointerOf: (field: string) => string;
  /** Fields an override touched, as `agent.voice_id`: rules that concern none of them stay silent. */
  readonly only?: ReadonlySet<string>;
  /** The settings are an override whose target is not known: an absent field may still be set there. Default false. */
  readonly partial?: boolean;
}

interface Scope extends CheckAcrossOptions {
  readonly issues: Issue[];
}

type Rule = { readonly fields: readonly string[]; readonly check: (scope: Scope, touched: Touched) => void };
type Touched = (field: string) => boolean;

function textOf(settings: Settings, name: string): string | undefined {
  const value = settings[name];
  return typeof value === 'string' ? value : undefined;
}

function providerOf(scope: Scope, voiceId: string | undefined): string | undefined {
  return voiceId === undefined ? undefined : scope.catalogue.voices.get(voiceId)?.provider;
}

/** The agent's locales; undefined where they are not known (`multi`, or an override without its target). */
export function languagesOf(agent: Settings, partial = false): readonly string[] | undefined {
  const language = agent['language'];
  if (language === undefined) return partial ? undefined : ['en-US'];
  if (language === 'multi') return undefined;
  if (typeof language === 'string') return [language];
  return Array.isArray(language) ? (language as string[]) : undefined;
}

function uncovered(languages: readonly string[], covered: ReadonlySet<string> | undefined): readonly string[] {
  return covered === undefined ? [] : languages.filter((language) => !covered.has(language));
}

function voiceSpeaksLanguage(scope: Scope, touched: Touched): void {
  const languages = languagesOf(scope.agent, scope.partial);
  const voiceId = textOf(scope.agent, 'voice_id');
  const provider = providerOf(scope, voiceId);
  if (languages === undefined || provider === undefined) return;
  const model = textOf(scope.agent, 'voice_model');
  const byModel =
    model !== undefined && scope.catalogue.voice_models.get(model) === provider && VOICE_MODEL_LANGUAGES.get(model);
  const byProvider = VOICE_LANGUAGES.get(provider);
  const cannot = uncovered(languages, byProvider);
  const modelCannot = byModel ? uncovered(languages, byModel) : [];
  if (cannot.length > 0) {
    const pointed = ['agent.language', 'agent.voice_id'].find(touched);
    // An override of the voice model alone is not to blame for the saved voice and language.
    if (pointed === undefined) return;
    scope.issues.push(
      fault({
        code: 'voice_language',
        pointer: scope.pointerOf(pointed),
        message: `agent.voice_id ${voiceId} is a voice of ${provider}, which does not speak ${cannot.join(', ')} (agent.language).`,
        allowed: [...(byProvider ?? [])],
        sent: scope.agent[pointed.slice('agent.'.length)],
      }),
    );
  } else if (modelCannot.length > 0) {
    const pointed = ['agent.language', 'agent.voice_model', 'agent.voice_id'].find(touched) ?? 'agent.voice_model';
    scope.issues.push(
      fault({
        code: 'voice_model_language',
        pointer: scope.pointerOf(pointed),
        message: `agent.voice_model ${model} does not speak ${modelCannot.join(', ')} (agent.language).`,
        allowed: byModel ? [...byModel] : undefined,
        sent: scope.agent[pointed.slice('agent.'.length)],
      }),
    );
  }
}

function recogniserKnowsLanguage(scope: Scope, touched: Touched): void {
  const languages = languagesOf(scope.agent, scope.partial);
  const config = scope.agent['custom_stt_config'];
  const pinned = scope.agent['stt_mode'] === 'custom' && isObject(config) ? config['provider'] : undefined;
  const many = languages === undefined ? scope.agent['language'] === 'multi' : languages.length > 1;
  const covers = (provider: string, covered: ReadonlySet<string>): boolean =>
    uncovered(languages ?? [], covered).length === 0 && !(many && ONE_LANGUAGE_ASR.has(provider));
  const candidates = [...ASR_LANGUAGES].filter(([provider]) => pinned === undefined || provider === pinned);
  if (candidates.length === 0 || candidates.some(([provider, covered]) => covers(provider, covered))) return;
  const pointed = ['agent.language', 'agent.custom_stt_config', 'agent.stt_mode'].find(touched) ?? 'agent.language';
  const asked = languages?.join(', ') ?? 'multi';
  const understood = pinned === undefined ? undefined : ASR_LANGUAGES.get(pinned as string);
  scope.issues.push(
    fault({
      code: 'asr_language',
      pointer: scope.pointerOf(pointed),
      message:
        pinned === undefined
          ? `agent.language ${asked}: no speech recogniser understands all of these together.`
          : `agent.custom_stt_config.provider ${String(pinned)} does not understand agent.language ${asked}${many && ONE_LANGUAGE_ASR.has(String(pinned)) ? ' (one language per agent)' : ''}.`,
      allowed: understood && [...understood],
      sent: scope.agent[pointed.slice('agent.'.length)],
    }),
  );
}

function fallbackVoicesDiffer(scope: Scope, touched: Touched): void {
  const voiceId = textOf(scope.agent, 'voice_id');
  const provider = providerOf(scope, voiceId);
  const fallbacks = scope.agent['fallback_voice_ids'];
  if (voiceId === undefined || !Array.isArray(fallbacks)) return;
  fallbacks.forEach((fallback: string, index: number) => {
    const same = fallback === voiceId || (provider !== undefined && providerOf(scope, fallback) === provider);
    if (!same) return;
    const own = touched('agent.fallback_voice_ids');
    const base = scope.pointerOf(own ? 'agent.fallback_voice_ids' : 'agent.voice_id');
    scope.issues.push(
      fault({
        code: 'fallback_voice_provider',
        pointer: own ? pointerTo(base, index) : base,
        message: `agent.fallback_voice_ids[${index}] ${fallback} must be a voice of another provider than agent.voice_id ${voiceId}${provider === undefined ? '' : ` (${provider})`}.`,
        sent: own ? fallback : voiceId,
      }),
    );
  });
}

function voiceModelBelongsToVoice(scope: Scope, touched: Touched): void {
  const model = textOf(scope.agent, 'voice_model');
  const provider = providerOf(scope, textOf(scope.agent, 'voice_id'));
  const owner = model === undefined ? undefined : scope.catalogue.voice_models.get(model);
  if (provider === undefined || owner === undefined || owner === provider) return;
  const models = [...scope.catalogue.voice_models].filter(([, of]) => of === provider).map(([name]) => name);
  const own = touched('agent.voice_model');
  const text = {
    code: 'voice_model_provider',
    pointer: scope.pointerOf(own ? 'agent.voice_model' : 'agent.voice_id'),
    message: `agent.voice_model ${model} belongs to ${owner}, but agent.voice_id is a voice of ${provider}.`,
    allowed: models,
    sent: own ? model : scope.agent['voice_id'],
  };
  scope.issues.push(
    own
      ? fault(text)
      : warning({ ...text, message: `${text.message} The session uses ${provider}'s default model.` }, 'degraded'),
  );
}

const EMOTION_PROVIDERS: readonly string[] = ['cartesia', 'minimax'];

function voiceHasEmotion(scope: Scope, touched: Touched): void {
  const emotion = textOf(scope.agent, 'voice_emotion');
  const provider = providerOf(scope, textOf(scope.agent, 'voice_id'));
  if (emotion === undefined || provider === undefined || EMOTION_PROVIDERS.includes(provider)) return;
  const own = touched('agent.voice_emotion');
  const text = {
    code: 'voice_emotion_provider',
    pointer: scope.pointerOf(own ? 'agent.voice_emotion' : 'agent.voice_id'),
    message: `agent.voice_emotion needs a voice of ${EMOTION_PROVIDERS.join(' or ')}; agent.voice_id is a voice of ${provider}.`,
    allowed: EMOTION_PROVIDERS,
    sent: emotion,
  };
  scope.issues.push(own ? fault(text) : warning(text, 'not_applied'));
}

function expressiveNeedsPlatform(scope: Scope, touched: Touched): void {
  const provider = providerOf(scope, textOf(scope.agent, 'voice_id'));
  if (scope.agent['enable_expressive_mode'] !== true || provider === undefined || provider === 'platform') return;
  const own = touched('agent.enable_expressive_mode');
  scope.issues.push(
    warning(
      {
        code: 'expressive_mode_provider',
        pointer: scope.pointerOf(own ? 'agent.enable_expressive_mode' : 'agent.voice_id'),
        message: `agent.enable_expressive_mode works with platform voices only and has no effect on a voice of ${provider}.`,
        sent: scope.agent[own ? 'enable_expressive_mode' : 'voice_id'],
      },
      'not_applied',
    ),
  );
}

function alphabetNeeds(alphabet: unknown, provider: string, model: string | undefined): string | undefined {
  if (alphabet === 'pinyin' && provider !== 'minimax') return 'a voice of minimax';
  if (alphabet !== 'jyutping') return undefined;
  return provider === 'minimax' && model === 'speech-2.8-turbo'
    ? undefined
    : 'a voice of minimax with speech-2.8-turbo';
}

function alphabetsFitVoice(scope: Scope, touched: Touched): void {
  const entries = scope.agent['pronunciation_dictionary'];
  const provider = providerOf(scope, textOf(scope.agent, 'voice_id'));
  if (!Array.isArray(entries) || provider === undefined) return;
  const own = touched('agent.pronunciation_dictionary');
  // Without its target an override's voice model may still be the saved one.
  if (scope.partial === true && scope.agent['voice_model'] === undefined && provider === 'minimax') return;
  entries.forEach((entry: Json, index: number) => {
    const alphabet = isObject(entry) ? entry['alphabet'] : undefined;
    const needs = alphabetNeeds(alphabet, provider, textOf(scope.agent, 'voice_model'));
    if (needs === undefined) return;
    const place = ['agent.voice_id', 'agent.voice_model'].find(touched) ?? 'agent.voice_id';
    const text = {
      code: 'pronunciation_alphabet',
      pointer: own
        ? pointerTo(scope.pointerOf('agent.pronunciation_dictionary'), index, 'alphabet')
        : scope.pointerOf(place),
      message: `agent.pronunciation_dictionary[${index}].alphabet ${String(alphabet)} needs ${needs}.`,
      sent: alphabet,
    };
    scope.issues.push(own ? fault(text) : warning(text, 'not_applied'));
  });
}

function customModeHasConfig(scope: Scope, touched: Touched): void {
  if (scope.agent['stt_mode'] !== 'custom' || isObject(scope.agent['custom_stt_config'])) return;
  if (scope.partial === true && scope.agent['custom_stt_config'] === undefined) return;
  const pointed = touched('agent.stt_mode') ? 'agent.stt_mode' : 'agent.custom_stt_config';
  scope.issues.push(
    fault({
      code: 'custom_stt_config_required',
      pointer: scope.pointerOf(pointed),
      message: 'agent.stt_mode custom needs agent.custom_stt_config.',
      sent: scope.agent[pointed.slice('agent.'.length)],
    }),
  );
}

const ENDPOINTING_MS: ReadonlyMap<unknown, { readonly minimum: number; readonly maximum?: number }> = new Map([
  ['azure', { minimum: 100 }],
  ['deepgram', { minimum: 10 }],
  ['soniox', { minimum: 500 }],
  ['assemblyai', { minimum: 100, maximum: 3000 }],
]);

function endpointingFitsProvider(scope: Scope): void {
  const config = scope.agent['custom_stt_config'];
  if (!isObject(config)) return;
  const range = ENDPOINTING_MS.get(config['provider']);
  const ms = config['endpointing_ms'];
  if (range === undefined || typeof ms !== 'number') return;
  if (ms >= range.minimum && ms <= (range.maximum ?? Number.POSITIVE_INFINITY)) return;
  const words = range.maximum === undefined ? `at least ${range.minimum}` : `from ${range.minimum} to ${range.maximum}`;
  scope.issues.push(
    fault({
      code: 'out_of_range',
      pointer: pointerTo(scope.pointerOf('agent.custom_stt_config'), 'endpointing_ms'),
      message: `agent.custom_stt_config.endpointing_ms must be ${words} ms for ${String(config['provider'])}.`,
      allowed: { ...range },
      sent: ms,
    }),
  );
}

function medicalIsEnglish(scope: Scope, touched: Touched): void {
  const languages = languagesOf(scope.agent, scope.partial);
  if (scope.agent['vocab_specialization'] !== 'medical' || languages === undefined) return;
  if (languages.some((language) => language.startsWith('en-'))) return;
  const pointed = touched('agent.vocab_specialization') ? 'agent.vocab_specialization' : 'agent.language';
  scope.issues.push(
    warning(
      {
        code: 'vocab_specialization_language',
        pointer: scope.pointerOf(pointed),
        message: `agent.vocab_specialization medical has no effect on ${languages.join(', ')}; it is for English.`,
        sent: scope.agent[pointed.slice('agent.'.length)],
      },
      'not_applied',
    ),
  );
}

function oneModelOnly(scope: Scope, touched: Touched): void {
  if (scope.engine?.type !== 'retell-llm') return;
  const { model, s2s_model } = scope.engine.settings;
  if (typeof model !== 'string' || typeof s2s_model !== 'string') return;
  const pointed = touched('retell_llm.s2s_model') ? 's2s_model' : 'model';
  const other = pointed === 'model' ? 's2s_model' : 'model';
  scope.issues.push(
    fault({
      code: 'model_exclusive',
      pointer: scope.pointerOf(`retell_llm.${pointed}`),
      message: `retell_llm.model and retell_llm.s2s_model exclude each other; set ${other} to null to use ${pointed}.`,
      sent: scope.engine.settings[pointed],
    }),
  );
}

const RULES: readonly Rule[] = [
  { fields: ['agent.voice_id', 'agent.voice_model', 'agent.language'], check: voiceSpeaksLanguage },
  { fields: ['agent.language', 'agent.stt_mode', 'agent.custom_stt_config'], check: recogniserKnowsLanguage },
  { fields: ['agent.voice_id', 'agent.fallback_voice_ids'], check: fallbackVoicesDiffer },
  { fields: ['agent.voice_id', 'agent.voice_model'], check: voiceModelBelongsToVoice },
  { fields: ['agent.voice_id', 'agent.voice_emotion'], check: voiceHasEmotion },
  { fields: ['agent.voice_id', 'agent.enable_expressive_mode'], check: expressiveNeedsPlatform },
  { fields: ['agent.voice_id', 'agent.voice_model', 'agent.pronunciation_dictionary'], check: alphabetsFitVoice },
  { fields: ['agent.stt_mode', 'agent.custom_stt_config'], check: customModeHasConfig },
  { fields: ['agent.custom_stt_config'], check: endpointingFitsProvider },
  { fields: ['agent.vocab_specialization', 'agent.language'], check: medicalIsEnglish },
  { fields: ['retell_llm.model', 'retell_llm.s2s_model'], check: oneModelOnly },
];

/** Applies every rule between fields. Voices and models the catalogue does not know are availability's business. */
export function checkAcross(options: CheckAcrossOptions): Issue[] {
  const issues: Issue[] = [];
  const scope: Scope = { ...options, issues };
  const { only } = options;
  const touched: Touched = (field) => only === undefined || only.has(field);
  for (const rule of RULES) if (rule.fields.some(touched)) rule.check(scope, touched);
  return issues;
}
