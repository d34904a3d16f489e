import type { Schedule } from '../transaction/index.ts';

/** What was agreed on about keeping a session alive (RFC 4028). */
export interface SessionTerms {
  /** Without a refresh within so long the session is over. */
  readonly seconds: number;
  /** Who refreshes. */
  readonly refresher: 'us' | 'peer';
}

interface SessionClockOptions {
  readonly schedule: Schedule;
  /** Half of the time is over and the refresh is ours; also 10 s after one that failed. */
  readonly onRefreshDue: (terms: SessionTerms) => void;
  /** No refresh came in time (RFC 4028 10). */
  readonly onExpired: () => void;
}

const retryMs = 10_000;

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

  /** Our refresh was answered: 2xx starts anew, 408 and 481 end the session, others are tried again. */
  refreshed(status: number): void {
    if (!this.#terms) return;
    if (status >= 200 && status < 300) return this.restart(this.#terms);
    if (status !== 408 && status !== 481) return this.#refreshIn(retryMs);
    this.stop();
    this.#options.onExpired();
  }

  stop(): void {
    this.#stopRefresh();
    this.#stopExpiry();
    this.#terms = undefined;
  }

  #refreshIn(delayMs: number): void {
    this.#stopRefresh();
    this.#stopRefresh = this.#options.schedule(delayMs, () => this.#terms && this.#options.onRefreshDue(this.#terms));
  }
}
