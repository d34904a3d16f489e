/** The store's commands for purchases of numbers: what was begun is durable before the provider is asked to sell. */
import type { NumberProvider } from '@pickup/contract';

/** One purchase, from the choice of a number until the buyer has been told. */
export interface PurchaseRow {
  /** Marks what was bought at the provider. */
  readonly purchase_id: string;
  /** What was asked for; a repetition of the request has the same. */
  readonly fingerprint: string;
  readonly provider: NumberProvider;
  /** The number that the provider is asked to sell. */
  readonly phone_number: string;
  /**
   * `begun`: it may have been bought, and nobody wrote that down. `stored`: the number is here, and whether the buyer
   * was told is not known. `answered`: the buyer was told. `failed`: nothing was bought.
   */
  readonly state: 'begun' | 'stored' | 'answered' | 'failed';
  /** Epoch ms. */
  readonly created_timestamp: number;
  /** Epoch ms of the last change. */
  readonly updated_timestamp: number;
}

export interface PurchaseCommands {
  /** Creates or replaces. */
  putPurchase(row: PurchaseRow): Promise<void>;
  /** Those that are `begun` or `stored`, oldest first; of one fingerprint, or all. */
  openPurchases(fingerprint?: string): Promise<readonly PurchaseRow[]>;
}
