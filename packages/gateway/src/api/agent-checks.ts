/** One rule set for create and update (E5): single fields, rules between them, what the catalogue knows. */
import {
  type AgentChannel,
  checkAcross,
  checkKnown,
  checkSettings,
  httpUrlOf,
  type Issue,
  type JsonObject,
  type Settings,
  urlsOf,
} from '@pickup/contract';
import type { EngineVersionRow } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';
import { badReference, refuseFaults } from './failure.ts';

export interface AgentCheck {
  readonly channel: AgentChannel;
  readonly mode: 'create' | 'update';
  readonly body: unknown;
  /** Stored settings, on update. */
  readonly before: Settings;
  readonly warn: (message: string) => void;
}

/**
 * The agent's settings with the body laid over them. Throws 400 with every fault of form, 422 for an engine, voice
 * or model nobody has heard of.
 */
export async function checkAgent(deps: ApiDeps, check: AgentCheck): Promise<Settings> {
  const { channel, mode, body } = check;
  const { value, issues } = checkSettings('agent', body ?? {}, { pointer: '', mode, channel });
  const settings: Settings = { ...check.before, ...value };
  const engine = await findEngine(deps, settings['response_engine']);
  const across = checkAcross({
    agent: settings,
    ...('row' in engine && engine.row && { engine: { type: engine.row.kind, settings: engine.row.settings } }),
    catalogue: deps.catalogue,
    pointerOf: (field) => `/${field.slice(field.indexOf('.') + 1)}`,
    ...(mode === 'update' && { only: new Set(Object.keys(value).map((name) => `agent.${name}`)) }),
  });
  refuseFaults([...issues, ...across, ...urlFaults(deps, value)]);
  if ('missing' in engine && 'response_engine' in value) throw badReference(engine.missing);
  const known = knownFaults(deps, value, settings);
  const unknown = known.filter((issue) => issue.severity === 'error');
  if (unknown.length > 0) throw badReference(unknown.map((issue) => issue.message).join(' '));
  for (const issue of [...issues, ...across, ...known]) check.warn(issue.message);
  return settings;
}

/** Only what was sent is looked up: a catalogue that shrank does not block other changes. */
function knownFaults(deps: ApiDeps, value: JsonObject, settings: Settings): Issue[] {
  return checkKnown({
    agent: settings,
    catalogue: deps.catalogue,
    knowledgeBases: new Set(),
    pointerOf: (field) => `/${field.slice(field.indexOf('.') + 1)}`,
  }).filter((issue) => issue.pointer.split('/')[1]! in value);
}

function urlFaults(deps: ApiDeps, value: JsonObject): Issue[] {
  return urlsOf(value).flatMap(({ path, url }) => {
    if (url.includes('{{')) return [];
    const verdict = deps.checkUrl(path.length > 1 ? httpUrlOf(url) : url, 'agent_webhook');
    if (verdict.ok) return [];
    const message = `agent.${path.join('.')} must be an address that may be called: ${verdict.message}`;
    const pointer = `/${path.join('/')}`;
    return [{ severity: 'error', effect: 'refuses', code: 'unsafe_url', rule: 'E5', pointer, message } satisfies Issue];
  });
}

type FoundEngine = { readonly row: EngineVersionRow | undefined } | { readonly missing: string };

async function findEngine(deps: ApiDeps, engine: unknown): Promise<FoundEngine> {
  if (typeof engine !== 'object' || engine === null) return { row: undefined };
  const { type, llm_id, conversation_flow_id, version } = engine as Readonly<Record<string, unknown>>;
  if (type !== 'retell-llm' && type !== 'conversation-flow') return { row: undefined };
  const id = type === 'retell-llm' ? llm_id : conversation_flow_id;
  if (typeof id !== 'string') return { row: undefined };
  const wanted = typeof version === 'number' ? version : undefined;
  const row = await deps.store.getEngine(type, id, wanted);
  if (row !== undefined) return { row };
  const which = wanted === undefined ? '' : ` with a version ${wanted}`;
  return { missing: `response_engine: there is no ${type} ${id}${which}.` };
}
