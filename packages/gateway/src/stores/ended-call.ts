/** The end of a connected call as it is stored. */
import type { CallRow } from './port.ts';

/** The storage setting that keeps nothing of what was said. */
const BASIC = 'basic_attributes_only';

/** Does the call's storage setting let what was said be kept? */
export function keepsSpeech(call: Pick<CallRow, 'data_storage_setting'>): boolean {
  return call.data_storage_setting !== BASIC;
}

/** The call with its end, and with what was said where that may be kept. */
export function endedCall(call: CallRow, end: Partial<CallRow>, spoken: Partial<CallRow>): CallRow {
  return { ...call, ...end, ...(keepsSpeech(call) && spoken), call_id: call.call_id };
}
