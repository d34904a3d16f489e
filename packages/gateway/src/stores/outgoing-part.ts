/** How a part goes from state to state. One meaning for every driver. */
import type { EdgeName } from '@pickup/contract';
import type { OutgoingRow, PartResult } from './port.ts';

const RANK: Readonly<Record<OutgoingRow['state'], number>> = {
  queued: 0,
  sending: 1,
  accepted: 2,
  sent: 3,
  delivered: 4,
  failed: 5,
};

/** Is it out of the way of the next one? */
export function isOut({ state }: OutgoingRow): boolean {
  return RANK[state] >= RANK.sent;
}

/** Taken to be sent; one that the provider has stays as it is. */
export function begunPart(part: OutgoingRow, now: number): OutgoingRow {
  if (part.state !== 'queued') return part;
  return { ...part, state: 'sending', sending_timestamp: part.sending_timestamp ?? now };
}

/** After a try; one that is out changes no more. */
export function triedPart(part: OutgoingRow, result: PartResult, now: number): OutgoingRow {
  if (isOut(part)) return part;
  if (result.state !== 'failed') {
    const { state, edge, provider_message_id: id } = result;
    const taken = { ...part, state, accepted_timestamp: part.accepted_timestamp ?? now };
    return withoutBody(id === undefined ? taken : { ...taken, edge, provider_message_id: id });
  }
  const { final, known, code, message } = result;
  const failed: OutgoingRow = {
    ...part,
    state: final ? 'failed' : known ? 'queued' : 'sending',
    failures: part.failures + 1,
    error_message: message,
    ...(code !== undefined && { error_code: code }),
  };
  return final ? withoutBody(failed) : failed;
}

/** After a word of the provider; undefined where it says nothing new. */
export function toldPart(
  part: OutgoingRow,
  told: {
    readonly edge: EdgeName;
    readonly provider_message_id: string;
    readonly status: 'sent' | 'delivered' | 'failed';
    readonly code?: string;
  },
): OutgoingRow | undefined {
  if (RANK[told.status] <= RANK[part.state]) return undefined;
  const { edge, provider_message_id, status: state, code } = told;
  return withoutBody({ ...part, edge, provider_message_id, state, ...(code !== undefined && { error_code: code }) });
}

/** What was said stands in the chat, as far as that may be kept. */
function withoutBody({ body: _body, ...part }: OutgoingRow): OutgoingRow {
  return part;
}
