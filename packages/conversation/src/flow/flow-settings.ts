/** What an agent's settings mean for keys and silence, with Retell's names, ranges and defaults. */
import type { NodeOverrides } from './flow-graph.ts';
import { fieldsOf, flagIn, numberIn, own, textIn } from './read-json.ts';

export interface FlowSettings {
  /** `allow_user_dtmf`; default true. */
  readonly acceptsKeys: boolean;
  /** `user_dtmf_options.digit_limit`, 1 to 50; default 50. */
  readonly digitLimit: number;
  /** `user_dtmf_options.termination_key`; default none. */
  readonly terminationKey?: string;
  /** `user_dtmf_options.timeout_ms`, 1,000 to 15,000, from the last key; default 2,500. */
  readonly digitTimeoutMs: number;
  /** `allow_dtmf_interruption`; default false. */
  readonly allowDtmfInterruption: boolean;
  /** `interruption_sensitivity`, 0 to 1; default 1. */
  readonly interruptionSensitivity: number;
  /** `reminder_trigger_ms`; default 10,000. */
  readonly reminderAfterMs: number;
  /** `reminder_max_count`; default 1. */
  readonly reminderMaxCount: number;
}

const MAX_DIGITS = 50;

/** From `agent` settings as stored; ill-typed fields count as absent. */
export function flowSettings(agent: unknown): FlowSettings {
  const fields = fieldsOf(agent);
  const options = fieldsOf(own(fields, 'user_dtmf_options'));
  const terminationKey = textIn(options, 'termination_key');
  return {
    acceptsKeys: flagIn(fields, 'allow_user_dtmf') ?? true,
    digitLimit: Math.ceil(numberIn(options, 'digit_limit', 1, MAX_DIGITS) ?? MAX_DIGITS),
    ...(terminationKey !== undefined && isDigit(terminationKey) && { terminationKey }),
    digitTimeoutMs: numberIn(options, 'timeout_ms', 1_000, 15_000) ?? 2_500,
    allowDtmfInterruption: flagIn(fields, 'allow_dtmf_interruption') ?? false,
    interruptionSensitivity: numberIn(fields, 'interruption_sensitivity', 0, 1) ?? 1,
    reminderAfterMs: numberIn(fields, 'reminder_trigger_ms', 1, Number.MAX_SAFE_INTEGER) ?? 10_000,
    reminderMaxCount: Math.floor(numberIn(fields, 'reminder_max_count', 0, Number.MAX_SAFE_INTEGER) ?? 1),
  };
}

/** The agent's settings with a node's own laid on top. */
export function nodeSettings(settings: FlowSettings, overrides: NodeOverrides): FlowSettings {
  const { voiceSpeed: _, ...own } = overrides;
  return { ...settings, ...own };
}

/** A key of a telephone: 0 to 9, `*`, `#`, and A to D, which RFC 4733 events 12 to 15 carry. */
export function isDigit(key: string): boolean {
  return /^[0-9*#A-D]$/.test(key);
}
