/** What the operator reads of those who were turned away: once per address, with the exact line that lets it in. */
import type { Cidr } from '../../../config/index.ts';
import type { Log } from '../../../observe/index.ts';
import { BAN_MS } from './flood-ban.ts';
import { RecentMap } from './recent-map.ts';

/** A flood of made-up addresses must not become a flood of lines. */
const MOST_LINES = 1_000;
const PER_MS = 3_600_000;
/** So many challenges without an answer are no coincidence. */
const UNANSWERED = 3;
const MOST_CHALLENGED = 2_000;

export class RefusalLog {
  readonly #log: Log;
  readonly #peers: string;
  /** What was said of whom in this hour. */
  readonly #said = new Set<string>();
  #since = 0;
  readonly #unanswered = new RecentMap<number>(MOST_CHALLENGED);
  readonly #offersMore: boolean;

  constructor(log: Log, sip: { readonly peers: readonly Cidr[]; readonly digests: readonly string[] }) {
    this.#log = log;
    this.#offersMore = sip.digests.some((hash) => hash !== 'MD5');
    this.#peers = sip.peers.map((peer) => peer.text).join(',');
  }

  /** A request of an address nobody named. */
  refused(address: string, nowMs: number): void {
    if (this.#isNew(`refused ${address}`, nowMs)) this.#log.warn('sip_peer_refused', this.#about(address));
  }

  /** A challenge was sent. Who never answers one may not be able to: it is told after the third. */
  challenged(address: string, nowMs: number): void {
    const count = (this.#unanswered.get(address) ?? 0) + 1;
    this.#unanswered.set(address, count);
    if (count !== UNANSWERED || !this.#offersMore || !this.#isNew(`unanswered ${address}`, nowMs)) return;
    this.#log.warn('sip_challenge_unanswered', { address, where_only_md5_is_known: 'PICKUP_SIP_DIGEST=MD5' });
  }

  /** A challenge was answered. */
  proven(address: string): void {
    this.#unanswered.delete(address);
  }

  /** Credentials that do not hold. */
  notProven(address: string, nowMs: number): void {
    this.#unanswered.delete(address);
    if (!this.#isNew(`not proven ${address}`, nowMs)) return;
    this.#log.warn('sip_credentials_refused', {
      address,
      hint: 'sip_inbound_username or sip_inbound_password of the number called is another',
    });
  }

  /** The password of a number's callers is sealed with a key that is not here: nobody can show it. */
  notOpened(phoneNumber: string, error: unknown, nowMs: number): void {
    if (!this.#isNew(`not opened ${phoneNumber}`, nowMs)) return;
    this.#log.error('sip_inbound_password_not_opened', { 'pii.phone_number': phoneNumber, error: String(error) });
  }

  /** Silence begins. */
  banned(address: string, nowMs: number): void {
    if (!this.#isNew(`banned ${address}`, nowMs, BAN_MS)) return;
    this.#log.warn('sip_flood_banned', { ...this.#about(address), seconds: BAN_MS / 1_000 });
  }

  #about(address: string) {
    const block = `${address}/${address.includes(':') ? 128 : 32}`;
    return { address, allow_with: `PICKUP_SIP_PEERS=${this.#peers === '' ? '' : `${this.#peers},`}${block}` };
  }

  /** `again`: a line that may come back within the hour, every so many ms. */
  #isNew(what: string, nowMs: number, again?: number): boolean {
    if (nowMs - this.#since >= PER_MS) {
      this.#since = nowMs;
      this.#said.clear();
    }
    const line = again === undefined ? what : `${what} ${Math.floor(nowMs / again)}`;
    if (this.#said.has(line) || this.#said.size >= MOST_LINES) return false;
    this.#said.add(line);
    return true;
  }
}
