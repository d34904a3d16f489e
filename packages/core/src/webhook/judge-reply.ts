/** What an attempt's result means (C2, D). */
import {
  type AttemptError,
  type Channel,
  type Fault,
  type Issue,
  type Json,
  lintReply,
  parseReplyBody,
} from '@pickup/contract';
import type { AttemptResult } from '../inbound/event.ts';
import { cut } from '../inbound/move.ts';
import type { Wishes } from '../inbound/state.ts';
import { readRetryAfter } from './plan-retry.ts';

/** What an attempt means; told apart by `kind`. */
export type ReplyVerdict =
  /** Not a success: to be retried (C2). */
  | {
      readonly kind: 'failed';
      readonly error: AttemptError;
      readonly fault: Fault;
      readonly message: string;
      readonly reason?: string;
      readonly retryAfterMs?: number;
    }
  /** A 2xx that cannot be used: not retried (D3). */
  | { readonly kind: 'bad'; readonly issues: readonly Issue[]; readonly value?: Json }
  /** Success with no overrides (D2). */
  | { readonly kind: 'none'; readonly issues: readonly Issue[]; readonly value?: Json }
  /** `reject: true` (D8). */
  | { readonly kind: 'reject'; readonly issues: readonly Issue[]; readonly value: Json }
  | {
      readonly kind: 'overrides';
      readonly issues: readonly Issue[];
      readonly value: Json;
      readonly target: { readonly agent_id?: string; readonly version?: number | string };
      readonly wishes: Wishes;
    };

/** Judges a finished attempt; pure, and never throws on any bytes. */
export function judgeReply(result: AttemptResult, channel: Channel): ReplyVerdict {
  if (!result.received) {
    const { error, fault, message, reason } = result;
    return { kind: 'failed', error, fault, message, ...(reason !== undefined && { reason }) };
  }
  if (result.status < 200 || result.status > 299) return judgeStatus(result);
  if (result.status === 204) return { kind: 'none', issues: [] };
  const parsed = parseReplyBody(result.body, { truncated: result.truncated });
  if (!parsed.ok) return { kind: 'bad', issues: [parsed.issue] };
  if (parsed.value === undefined) return { kind: 'none', issues: [] };
  return judgeValue(parsed.value as Json, channel);
}

function judgeStatus(result: AttemptResult & { readonly received: true }): ReplyVerdict {
  const redirect = result.status >= 300 && result.status <= 399;
  const retryAfterMs = readRetryAfter(result.retryAfter);
  return {
    kind: 'failed',
    error: redirect ? 'redirect' : 'http_status',
    fault: 'endpoint',
    message: redirect ? `a redirect${toWhere(result.location)}, which is never followed (C7)` : NO_SUCCESS,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  };
}

const NO_SUCCESS = 'no success status (C2)';
const LONGEST_LOCATION = 200;

/** ` to /login` or ` to https://host/login`: without userinfo, query and fragment, which may be secrets (H1). */
function toWhere(location: string | undefined): string {
  const shown = location
    ?.replace(/[?#].*$/s, '')
    .replace(/^(https?:)?\/\/[^/@]*@/i, '$1//')
    .replace(/\p{Cc}/gu, '');
  return shown ? ` to ${cut(shown, LONGEST_LOCATION)}` : '';
}

function judgeValue(value: Json, channel: Channel): ReplyVerdict {
  const { reply, issues } = lintReply(value, { channel });
  switch (reply.kind) {
    case 'bad':
      return { kind: 'bad', issues, value };
    case 'none':
      return { kind: 'none', issues, value };
    case 'reject':
      return { kind: 'reject', issues, value };
    case 'overrides': {
      const { override_agent_id: id, override_agent_version: version, metadata, agent_override } = reply;
      return {
        kind: 'overrides',
        // Faults in the override are reported once it is laid on its target, refused or ignored (E6).
        issues: issues.filter((issue) => !reply.override_faults.includes(issue)),
        value,
        target: { ...(id !== undefined && { agent_id: id }), ...(version !== undefined && { version }) },
        wishes: {
          dynamic_variables: reply.dynamic_variables,
          ...(metadata !== undefined && { metadata }),
          ...(agent_override !== undefined && { agent_override }),
          faults: reply.override_faults,
        },
      };
    }
  }
}
