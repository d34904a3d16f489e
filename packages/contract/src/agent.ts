/** Agents, engines and the resolved target of an inbound. */
import type { JsonObject } from './inbound.ts';

/** Calls are taken by voice agents, texts by chat agents. */
export type AgentChannel = 'voice' | 'chat';
/** The group of `agent_override` that belongs to an engine. */
export type EngineGroup = 'retell_llm' | 'conversation_flow';

/** Settings by field name, checked by the rule set before they are stored. */
export type Settings = JsonObject;

/** The engine an agent's `response_engine` names, with its stored settings. */
export type ResolvedEngine =
  | {
      readonly type: 'retell-llm' | 'conversation-flow';
      readonly id: string;
      readonly version: number;
      readonly settings: Settings;
    }
  | { readonly type: 'custom-llm'; readonly llm_websocket_url: string };

/** An agent and version read in one consistent read (E8), before any override. */
export interface ResolvedTarget {
  readonly agent_id: string;
  readonly version: number;
  readonly is_published: boolean;
  readonly channel: AgentChannel;
  /** How the version was found, for the record: `number`, `tag prod`, `latest`, `latest_published`. */
  readonly how: string;
  /** Nobody looked it up: its saved settings and its engine are not known, and rules that need them stay silent. */
  readonly unchecked?: true;
  /** Frozen tag whose variables apply, if any. */
  readonly tag?: string;
  readonly tag_variables: Readonly<Record<string, string>>;
  readonly settings: Settings;
  readonly engine: ResolvedEngine;
}

/** A voice of the catalogue. */
export interface Voice {
  readonly voice_id: string;
  readonly voice_name: string;
  /** `elevenlabs`, `openai`, `cartesia`, `minimax`, `fish_audio`, `inworld`, `platform`, `builtin`. */
  readonly provider: string;
  readonly gender?: 'male' | 'female';
  readonly accent?: string;
  readonly age?: string;
  readonly preview_audio_url?: string;
}

/** A model of the catalogue. */
export interface CatalogueModel {
  /** `openai`, `anthropic`, `google`, or the operator's own. */
  readonly provider: string;
  readonly kind: 'llm' | 's2s';
  /** The OpenAI-compatible endpoint that serves it; absent: the gateway's general one. */
  readonly base_url?: string;
  /** The environment variable that has the key of that endpoint. */
  readonly api_key_env?: string;
  /** What its endpoint calls it; absent: by its name here. */
  readonly provider_model?: string;
  /** Whether this gateway can ask it; absent: as `available_providers` says. */
  readonly available?: boolean;
}

/** What this gateway knows and can use. Open: the operator extends it (E5). */
export interface Catalogue {
  readonly voices: ReadonlyMap<string, Voice>;
  /** By name. */
  readonly models: ReadonlyMap<string, CatalogueModel>;
  /** Voice model to its voice provider. */
  readonly voice_models: ReadonlyMap<string, string>;
  /** Providers this gateway has a key for; `builtin` always. */
  readonly available_providers: ReadonlySet<string>;
}
