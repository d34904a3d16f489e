/** The media worker thread: owns the RTP sockets and the pacer, and nothing else of the process. */
import type { Buffer } from 'node:buffer';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { performance } from 'node:perf_hooks';
import { parentPort, workerData } from 'node:worker_threads';
import { Pacer } from './pacer.ts';
import { PortPool } from './port-pool.ts';
import type { FromWorker, ToWorker } from './protocol.ts';
import { randomWords } from './random-words.ts';
import { RtpSession } from './rtp-session.ts';
import type { Source } from './source-latch.ts';
import { raiseThreadPriority } from './thread-priority.ts';

interface Open {
  readonly session: RtpSession;
  readonly socket: Socket;
  readonly host: string;
  /** Of RTCP; absent where it shares the port of RTP, or none was free. */
  reports: Socket | undefined;
  isMuxed: boolean;
  readonly port: number;
  leavePacer: (() => void) | undefined;
}

const { ports } = workerData as { readonly ports: readonly [number, number] };
const outside = parentPort;
if (outside === null) throw new Error('media-worker.ts runs as a worker thread only');
raiseThreadPriority();

const random32 = randomWords();
const monoMs = () => performance.now();
const pool = new PortPool(ports, () => random32() / 2 ** 32);
const sessions = new Map<number, Open>();
const pacer = new Pacer({
  monoMs,
  after: (delayMs, fire) => {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
});

function emit(message: FromWorker): void {
  outside?.postMessage(message);
}

/** A socket on `port` of `host`, or `undefined` where the port is in use. Every other fault is thrown: another port has it too. */
async function bind(port: number, host: string): Promise<Socket | undefined> {
  const socket = createSocket({
    type: isIPv6(host) ? 'udp6' : 'udp4',
    ipv6Only: isIPv6(host),
    // Only literal addresses are ever sent to; the default lookup would defer every packet by a tick.
    lookup: (name, _options, done) => done(null, name, isIPv6(name) ? 6 : 4),
  });
  try {
    // Listened for first: with a synchronous lookup the event comes during bind.
    const listening = once(socket, 'listening');
    socket.bind({ port, address: host, exclusive: true });
    await listening;
    // An unreachable peer (ICMP) or a full buffer costs packets, never the call.
    socket.on('error', () => {});
    return socket;
  } catch (thrown) {
    socket.close();
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'EADDRINUSE') return undefined;
    throw thrown;
  }
}

/** A free port of the range, bound; `undefined` when every one is taken by us or by others. */
async function bindAny(host: string): Promise<{ readonly socket: Socket; readonly port: number } | undefined> {
  for (let tries = pool.free; tries > 0; tries -= 1) {
    const port = pool.take();
    if (port === undefined) return undefined;
    let socket: Socket | undefined;
    try {
      socket = await bind(port, host);
    } finally {
      if (socket === undefined) pool.release(port);
    }
    if (socket !== undefined) return { socket, port };
  }
  return undefined;
}

/** The RTCP socket beside an RTP port. A call goes on without it where the port is taken or beyond the range. */
async function bindReports(port: number, host: string): Promise<Socket | undefined> {
  if (port > ports[1]) return undefined;
  return bind(port, host).catch(() => undefined);
}

async function open(id: number, host: string): Promise<void> {
  const bound = await bindAny(host);
  if (bound === undefined) {
    emit({ kind: 'opened', session: id, port: undefined });
    return;
  }
  const { socket, port } = bound;
  const send = (packet: Buffer, to: Source) => socket.send(packet, to.port, to.address);
  const reports = await bindReports(port + 1, host);
  const session = new RtpSession({
    session: id,
    send,
    sendReport: (packet, to) => opened.reports?.send(packet, to.port, to.address),
    wallOffsetMs: Date.now() - monoMs(),
    emit,
    random32,
  });
  socket.on('message', (datagram, from) => guarded(id, () => session.receive(datagram, from, monoMs())));
  const opened: Open = { session, socket, host, reports: undefined, isMuxed: false, port, leavePacer: undefined };
  sessions.set(id, opened);
  hearReports(id, opened, reports);
  emit({ kind: 'opened', session: id, port });
}

function hearReports(id: number, open: Open, reports: Socket | undefined): void {
  open.reports = reports;
  reports?.on('message', (datagram, from) => guarded(id, () => open.session.receiveReport(datagram, from, monoMs())));
}

/** A call whose RTCP shares the port of RTP needs no second socket; one that ceases to share it gets one again. */
function followMux(id: number, open: Open, isMuxed: boolean): void {
  open.isMuxed = isMuxed;
  if (isMuxed) {
    open.reports?.close();
    open.reports = undefined;
  } else if (open.reports === undefined) {
    void bindReports(open.port + 1, open.host).then((reports) => {
      const isWanted = sessions.get(id) === open && open.reports === undefined && !open.isMuxed;
      if (isWanted) hearReports(id, open, reports);
      else reports?.close();
    });
  }
}

function close(id: number): void {
  const open = sessions.get(id);
  if (open === undefined) return;
  sessions.delete(id);
  open.leavePacer?.();
  try {
    open.session.end(monoMs());
  } catch {
    // The fault that ends a session may lie here too; its sockets and port are freed all the same.
  }
  open.socket.close();
  open.reports?.close();
  pool.release(open.port);
}

/** A bug in one call's code ends that call, not the thread and every other call with it. */
function guarded(id: number, run: () => void): void {
  try {
    run();
  } catch (thrown) {
    close(id);
    emit({ kind: 'failed', session: id, error: thrown instanceof Error ? thrown : new Error(String(thrown)) });
  }
}

function handle(message: ToWorker): void {
  if (message.kind === 'open') {
    const session = message.session;
    return void open(session, message.host).catch((error: unknown) =>
      emit({ kind: 'opened', session, port: undefined, error }),
    );
  }
  if (message.kind === 'close') return close(message.session);
  if (message.kind === 'mediaStats') {
    const { members: _members, ...paced } = pacer.stats();
    const stats = { sessions: sessions.size, portsFree: pool.free, ...paced };
    return emit({ kind: 'mediaStats', request: message.request, stats });
  }
  const found = sessions.get(message.session);
  if (found !== undefined) guarded(message.session, () => handleSession(found, message));
}

function handleSession(open: Open, message: Exclude<ToWorker, { kind: 'open' | 'close' | 'mediaStats' }>): void {
  const { session } = open;
  switch (message.kind) {
    case 'start':
      session.start(message.remote, monoMs());
      followMux(message.session, open, message.remote.rtcp === 'mux');
      open.leavePacer ??= pacer.add((cycle, nowMs) => guarded(message.session, () => session.runFrame(cycle, nowMs)));
      return;
    case 'play':
      return session.play(message.play, message.samples);
    case 'flush':
      return session.flush();
    case 'watchSpeech':
      return session.watchSpeech();
    case 'watchNoRtp':
      return session.watchNoRtp(message.afterMs);
    case 'hold':
      return session.hold(message.held, monoMs());
    case 'tap':
      return session.tap();
    case 'stats':
      return emit({ kind: 'stats', session: message.session, request: message.request, stats: session.stats() });
  }
}

outside.on('message', (messages: readonly ToWorker[]) => {
  for (const message of messages) handle(message);
});
