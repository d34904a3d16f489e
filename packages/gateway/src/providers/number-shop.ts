/**
 * Where numbers are bought and given back: the port that Twilio and Telnyx are put behind.
 *
 * What a purchase relies on:
 *   N1 exactly one named number is asked for, so that asking twice can never buy two
 *   N2 what is bought carries the id of its purchase, and is found by it
 *   N3 it is pointed at this gateway with the purchase itself, and pointing it again changes nothing
 *   N4 giving back a number that the account does not have is no failure
 */
import type { NumberProvider, NumberWish } from '@pickup/contract';

/** Names for people. */
export const PROVIDER_LABELS: Readonly<Record<NumberProvider, string>> = { twilio: 'Twilio', telnyx: 'Telnyx' };

/**
 * A provider that did not do what it was asked. `refused`: it said no, and nothing was done. `silent`: it failed, was not
 * reached or gave no answer, and what it did is not known. The message is public: it holds no secret.
 */
export class ProviderFault extends Error {
  override readonly name = 'ProviderFault';
  readonly kind: 'refused' | 'silent';

  constructor(kind: 'refused' | 'silent', message: string) {
    super(message);
    this.kind = kind;
  }
}

/** A purchase as the provider hears of it. */
export interface Purchase {
  /** At most 64 characters. */
  readonly purchase_id: string;
  readonly phone_number: string;
}

/** `reason` ends a sentence: "it was not sold: …". Another number may be. */
export type Sale = { readonly sold: true } | { readonly sold: false; readonly reason: string };

/** One account at a provider. All methods throw `ProviderFault`, each request within 15 s. */
export interface NumberShop {
  readonly provider: NumberProvider;
  /** What the buyer should know of the account, such as that it is a trial. */
  accountWarnings(): Promise<readonly string[]>;
  /** Numbers on sale that are as wished, at most ten. */
  search(wish: NumberWish): Promise<readonly string[]>;
  buy(purchase: Purchase): Promise<Sale>;
  /** Has the account got this number by this purchase? */
  isBought(purchase: Purchase): Promise<boolean>;
  /** Points a number of the account at this gateway. */
  point(phoneNumber: string): Promise<void>;
  /** Gives it back. */
  release(phoneNumber: string): Promise<'released' | 'not_ours'>;
  /** What of the number's settings at the provider differs from what `point` sets, a sentence each. */
  differences(phoneNumber: string): Promise<readonly string[]>;
}
