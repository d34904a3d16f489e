import type { Transport, TransportEvents } from '../transport/port.ts';
import { openStream, type StreamListener } from '../transport/stream.ts';
import { openUdp } from '../transport/udp.ts';
import { SipCore } from './core.ts';
import type { Listener, ServerOptions, SipServer } from './options.ts';

/** Numbers tried with port 0. */
const mostAttempts = 20;

/**
 * Opens the listeners and serves calls. Rejects, with nothing left open, where one cannot be opened; the error names
 * transport, host and port and carries the system's `code` (EADDRINUSE).
 */
export async function createSipServer(options: ServerOptions): Promise<SipServer> {
  const core = new SipCore(options);
  const transports = await openAll(options, core);
  for (const transport of transports) core.addTransport(transport);
  const closeAll = async () => {
    core.close();
    await Promise.all(transports.map((transport) => transport.close()));
  };
  return {
    addresses: transports.map(({ kind, local }) => ({ transport: kind, host: local.host, port: local.port })),
    recoverRefuse: (memo, code, refusal) => core.recoverRefuse(memo, code, refusal),
    recoverBye: (memo, headers) => core.recoverBye(memo, headers),
    sendMessage: (message) => core.sendMessage(message),
    stats: () => core.stats(),
    setTlsIdentity(identity) {
      for (const transport of transports) if (isTls(transport)) transport.setTlsIdentity(identity);
    },
    close: closeAll,
  };
}

const isTls = (transport: Transport): transport is StreamListener => transport.kind === 'tls';

/** Opens every listener; begins anew where a number that was free for one transport is not for another. */
async function openAll(options: ServerOptions, core: SipCore, attempt = 1): Promise<readonly Transport[]> {
  const opened: Transport[] = [];
  const numbers = new Map<string, number>();
  let isOurChoice = false;
  try {
    for (const listener of options.listeners) {
      const protocol = listener.transport === 'udp' ? 'udp' : 'tcp';
      const other = numbers.get(`${protocol === 'udp' ? 'tcp' : 'udp'} ${listener.host}`);
      const isTaken = numbers.has(`${protocol} ${listener.host}`);
      isOurChoice = listener.port === 0 && other !== undefined && !isTaken;
      const place = isOurChoice && other !== undefined ? { ...listener, port: other } : listener;
      const transport = await open(place, options, core);
      opened.push(transport);
      if (listener.port === 0) numbers.set(`${protocol} ${listener.host}`, transport.local.port);
    }
    return opened;
  } catch (error) {
    await Promise.all(opened.map((transport) => transport.close()));
    if (!isOurChoice || attempt >= mostAttempts) throw error;
    return openAll(options, core, attempt + 1);
  }
}

function open(listener: Listener, options: ServerOptions, core: SipCore): Promise<Transport> {
  const { clock, streams } = options;
  const { host, port } = listener;
  const events: TransportEvents = {
    onMessage: (bytes, source, via) => core.receive(bytes, source, via),
    onUnframed: (head, fault, source, via) => core.receiveUnframed(head, fault, source, via),
    heeds: (source) => options.heeds?.(source) ?? true,
    onWasted: (source) => options.onStray?.(source),
    flowsInUse: () => core.flowsInUse(),
  };
  if (listener.transport === 'udp')
    return openUdp({ host, port, onMessage: events.onMessage, monoMs: () => clock.monoMs() });
  const limits = streams === undefined ? {} : { limits: streams };
  const tls = listener.transport === 'tls' ? { tls: listener } : {};
  return openStream({ host, port, clock, ...events, ...limits, ...tls });
}
