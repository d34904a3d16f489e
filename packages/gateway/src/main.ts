/** The gateway as one process: starts everything in order, says when it takes calls, and stops as H5 asks. */
import { compose, type Gateway } from './compose.ts';
import type { Config, TlsReading } from './config/index.ts';
import type { SipEdge } from './edges/sip/sip-edge.ts';
import { createLog, type Log } from './observe/index.ts';
import { systemClock } from './runners/clock.ts';
import { readLeftOpen, recover } from './runners/recover.ts';
import { loadSampleData } from './samples/load-sample-data.ts';
import type { Store } from './stores/index.ts';
import { type TlsWatch, watchTls } from './watch-tls.ts';

export interface ServeOptions {
  readonly config: Config;
  readonly stdout: { write(text: string): void };
  /** Default: JSON lines on stderr. */
  readonly log?: Log;
  /** Writes the sample data first; the sample number asks this URL. */
  readonly samples?: { readonly webhookUrl: string };
  /** Reads certificate and key anew, at SIGHUP and every minute; default: those of `config` stay. */
  readonly rereadTls?: () => TlsReading;
  /** Default: SQLite in the data folder. */
  readonly openStore?: (options: { readonly folder: string; readonly log: Log }) => Store;
}

export interface RunningGateway extends Gateway {
  readonly httpUrl: string;
  /** `host:port` of the first SIP listener. */
  readonly sip: string;
  /** H5: new calls 503, ringing ones run to their outcome, connected ones have the drain time. */
  stop(): Promise<void>;
  /** A second SIGTERM: whoever rings hears 500, whoever talks a BYE, at once. */
  stopNow(): Promise<void>;
}

/** How often forgotten registrations (A3) and silent chats are ended. */
const EXPIRE_EVERY_MS = 10_000;
/** A store that cannot write holds up a stop, but not a second signal: what is open then is settled at the next start. */
const STOP_NOW_LIMIT_MS = 5_000;

/** Starts; rejects with an error whose message names the port, folder or key that is in the way. */
export async function serve(options: ServeOptions): Promise<RunningGateway> {
  const { config } = options;
  const log =
    options.log ?? createLog({ write: (line) => process.stderr.write(line), level: 'info', clock: systemClock });
  const { openStore } = options;
  const gateway = await compose({ config, log, clock: systemClock, ...(openStore && { openStore }) });
  try {
    if (options.samples) {
      const { apiKey, isOwnEndpoint } = config.models;
      const hasModel = apiKey !== undefined || isOwnEndpoint;
      await loadSampleData(gateway.store, { ...options.samples, hasModel, now: systemClock.wallMs() });
    }
    const left = await readLeftOpen(gateway.store, { nodeId: gateway.nodeId, clock: systemClock });
    const httpUrl = await gateway.listen();
    const sip = await gateway.openSip();
    await recover(left, { store: gateway.store, sip, clock: systemClock, log });
    const stopExpiring = every(EXPIRE_EVERY_MS, () => endForgotten(gateway), log);
    const stopWatching = watchFiles(options, gateway, sip, log);
    const address = sip.addresses[0];
    const sipText = address ? hostPort(address.host, address.port) : '';
    options.stdout.write(`ready http=${httpUrl} sip=${sipText}\n`);
    return {
      ...gateway,
      httpUrl,
      sip: sipText,
      ...stopping(gateway, sip, { stopExpiring, stopWatching, drainMs: config.drainMs }),
    };
  } catch (error) {
    await gateway.close();
    throw error;
  }
}

/** At SIGHUP the operator's files are read anew: voices and models, and the certificate where there is one. */
function watchFiles(options: ServeOptions, gateway: Gateway, sip: SipEdge, log: Log): () => void {
  const tls = watchCertificate(options, sip, log);
  const look = () => {
    gateway.lookAtCatalogue();
    tls?.look();
  };
  process.on('SIGHUP', look);
  return () => {
    process.off('SIGHUP', look);
    tls?.stop();
  };
}

function watchCertificate({ config, rereadTls }: ServeOptions, sip: SipEdge, log: Log): TlsWatch | undefined {
  if (!config.sip.tls || !rereadTls) return undefined;
  return watchTls({
    current: config.sip.tls,
    reread: rereadTls,
    use: (tls) => sip.useTls(tls),
    clock: systemClock,
    log,
  });
}

function stopping(
  gateway: Gateway,
  sip: SipEdge,
  given: { readonly stopExpiring: () => void; readonly stopWatching: () => void; readonly drainMs: number },
) {
  const refuseNew = () => {
    given.stopExpiring();
    gateway.stopTaking();
    sip.drain();
  };
  const drain = async (limitMs: number) => {
    refuseNew();
    await gateway.runner.idle();
    await gateway.sessions.drain(limitMs);
    // A BYE of ours needs a moment to leave and be answered.
    await new Promise<void>((resolve) => setTimeout(resolve, 100));
    await sip.close();
    given.stopWatching();
    await gateway.close();
  };
  let stopped: Promise<void> | undefined;
  const once = (limitMs: number) => {
    stopped ??= drain(limitMs);
    return stopped;
  };
  return {
    stop: () => once(given.drainMs),
    async stopNow() {
      refuseNew();
      gateway.runner.interruptAll();
      const ended = gateway.sessions.drain(0).then(() => once(0));
      await Promise.race([ended, new Promise<void>((resolve) => setTimeout(resolve, STOP_NOW_LIMIT_MS))]);
    },
  };
}

async function endForgotten({ store, chats }: Gateway): Promise<void> {
  await store.expireRegisteredCalls(systemClock.wallMs());
  await chats.endSilent();
}

function every(ms: number, work: () => Promise<unknown>, log: Log): () => void {
  const timer = setInterval(() => {
    work().catch((error) => log.error('expire_failed', { error: String(error) }));
  }, ms);
  timer.unref();
  return () => clearInterval(timer);
}

function hostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
