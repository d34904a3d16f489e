/** An override laid on its target (E4, E6): lists and objects replace, null clears, the saved settings stay. */
import {
  type AgentOverride,
  type Available,
  type Channel,
  checkAgainstTarget,
  type Issue,
  type Json,
  type JsonObject,
  type ResolvedTarget,
  type Settings,
} from '@pickup/contract';
import type { GatewaySettings } from '../inbound/facts.ts';
import type { Wishes } from '../inbound/state.ts';

/** What of an override takes effect, what the session uses, and what was found on the way. */
export interface LaidOverride {
  readonly override: AgentOverride;
  readonly available: Available;
  readonly issues: readonly Issue[];
  /** The faults for which the caller is turned away (E6). */
  readonly refused: readonly Issue[];
}

export interface LayOptions {
  readonly channel: Channel;
  readonly target: ResolvedTarget;
  readonly knowledge_bases: ReadonlySet<string>;
  readonly wishes: Wishes;
  readonly gateway: GatewaySettings;
  /** `on_invalid_override: ignore`: faulty fields are left out instead of refusing (E6). */
  readonly lenient: boolean;
}

/** Each round leaves out at least one field that broke a rule. */
const MOST_ROUNDS = 8;

/** Holds the override against the target; where faults are ignored, again without the faulty fields. */
export function layOverride(options: LayOptions): LaidOverride {
  const { wishes, lenient } = options;
  const forgiven: Issue[] = lenient ? wishes.faults.map(ignored) : [];
  let override = lenient ? without(wishes.agent_override ?? {}, wishes.faults) : (wishes.agent_override ?? {});
  for (let round = 0; ; round++) {
    const fitted = fit(options, override, lenient ? [] : wishes.faults);
    const faults = unique(fitted.reply.override_faults);
    if (lenient && faults.length > 0 && round < MOST_ROUNDS) {
      forgiven.push(...faults.map(ignored));
      override = without(override, faults);
      continue;
    }
    return {
      override: fitted.reply.agent_override ?? {},
      available: fitted.available ?? { issues: [] },
      issues: [...forgiven, ...unique([...faults, ...fitted.issues])],
      refused: lenient ? [] : faults,
    };
  }
}

function fit(options: LayOptions, override: AgentOverride, faults: readonly Issue[]) {
  const { target, wishes, gateway } = options;
  return checkAgainstTarget(
    {
      kind: 'overrides',
      dynamic_variables: wishes.dynamic_variables,
      agent_override: override,
      override_faults: faults,
    },
    {
      channel: options.channel,
      target,
      engine: target.engine,
      catalogue: gateway.catalogue,
      knowledgeBases: options.knowledge_bases,
    },
  );
}

/** A fault that `on_invalid_override: ignore` lets pass. */
export function ignored(issue: Issue): Issue {
  const message = `${issue.message} Ignored, as on_invalid_override says.`;
  return { ...issue, severity: 'warning', effect: 'ignored', message };
}

/** Single fields are checked before the target is known, and again with it: a fault found twice is one. */
function unique(issues: readonly Issue[]): readonly Issue[] {
  const seen = new Set<string>();
  return issues.filter(({ code, pointer }) => {
    const key = `${code} ${pointer}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** The override without the fields that these faults point at: `/call_inbound/agent_override/<group>/<field>`. */
function without(override: AgentOverride, faults: readonly Issue[]): AgentOverride {
  const kept: Record<string, JsonObject> = { ...override };
  for (const { pointer } of faults) {
    const [, , part, group = '', field = ''] = pointer.split('/');
    const settings = part === 'agent_override' ? kept[group] : undefined;
    if (settings) kept[group] = Object.fromEntries(Object.entries(settings).filter(([name]) => name !== field));
  }
  return kept;
}

/** A copy of `saved` with the override's fields; null clears. */
export function layOn(saved: Settings, override: JsonObject | undefined): Settings {
  if (!override) return saved;
  const laid: Record<string, Json> = { ...saved };
  for (const [field, value] of Object.entries(override)) {
    if (value === null) delete laid[field];
    else laid[field] = value;
  }
  return laid;
}
