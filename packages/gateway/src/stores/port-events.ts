/** The store's commands for event webhooks. */

/** Where a call's events go, fixed when the call is: later changes of the agent do not touch it (E8). */
export interface EventHook {
  /** Variables are rendered. */
  readonly url: string;
  /** Names of the events that are wanted. */
  readonly events: readonly string[];
  /** Of each attempt. */
  readonly timeout_ms: number;
}

/** One try of an event's webhook. */
export interface EventAttempt {
  /** Epoch ms. */
  readonly start_timestamp: number;
  readonly status?: number;
  /** Class of the failure where no answer came. */
  readonly error?: string;
}

export interface EventRow {
  /** `<call id>.<event>`, likewise of a chat: each has an event once. */
  readonly event_id: string;
  /** The call or chat. */
  readonly subject_id: string;
  readonly event: string;
  readonly url: string;
  readonly timeout_ms: number;
  /** JSON as it is sent and signed. */
  readonly body: string;
  readonly created_timestamp: number;
  readonly attempts: readonly EventAttempt[];
  /** When it is due; absent once it was delivered or given up. */
  readonly next_timestamp?: number;
}

/**
 * Event webhooks. They are created in the same commit as the change they tell of (settleInbound, updateCall, endCall,
 * expireRegisteredCalls), by the rules of call-events.ts, so none is lost and none is told twice.
 */
export interface EventCommands {
  /**
   * The events due, the longest due first. One whose subject has an earlier event that was not tried yet is not due:
   * first attempts are in order, and a failing event holds no later one back.
   */
  dueEvents(now: number, limit: number): Promise<readonly EventRow[]>;
  /** Adds an attempt; without `nextTimestamp` nothing more is tried. */
  recordEventAttempt(eventId: string, attempt: EventAttempt, nextTimestamp?: number): Promise<void>;
  /** In the order of their creation. */
  listEvents(subjectId: string): Promise<readonly EventRow[]>;
}
