/** A renewed certificate is taken up while calls go on; one that cannot be used is said and the old one stays. */
import { renderFault, renderWarning, type TlsConfig, type TlsReading } from './config/index.ts';
import type { Log } from './observe/index.ts';
import type { Clock } from './runners/clock.ts';

/** How often the settings' files are looked at unasked. */
const LOOK_EVERY_MS = 60_000;

export interface TlsWatchDeps {
  /** What is in use. */
  readonly current: TlsConfig;
  readonly reread: () => TlsReading;
  /** Puts it in force; throws where it cannot be used. */
  readonly use: (tls: TlsConfig) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface TlsWatch {
  /** Looks now, because somebody asked (SIGHUP): the log has an answer in any case. */
  look(): void;
  stop(): void;
}

/** Looks every minute. Each fault and warning is logged once, until somebody asks. */
export function watchTls({ current, reread, use, clock, log }: TlsWatchDeps): TlsWatch {
  let inUse = current;
  const told = new Set<string>();
  const tell = (event: string, text: string) => {
    if (told.has(text)) return;
    told.add(text);
    log.warn(event, { reason: text });
  };
  const look = (isAsked: boolean) => {
    const reading = reread();
    if (!reading.ok) return reading.faults.forEach((fault) => void tell('tls_kept', renderFault(fault)));
    for (const warning of reading.warnings) tell('tls_warning', renderWarning(warning));
    if (isSame(reading.tls, inUse)) return void (isAsked && log.info('tls_unchanged'));
    try {
      use(reading.tls);
      inUse = reading.tls;
      told.clear();
      log.info('tls_renewed');
    } catch (error) {
      tell('tls_kept', (error as NodeJS.ErrnoException).code ?? 'the certificate cannot be used');
    }
  };
  let cancel = () => {};
  const later = () => {
    cancel = clock.after(LOOK_EVERY_MS, () => {
      look(false);
      later();
    });
  };
  later();
  return {
    look() {
      told.clear();
      look(true);
    },
    stop: () => cancel(),
  };
}

const isSame = (one: TlsConfig, other: TlsConfig): boolean =>
  one.cert === other.cert && one.key === other.key && one.ca === other.ca;
