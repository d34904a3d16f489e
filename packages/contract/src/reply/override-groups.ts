/** `agent_override`: its three groups, read and checked field by field (D7, E5). */
import type { Catalogue, ResolvedTarget } from '../agent.ts';
import type { Issue, JsonObject } from '../inbound.ts';
import { checkAcross } from '../settings/check-across.ts';
import { checkSettings, type SettingsGroup } from '../settings/check-settings.ts';
import { forbiddenKey, unknownField } from '../settings/faults.ts';
import { isForbiddenKey, isObject, kindOf, pointerTo } from '../settings/issue.ts';
import { envelopeFault, isDeeperThan } from './envelope.ts';
import type { AgentOverride } from './judged-reply.ts';
import { checkUrls, type UrlCheck } from './webhook-url.ts';

/** The groups of `agent_override`. */
const OVERRIDE_GROUPS: readonly SettingsGroup[] = ['agent', 'retell_llm', 'conversation_flow'];
const MAX_DEPTH = 32;

/** The groups that were sent, as objects not looked into. */
export type OverrideGroups = Partial<Record<SettingsGroup, object>>;

/** What the groups are checked with; see LintOptions. */
export interface CheckGroupsOptions {
  readonly target?: ResolvedTarget;
  readonly catalogue?: Catalogue;
  readonly checkUrl?: UrlCheck;
  readonly renderUrl?: (url: string) => string;
}

/** Warns of every name that is not known (D9). */
export function warnUnknown(
  value: Record<string, unknown>,
  known: readonly string[],
  pointer: string,
  issues: Issue[],
): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue;
    const place = { name: key.slice(0, 100), pointer: pointerTo(pointer, key) };
    if (isForbiddenKey(key)) issues.push(forbiddenKey(place));
    else issues.push(unknownField(place, key, known, value[key], issues.length));
  }
}

/** The groups as objects; anything else there is a fault of the envelope (D3). Null is absent. */
export function readOverrideGroups(value: unknown, pointer: string, issues: Issue[]): OverrideGroups | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) {
    const message = `agent_override must be an object, not ${kindOf(value)}.`;
    issues.push(envelopeFault({ code: 'wrong_type', rule: 'D7', pointer, message, sent: value }));
    return undefined;
  }
  if (isDeeperThan(value, MAX_DEPTH)) {
    issues.push(
      envelopeFault({ code: 'too_deep', pointer, message: `agent_override nests deeper than ${MAX_DEPTH} levels.` }),
    );
    return undefined;
  }
  const groups: Partial<Record<SettingsGroup, object>> = {};
  for (const group of OVERRIDE_GROUPS) {
    const settings = Object.hasOwn(value, group) ? value[group] : undefined;
    if (settings === undefined || settings === null) continue;
    if (isObject(settings)) groups[group] = settings;
    else {
      const message = `agent_override.${group} must be an object, not ${kindOf(settings)}.`;
      issues.push(
        envelopeFault({ code: 'wrong_type', rule: 'D7', pointer: pointerTo(pointer, group), message, sent: settings }),
      );
    }
  }
  warnUnknown(value, OVERRIDE_GROUPS, pointer, issues);
  return groups;
}

/** Every `agent.voice_id` an override sets. */
export function touchedFields(override: AgentOverride): Set<string> {
  const touched = new Set<string>();
  for (const group of OVERRIDE_GROUPS) {
    const settings = override[group];
    if (settings !== undefined) for (const name of Object.keys(settings)) touched.add(`${group}.${name}`);
  }
  return touched;
}

const EMPTY_CATALOGUE: Catalogue = {
  voices: new Map(),
  models: new Map(),
  voice_models: new Map(),
  available_providers: new Set(),
};

/** Checks the groups field by field and, without a target, the rules between the fields that were sent. */
export function checkGroups(groups: OverrideGroups, pointer: string, options: CheckGroupsOptions) {
  const override: { agent?: JsonObject; retell_llm?: JsonObject; conversation_flow?: JsonObject } = {};
  const issues: Issue[] = [];
  for (const group of OVERRIDE_GROUPS) {
    const settings = groups[group];
    if (settings === undefined) continue;
    const checked = checkSettings(group, settings, { pointer: pointerTo(pointer, group), mode: 'override' });
    override[group] = checked.value;
    issues.push(...checked.issues);
  }
  issues.push(...checkUrls(override.agent, pointerTo(pointer, 'agent'), options));
  // With a target the rules between fields look at the merged settings instead.
  if (options.target === undefined) {
    const touched = touchedFields(override);
    issues.push(
      ...checkAcross({
        agent: override.agent ?? {},
        ...(override.retell_llm === undefined ? {} : { engine: { type: 'retell-llm', settings: override.retell_llm } }),
        catalogue: options.catalogue ?? EMPTY_CATALOGUE,
        pointerOf: (field) => `${pointer}/${field.replace('.', '/')}`,
        only: touched,
        partial: true,
      }),
    );
  }
  return { override, issues };
}

/** Reads and checks an `agent_override` that stands outside a reply (A3). */
export function checkOverrideGroups(value: unknown, pointer: string, options: CheckGroupsOptions) {
  const issues: Issue[] = [];
  const groups = readOverrideGroups(value, pointer, issues);
  if (groups === undefined) return { issues };
  const checked = checkGroups(groups, pointer, options);
  return { override: checked.override as AgentOverride, issues: [...issues, ...checked.issues] };
}
