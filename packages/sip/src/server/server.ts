import type { Transport, TransportEvents } from '../transport/port.ts';
import { openStream } from '../transport/stream.ts';
import { openUdp } from '../transport/udp.ts';
import { SipCore } from './core.ts';
import type { Listener, ServerOptions, SipServer } from './options.ts';

/**
 * Opens the listeners and serves calls. Rejects, with nothing left open, where one cannot be opened; the error names
 * transport, host and port and carries the system's `code` (EADDRINUSE).
 */
export async function createSipServer(options: ServerOptions): Promise<SipServer> {
  const core = new SipCore(options);
  const transports: Transport[] = [];
  const closeAll = async () => {
    core.close();
    await Promise.all(transports.map((transport) => transport.close()));
  };
  try {
    const ports = new Map<string, number>();
    for (const listener of options.listeners) {
      const taken = listener.port === 0 ? ports.get(listener.host) : undefined;
      const transport = await openBeside(listener, taken, options, core);
      ports.set(listener.host, transport.local.port);
      transports.push(transport);
      core.addTransport(transport);
    }
  } catch (error) {
    await closeAll();
    throw error;
  }
  return {
    addresses: transports.map(({ kind, local }) => ({ transport: kind, host: local.host, port: local.port })),
    recoverRefuse: (memo, code, refusal) => core.recoverRefuse(memo, code, refusal),
    recoverBye: (memo, headers) => core.recoverBye(memo, headers),
    stats: () => core.stats(),
    close: closeAll,
  };
}

/** With port 0, the number `beside` that a listener of the same host has, unless another program has it. */
async function openBeside(
  listener: Listener,
  beside: number | undefined,
  options: ServerOptions,
  core: SipCore,
): Promise<Transport> {
  if (beside === undefined) return open(listener, options, core);
  return open({ ...listener, port: beside }, options, core).catch(() => open(listener, options, core));
}

function open(listener: Listener, { clock, streams }: ServerOptions, core: SipCore): Promise<Transport> {
  const { host, port } = listener;
  const events: TransportEvents = {
    onMessage: (bytes, source, via) => core.receive(bytes, source, via),
    onUnframed: (head, fault, source, via) => core.receiveUnframed(head, fault, source, via),
  };
  if (listener.transport === 'udp') return openUdp({ host, port, onMessage: events.onMessage });
  const limits = streams === undefined ? {} : { limits: streams };
  const tls = listener.transport === 'tls' ? { tls: listener } : {};
  return openStream({ host, port, clock, ...events, ...limits, ...tls });
}
