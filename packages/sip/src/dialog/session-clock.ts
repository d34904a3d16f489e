import type { Schedule } from '../transaction/index.ts';

/** What was agreed on about keeping a session alive (RFC 4028). */
export interface SessionTerms {
  /** Without a refresh within so long the session is over. */
  readonly seconds: number;
  /** Who refreshes. */
  readonly refresher: 'us' | 'peer';
  /** How we do: INVITE where the peer takes no UPDATE (RFC 4028 7.4). Default UPDATE. */
  readonly method?: 'UPDATE' | 'INVITE';
  /** The Min-SE that a 422 asked for, seconds. */
  readonly minSeconds?: number;
}

/** What came of a refresh of ours. */
export interface RefreshAnswer {
  /** The final status; 408 for none, 503 where the request could not be sent. */
  readonly status: number;
  /** What a 2xx says of the terms. */
  readonly seconds?: number;
  readonly refresher?: 'us' | 'peer';
  /** The Min-SE of a 422, seconds. */
  readonly minSeconds?: number;
  readonly retryAfterMs?: number;
}

interface SessionClockOptions {
  readonly schedule: Schedule;
  /** A whole number below `below`. */
  readonly draw: (below: number) => number;
  /** Half of the time is over and the refresh is ours; also again after one that failed. */
  readonly onRefreshDue: (terms: SessionTerms) => void;
  /** No refresh came in time (RFC 4028 10). */
  readonly onExpired: () => void;
}

const retryMs = 10_000;
/** The longest pause between two tries, whatever a Retry-After says: the session must not expire over it. */
const longestRetryMs = 30_000;
/** Who does not own the Call-ID comes again within this after a 491 (RFC 3261 14.1). */
const glareMs = 2_000;

/** The session timer of one dialog (RFC 4028 10). Off until terms are agreed on. */
export class SessionClock {
  readonly #options: SessionClockOptions;
  #terms: SessionTerms | undefined;
  #stopRefresh = () => {};
  #stopExpiry = () => {};

  constructor(options: SessionClockOptions) {
    this.#options = options;
  }

  /** The session was set up or refreshed on these terms; without terms it never expires. */
  restart(terms: SessionTerms | undefined): void {
    this.stop();
    this.#terms = terms;
    if (!terms) return;
    const wholeMs = terms.seconds * 1_000;
    this.#stopExpiry = this.#options.schedule(wholeMs - Math.min(32_000, wholeMs / 3), () => {
      this.stop();
      this.#options.onExpired();
    });
    if (terms.refresher === 'us') this.#refreshIn(wholeMs / 2);
  }

  /** Another offer is under way: the refresh comes again a little later (RFC 3261 14.1). */
  busy(): void {
    this.#refreshIn(this.#options.draw(glareMs));
  }

  /**
   * Our refresh was answered: 2xx starts anew, 408 and 481 end the session, 422 asks for longer terms, 405 and 501 for
   * another method, 491 for a short pause; others are tried again.
   */
  refreshed(answer: RefreshAnswer): void {
    const terms = this.#terms;
    if (!terms) return;
    const { status, seconds = terms.seconds, refresher = 'us', minSeconds = 0, retryAfterMs = retryMs } = answer;
    if (status >= 200 && status < 300) return this.restart({ ...terms, seconds, refresher });
    if (status === 408 || status === 481) return this.#expire();
    if (status === 422 && minSeconds > terms.seconds) return this.#again({ ...terms, seconds: minSeconds, minSeconds });
    if ((status === 405 || status === 501) && terms.method !== 'INVITE') {
      return this.#again({ ...terms, method: 'INVITE' });
    }
    if (status === 491) return this.busy();
    this.#refreshIn(Math.min(retryAfterMs, longestRetryMs));
  }

  stop(): void {
    this.#stopRefresh();
    this.#stopExpiry();
    this.#terms = undefined;
  }

  #again(terms: SessionTerms): void {
    this.#terms = terms;
    this.#refreshIn(0);
  }

  #expire(): void {
    this.stop();
    this.#options.onExpired();
  }

  #refreshIn(delayMs: number): void {
    this.#stopRefresh();
    this.#stopRefresh = this.#options.schedule(delayMs, () => this.#terms && this.#options.onRefreshDue(this.#terms));
  }
}
