/** What two MESSAGEs have in common when one is the other sent again (case 76). */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from '@pickup/sip';

const LONGEST_CHARS = 200;

/** Call-ID, CSeq and From tag; a digest of them where a peer makes them long. */
export function messageId({ callId, cseq, fromTag }: Pick<IncomingMessage, 'callId' | 'cseq' | 'fromTag'>): string {
  const id = `${callId} ${cseq} ${fromTag}`;
  return id.length <= LONGEST_CHARS ? id : createHash('sha256').update(id).digest('hex');
}
