import type { HeaderInput } from '../message/index.ts';
import type { ParsedOffer } from '../sdp/index.ts';
import type { DialogState } from './memo.ts';
import type { RefreshAnswer } from './session-clock.ts';

/** A dialog as our requests in it see it. */
export interface LocalSide {
  /** As it is now. */
  readonly state: DialogState;
  /** The CSeq of the next request. */
  nextSeq(): number;
  /** An answer to one of ours told of another target (RFC 3261 12.2.1.2). */
  refreshTarget(target: Partial<DialogState>): void;
}

/** How the session is to be refreshed. */
export interface RefreshRequest {
  readonly seconds: number;
  /** The Min-SE, where a 422 asked for one (RFC 4028 7.3). */
  readonly minSeconds?: number;
  readonly method: 'UPDATE' | 'INVITE';
  /** Our offer; with INVITE only. */
  readonly sdp?: string;
}

/** The requests that a dialog makes. None of the promises rejects. */
export interface DialogRequests {
  /** Resolves when the BYE was answered or given up. */
  bye(side: LocalSide, headers: HeaderInput | undefined): Promise<void>;
  /** Resolves with what came of it; `answer` is the SDP of a re-INVITE's 2xx. */
  refresh(
    side: LocalSide,
    request: RefreshRequest,
  ): Promise<RefreshAnswer & { readonly answer?: ParsedOffer | undefined }>;
}
