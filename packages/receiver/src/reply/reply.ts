/** Replies and their builders. A reply is the group's content; the handler puts it under the event's name. */
import type { AgentSettings, ConversationFlowSettings, RetellLlmSettings } from './override-settings.ts';

/** A value that JSON can hold. */
export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** The groups of `agent_override`: laid on the target for this session only. */
export interface AgentOverrideGroups {
  readonly agent?: AgentSettings;
  readonly retell_llm?: RetellLlmSettings;
  readonly conversation_flow?: ConversationFlowSettings;
}

/** What stands under `call_inbound` or `chat_inbound` (inbound.md D). All of it is optional. */
export interface Reply {
  readonly override_agent_id?: string | null;
  /** A whole number, a tag, `latest` or `latest_published`. */
  readonly override_agent_version?: number | string | null;
  readonly agent_override?: AgentOverrideGroups | null;
  readonly dynamic_variables?: Readonly<Record<string, string>> | null;
  readonly metadata?: { readonly [key: string]: JsonValue } | null;
  /** `true` turns the caller away. */
  readonly reject?: boolean;
}

/** A reply with its group, as it goes on the wire. */
export interface WireReply {
  readonly call_inbound?: Reply;
  readonly chat_inbound?: Reply;
}

/** Variables by name. Numbers and booleans become strings; null and undefined are left out. */
export type Variables = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** What goes with a reply of either kind. */
export interface Attachments {
  /** Fills `{{name}}` in prompts and messages. */
  readonly variables?: Variables;
  /** Kept with the call or chat as it is; at most 50,000 bytes of JSON. */
  readonly metadata?: { readonly [key: string]: JsonValue };
}

/** Who takes the call or text. */
export interface AcceptOptions extends Attachments {
  /** Default: the number's own agent. */
  readonly agent_id?: string;
  /** A whole number, a tag, `latest` or `latest_published`. Default: `latest` with an id, else the number's own. */
  readonly version?: number | 'latest' | 'latest_published' | (string & {});
}

/** Who takes it, and what is different this time. */
export interface OverrideOptions extends AcceptOptions, AgentOverrideGroups {}

/** Lets the call or text in: to the number's own agent, or to `agent_id`. */
export function accept(options: AcceptOptions = {}): Reply {
  const { agent_id, version } = options;
  return {
    ...(agent_id !== undefined && { override_agent_id: agent_id }),
    ...(version !== undefined && { override_agent_version: version }),
    ...attached(options),
  };
}

/** As accept, with settings of the agent or its engine changed for this session. */
export function override(options: OverrideOptions): Reply {
  const { agent, retell_llm, conversation_flow } = options;
  const groups = {
    ...(agent !== undefined && { agent }),
    ...(retell_llm !== undefined && { retell_llm }),
    ...(conversation_flow !== undefined && { conversation_flow }),
  };
  return { ...accept(options), ...(Object.keys(groups).length > 0 && { agent_override: groups }) };
}

/** Turns the caller away: a call is refused, a text is met with silence. */
export function reject(options: Attachments = {}): Reply {
  return { reject: true, ...attached(options) };
}

function attached({ variables, metadata }: Attachments): Pick<Reply, 'dynamic_variables' | 'metadata'> {
  return {
    ...(variables !== undefined && { dynamic_variables: strings(variables) }),
    ...(metadata !== undefined && { metadata }),
  };
}

/** Lists and objects are left for the linter to name. */
function strings(variables: Readonly<Record<string, unknown>>): Record<string, string> {
  const set = Object.entries(variables).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(
    set.map(([name, value]) => [name, typeof value === 'object' ? (value as unknown as string) : String(value)]),
  );
}
