import type { SipHead, SipRequest } from '../message/index.ts';
import type { Outlet, Source, Transport } from '../transport/port.ts';

/** One admitted request on its way through the server. */
export interface Arrival {
  readonly request: SipRequest;
  readonly head: SipHead;
  readonly source: Source;
  readonly transport: Transport;
  /** The way its responses go. */
  readonly outlet: Outlet;
  /** From who may be anybody: what the rules refuse of it leaves nothing behind. */
  readonly isUnproven?: boolean;
}
