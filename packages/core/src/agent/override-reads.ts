/** What an override names that has to be looked up before it can be laid on a target (E4, E5). */
import type { AgentOverride, JsonObject } from '@pickup/contract';

/** Part of a request to resolve a target. */
export interface OverrideReads {
  readonly engine_override?: JsonObject;
  readonly knowledge_base_ids?: readonly string[];
}

/** The override's own engine, and the knowledge bases of both engine groups. */
export function overrideReads(override: AgentOverride | undefined): OverrideReads {
  const engine = override?.agent?.['response_engine'] as JsonObject | null | undefined;
  const bases = [override?.retell_llm, override?.conversation_flow].flatMap(
    (group) => (group?.['knowledge_base_ids'] as string[] | null | undefined) ?? [],
  );
  return { ...(engine && { engine_override: engine }), ...(bases.length > 0 && { knowledge_base_ids: bases }) };
}
