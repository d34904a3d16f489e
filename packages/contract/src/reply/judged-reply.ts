/** What a reply of the endpoint came to (inbound.md D). */

import type { Issue, JsonObject } from '../inbound.ts';
import type { AgentVersionReference } from '../phone-number.ts';

/** The checked groups of `agent_override`: known, well-formed fields only. An absent group was not sent. */
export interface AgentOverride {
  readonly agent?: JsonObject;
  readonly retell_llm?: JsonObject;
  readonly conversation_flow?: JsonObject;
}

/** A reply that overrides something, or says `{}` under its group. */
export interface OverridesReply {
  readonly kind: 'overrides';
  readonly override_agent_id?: string;
  /** Number, tag, `latest` or `latest_published`; absent with an id: `latest` (D4). */
  readonly override_agent_version?: AgentVersionReference;
  readonly dynamic_variables: Readonly<Record<string, string>>;
  /** As sent. */
  readonly metadata?: JsonObject;
  readonly agent_override?: AgentOverride;
  /** Faults inside the groups (E6): with `on_invalid_override: refuse` any of them refuses the caller. */
  readonly override_faults: readonly Issue[];
}

/**
 * `none`: success without overrides (D2). `bad`: handled as a failed webhook (D3, E3). `reject`: turned away (D8).
 * `overrides`: everything else.
 */
export type JudgedReply =
  | { readonly kind: 'none' }
  | { readonly kind: 'bad'; readonly issues: readonly Issue[] }
  | {
      readonly kind: 'reject';
      readonly dynamic_variables: Readonly<Record<string, string>>;
      readonly metadata?: JsonObject;
    }
  | OverridesReply;
