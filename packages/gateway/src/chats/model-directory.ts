/** Where each model of the catalogue is asked, and with which key. Keys stay here: neither catalogue nor log has them. */
import type { Catalogue } from '@pickup/contract';
import { type AskModel, createOpenAiModel, type ModelClock, type ModelTimes } from '@pickup/conversation';

/** The operator's endpoint for every text model that has none of its own. */
export interface ModelSetup {
  readonly baseUrl: string;
  readonly apiKey?: string;
  /** The base URL was set: it may be one that asks for no key. */
  readonly isOwnEndpoint: boolean;
}

/** `missing` names what to set. */
export type FoundModel = { readonly ask: AskModel } | { readonly missing: string };

export interface ModelDirectory {
  find(model: string): FoundModel;
}

type CatalogueModel = Catalogue['models'] extends ReadonlyMap<string, infer M> ? M : never;

/** Environment variables by name. */
export type ReadEnv = (name: string) => string | undefined;

export interface DirectoryDeps {
  readonly catalogue: () => Catalogue;
  readonly setup: ModelSetup;
  readonly env: ReadEnv;
  readonly clock: ModelClock;
  readonly random: () => number;
  readonly times?: Partial<ModelTimes>;
}

/** Whether there is what it takes to ask a model (E5). */
export function hasKey(model: CatalogueModel, setup: ModelSetup, env: ReadEnv): boolean {
  return keyOf(model, setup, env).ok;
}

export function createModelDirectory(deps: DirectoryDeps): ModelDirectory {
  const { catalogue, setup, env, clock, random, times } = deps;
  /** By URL and key, so that what an endpoint taught about its models is kept. */
  const endpoints = new Map<string, AskModel>();
  return {
    find(name) {
      const model = catalogue().models.get(name);
      if (!model) return { missing: `the model ${name} is not in the catalogue; catalogue.json can add it` };
      if (model.kind !== 'llm') return { missing: `${name} is a speech-to-speech model, and this is in writing` };
      const key = keyOf(model, setup, env);
      if (!key.ok) return { missing: `the model ${name} needs a key: set ${key.set}` };
      const baseUrl = model.base_url ?? setup.baseUrl;
      const id = JSON.stringify([baseUrl, key.apiKey]);
      const known = endpoints.get(id);
      const ask =
        known ??
        createOpenAiModel({
          ...{ baseUrl, clock, random, fetch },
          ...(key.apiKey !== undefined && { apiKey: key.apiKey }),
          ...(times && { times }),
          servedModel: (asked) => catalogue().models.get(asked)?.provider_model ?? asked,
        });
      endpoints.set(id, ask);
      return { ask };
    },
  };
}

type Key = { readonly ok: true; readonly apiKey?: string } | { readonly ok: false; readonly set: string };

function keyOf(model: CatalogueModel, setup: ModelSetup, env: ReadEnv): Key {
  if (model.api_key_env !== undefined) {
    const apiKey = env(model.api_key_env);
    return apiKey ? { ok: true, apiKey } : { ok: false, set: model.api_key_env };
  }
  // The general key is for the general endpoint: nobody else is shown it.
  if (model.base_url !== undefined) return { ok: true };
  if (setup.apiKey !== undefined) return { ok: true, apiKey: setup.apiKey };
  const set = 'OPENAI_API_KEY, and OPENAI_BASE_URL where another provider than OpenAI serves the model';
  return setup.isOwnEndpoint ? { ok: true } : { ok: false, set };
}
