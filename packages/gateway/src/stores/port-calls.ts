/** The store's commands for calls. */
import type { CallMediaStats, Json, JsonObject } from '@pickup/contract';
import type { EdgeMemo, FieldFilter, Page, PageRequest } from './port.ts';
import type { AgentWanted } from './port-chats.ts';
import type { EventHook } from './port-events.ts';

export type CallStatus = 'registered' | 'not_connected' | 'ongoing' | 'ended' | 'error';

/** The call object's stored fields, in Retell's names (H4). */
export interface CallRow {
  readonly call_id: string;
  readonly call_status: CallStatus;
  readonly agent_id: string;
  readonly agent_version: number;
  readonly agent_name?: string;
  readonly agent_tag?: string;
  readonly direction: 'inbound' | 'outbound';
  readonly from_number: string;
  readonly to_number: string;
  readonly metadata?: JsonObject;
  readonly retell_llm_dynamic_variables?: Readonly<Record<string, string>>;
  readonly custom_sip_headers?: Readonly<Record<string, string>>;
  /** Set by update-call. */
  readonly custom_attributes?: Readonly<Record<string, string | number | boolean>>;
  readonly data_storage_setting?: string;
  readonly start_timestamp?: number;
  readonly end_timestamp?: number;
  readonly disconnection_reason?: string;
  /** Figures of the audio, once the call is over (ours). */
  readonly media_stats?: CallMediaStats;
  readonly transcript?: string;
  readonly transcript_object?: Json;
  readonly inbound_id?: string;
  readonly node_id?: string;
  /** Kept while ongoing, for the BYE after a crash. */
  readonly dialog?: EdgeMemo;
  readonly event_hook?: EventHook;
  /** The registration's own override and expiry (A3). */
  readonly registration?: JsonObject;
  /** Epoch ms of creation; lists are ordered by it. */
  readonly created_timestamp: number;
}

export interface CallListRequest extends PageRequest {
  /** All hold. `duration_ms` is a field too. */
  readonly filters?: readonly FieldFilter[];
  /** Any of these agents; without versions, any version. */
  readonly agents?: readonly AgentWanted[];
  readonly skip?: number;
  readonly include_total?: boolean;
  /** Left out of the rows. */
  readonly omit?: readonly (keyof CallRow)[];
}

export interface CallCommands {
  registerCall(call: CallRow): Promise<void>;
  /** Claims a registered call for an inbound (S4); `busy` while another INVITE rings on it. */
  claimRegisteredCall(
    callId: string,
    inboundId: string,
    now: number,
  ): Promise<
    | { readonly claim: 'claimed'; readonly call: CallRow }
    | { readonly claim: 'busy' | 'expired' | 'unknown' | 'answered' }
  >;
  /** Gives the claim back when the inbound did not connect. */
  releaseRegisteredCall(callId: string, inboundId: string): Promise<void>;
  /** Registered calls past their five minutes become `error`/`registered_call_timeout`; says how many. */
  expireRegisteredCalls(now: number): Promise<number>;
  updateCall(callId: string, change: Partial<CallRow>): Promise<CallRow | undefined>;
  /**
   * The end of a connected call. `spoken` is left out where the call's `data_storage_setting`, as it stands by then,
   * keeps nothing of what was said. A call that was deleted meanwhile stays so.
   */
  endCall(callId: string, end: Partial<CallRow>, spoken: Partial<CallRow>): Promise<void>;
  deleteCall(callId: string): Promise<boolean>;
  getCall(callId: string): Promise<CallRow | undefined>;
  /**
   * By creation. Where filters have no index a page may end before it is full, with `has_more` and a key to go on from,
   * and `total` may be left out: neither looks through calls for longer than a few seconds. The id of a call is a
   * pagination key too.
   */
  listCalls(request: CallListRequest): Promise<Page<CallRow>>;
  /** The same as JSON text, calls as `callBody` shows them: a long list is written where no call waits for it. */
  listCallsAsText(request: CallListRequest): Promise<string>;
  /** Calls `ongoing` on this node: after a crash they are ended (H3). */
  ongoingCalls(nodeId: string): Promise<readonly CallRow[]>;
}
