/** The body of replay-inbound. */
import { field, nonEmptyText } from '../settings/field.ts';
import { type BodyResult, bodyResult, readBody, table } from './body.ts';

/** Where a recorded request is sent again. */
export interface ReplayBody {
  /** Default: the URL that the number has now. */
  readonly webhook_url?: string;
  /** Signs what goes to `webhook_url`; default: one that is made for this replay. */
  readonly signing_key?: string;
}

/** The members of a replay. */
export const REPLAY_FIELDS = table({ webhook_url: field(nonEmptyText()), signing_key: field(nonEmptyText()) });

/** Reads a replay's body; none at all is the empty one. */
export function parseReplay(value: unknown): BodyResult<ReplayBody> {
  const read = readBody(value ?? {}, REPLAY_FIELDS);
  return bodyResult(read.value as ReplayBody, read.issues);
}
