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

/** What is laid on what. */
export interface LayOptions {
  readonly channel: Channel;
  readonly target: ResolvedTarget;
  readonly knowledge_bases: ReadonlySet<string>;
  readonly wishes: Wishes;
  readonly gateway: Pick<GatewaySettings, 'catalogue'>;
  /** `on_invalid_override: ignore`: faulty fields are left out instead of refusing (E6). */
  readonly lenient: boolean;
}

/** Holds the override against the target; where faults are ignored, again without the faulty fields. */
export function layOverride(options: LayOptions): LaidOverride {
  const { wishes, lenient } = options;
  const sent = wishes.agent_override ?? {};
  if (!lenient) return laid(options, sent, wishes.faults);
  let override = without(sent, wishes.faults);
  const forgiven = wishes.faults.map(ignored);
  for (;;) {
    const round = laid(options, override, []);
    const left = without(override, round.refused);
    const issues = merge(forgiven, merge(round.refused.map(ignored), round.issues));
    // A fault that is in no field of the override is the saved agent's own, and no reason to lose a caller.
    if (countFields(left) === countFields(override)) return { ...round, issues, refused: [] };
    forgiven.push(...round.refused.map(ignored));
    override = left;
  }
}

function laid(options: LayOptions, sent: AgentOverride, known: readonly Issue[]): LaidOverride {
  const { reply, issues, available } = fit(options, sent, known);
  const stillKnown = reply.override_faults.filter((fault) => known.includes(fault));
  const refused = merge(stillKnown, reply.override_faults);
  return {
    override: reply.agent_override ?? {},
    available: available ?? { issues: [] },
    issues: merge(refused, issues),
    refused,
  };
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

/** Fields are checked before the target is known, and again with it: a fault found in both rounds is told once. */
function merge(known: readonly Issue[], found: readonly Issue[]): readonly Issue[] {
  const told = new Set(known.map(key));
  return [...known, ...found.filter((issue) => !told.has(key(issue)))];
}

function key({ code, pointer }: Issue): string {
  return `${code} ${pointer}`;
}

function countFields(override: AgentOverride): number {
  return Object.values(override).reduce((sum, group) => sum + Object.keys(group ?? {}).length, 0);
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
