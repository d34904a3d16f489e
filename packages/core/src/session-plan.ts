/** What a connected caller is to get: the resolved target with the reply laid on top. Pure data. */
import type { AgentChannel, JsonObject, ResolvedEngine, Settings } from '@pickup/contract';

/** Everything a runtime needs to take a session: the target with the reply laid on it (E4). */
export interface SessionPlan {
  /** `call_…` or `chat_…`. */
  readonly session_id: string;
  readonly channel: AgentChannel;
  readonly agent_id: string;
  readonly agent_version: number;
  readonly agent_tag?: string;
  readonly direction: 'inbound' | 'outbound';
  readonly from_number: string;
  readonly to_number: string;
  /** Agent settings for this session only. */
  readonly agent: Settings;
  /** The engine with its settings for this session only. */
  readonly engine: ResolvedEngine;
  /**
   * Merged by precedence (E9), without the system variables: those are looked up when a template is rendered,
   * by `planVariables(plan, wallMs)`.
   */
  readonly variables: Readonly<Record<string, string>>;
  /** The reply's own variables, as the call object shows them. */
  readonly dynamic_variables: Readonly<Record<string, string>>;
  readonly metadata?: JsonObject;
  readonly custom_sip_headers: Readonly<Record<string, string>>;
  /** The voice the session really uses, after availability (E5). */
  readonly voice_id: string;
  /** Fields the reply set, as `agent.voice_speed`: what the runtime must honour or report (E10). */
  readonly overridden: readonly string[];
}
