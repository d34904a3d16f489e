/** The store's commands for chats. What each promises stands with them; S7 is cited by the conformance suite. */
import type { JsonObject } from '@pickup/contract';
import type { EventHook, FieldFilter, Page, PageRequest } from './port.ts';

export type ChatStatus = 'ongoing' | 'ended' | 'error';

/** What an analysis found; in Retell's names, on the row itself so that lists can ask for it. */
export interface ChatFindings {
  readonly chat_summary?: string;
  readonly user_sentiment?: string;
  readonly chat_successful?: boolean;
  readonly custom_analysis_data?: Readonly<Record<string, string | number | boolean>>;
}

/** What is stored of a chat beside its messages and its plan; in Retell's names where Retell has them. */
export interface ChatRow extends ChatFindings {
  readonly chat_id: string;
  readonly chat_type: 'api_chat' | 'sms_chat';
  readonly chat_status: ChatStatus;
  readonly agent_id: string;
  readonly agent_version: number;
  readonly agent_tag?: string;
  /** Of a chat by SMS; not shown on the chat object. */
  readonly from_number?: string;
  readonly to_number?: string;
  readonly metadata?: JsonObject;
  readonly retell_llm_dynamic_variables?: Readonly<Record<string, string>>;
  /** Set by update-chat. */
  readonly custom_attributes?: Readonly<Record<string, string | number | boolean>>;
  /** Laid over the session's variables from the next turn on. */
  readonly override_dynamic_variables?: Readonly<Record<string, string>>;
  /** Once the chat is over. */
  readonly collected_dynamic_variables?: Readonly<Record<string, string>>;
  readonly data_storage_setting: string;
  /** Epoch ms; lists are ordered by it. */
  readonly start_timestamp: number;
  readonly end_timestamp?: number;
  readonly duration_ms?: number;
  readonly disconnection_reason?: string;
  readonly event_hook?: EventHook;
  /** How many times the chat was advanced. */
  readonly turn: number;
  /** Where the conversation is; opaque to the store. */
  readonly state?: JsonObject;
  /** Epoch ms at which the chat has been silent for too long. */
  readonly expires_timestamp: number;
  /** Once the chat is over: how it is to be analysed. Absent: it is not. */
  readonly analysis_task?: JsonObject;
}

interface MessageBase {
  readonly message_id: string;
  /** Epoch ms. */
  readonly created_timestamp: number;
}

/** What somebody said. */
export interface SpokenMessage extends MessageBase {
  readonly role: 'agent' | 'user';
  readonly content: string;
}

/** The agent used a tool; `arguments` is JSON as the model wrote it. */
export interface ToolInvocationMessage extends MessageBase {
  readonly role: 'tool_call_invocation';
  readonly tool_call_id: string;
  readonly name: string;
  readonly arguments: string;
  readonly content?: never;
}

export interface ToolResultMessage extends MessageBase {
  readonly role: 'tool_call_result';
  readonly tool_call_id: string;
  readonly content: string;
  readonly successful: boolean;
}

export interface NodeTransitionMessage extends MessageBase {
  readonly role: 'node_transition';
  readonly former_node_id?: string;
  readonly former_node_name?: string;
  readonly new_node_id: string;
  readonly new_node_name: string;
  readonly transition_type: 'global' | 'global_go_back' | 'normal';
  readonly content?: never;
}

export interface StateTransitionMessage extends MessageBase {
  readonly role: 'state_transition';
  readonly former_state_name?: string;
  readonly new_state_name: string;
  readonly content?: never;
}

/** Retell's messages, with the tool calls and moves between them. */
export type ChatMessage =
  | SpokenMessage
  | ToolInvocationMessage
  | ToolResultMessage
  | NodeTransitionMessage
  | StateTransitionMessage;

export interface WholeChat {
  readonly chat: ChatRow;
  /** In order; none where the storage setting keeps nothing of what was said. */
  readonly messages: readonly ChatMessage[];
}

/** How a chat ends. */
export interface ChatEnd {
  readonly chat_status: 'ended' | 'error';
  readonly end_timestamp: number;
  readonly disconnection_reason: string;
  readonly collected_dynamic_variables?: Readonly<Record<string, string>>;
  /** The job is added in the same commit, and chat_analyzed told by `settleChatAnalysis`. */
  readonly analysis_task?: JsonObject;
}

/** One turn: what was said, where the conversation is then, and the chat's end if it was the last one. */
export interface ChatAdvance {
  readonly chat_id: string;
  /** `turn` of the row that this was made from. */
  readonly from_turn: number;
  readonly messages: readonly ChatMessage[];
  /** Absent: stays as it is. */
  readonly state?: JsonObject;
  /** What the session is like from now on, where another agent took over; absent: as before. */
  readonly plan?: JsonObject;
  readonly expires_timestamp?: number;
  readonly end?: ChatEnd;
}

/** Changes from outside of the conversation; null clears. */
export interface ChatChange {
  readonly metadata?: JsonObject;
  readonly retell_llm_dynamic_variables?: Readonly<Record<string, string>>;
  readonly override_dynamic_variables?: Readonly<Record<string, string>> | null;
  readonly custom_attributes?: Readonly<Record<string, string | number | boolean>>;
  readonly data_storage_setting?: string;
}

/** `behind`: another turn was made meanwhile; read the chat again. */
export type AdvanceResult =
  | { readonly advanced: true; readonly chat: ChatRow }
  | { readonly advanced: false; readonly why: 'behind' | 'over' | 'unknown' };

export interface ChatListRequest extends PageRequest {
  readonly filters?: readonly FieldFilter[];
  /** Any of these agents; without versions, any version. */
  readonly agents?: readonly AgentWanted[];
  readonly skip?: number;
  readonly include_total?: boolean;
}

export interface AgentWanted {
  readonly agent_id: string;
  readonly version?: readonly number[];
}

/** The commands; each writes the events of its change in the same commit, by the rules of chat-events.ts. */
export interface ChatCommands {
  /**
   * `plan` is what the session is like, held to until the chat ends and dropped then (E8). Fails where the id is taken.
   */
  createChat(chat: ChatRow, plan: JsonObject, messages: readonly ChatMessage[]): Promise<void>;
  /**
   * S7: of several turns made from the same one, one is taken and the others are told `behind`; messages stand in the
   * order of turns. A chat that is over changes no more. Messages are dropped where the storage setting, as it is by
   * then, keeps nothing of what was said. The turn is the chat's lock: nobody holds it, and whoever comes second knows.
   */
  advanceChat(advance: ChatAdvance): Promise<AdvanceResult>;
  /** The tightest storage setting takes what was said before with it. */
  updateChat(chatId: string, change: ChatChange): Promise<WholeChat | undefined>;
  /**
   * Stores what was found about a chat that is over and tells chat_analyzed, once. Undefined for a chat that is not there
   * or not over.
   */
  settleChatAnalysis(chatId: string, findings: ChatFindings): Promise<WholeChat | undefined>;
  /** With messages, plan and events. */
  deleteChat(chatId: string): Promise<boolean>;
  getChat(chatId: string): Promise<ChatRow | undefined>;
  getWholeChat(chatId: string): Promise<WholeChat | undefined>;
  /** Undefined once the chat is over. */
  getChatPlan(chatId: string): Promise<JsonObject | undefined>;
  /** Ongoing chats whose `expires_timestamp` has come, the earliest first. */
  silentChats(now: number, limit: number): Promise<readonly ChatRow[]>;
  /** By start. As with calls, a page of those found may end early, and `total` may be left out. */
  listChats(request: ChatListRequest): Promise<Page<ChatRow>>;
  listWholeChats(request: PageRequest): Promise<Page<WholeChat>>;
}
