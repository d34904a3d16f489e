import type { Transport } from '../transport/port.ts';
import { openUdp } from '../transport/udp.ts';
import { SipCore } from './core.ts';
import type { ServerOptions, SipServer } from './options.ts';

/**
 * Opens the listeners and serves calls. Rejects, with nothing left open, where one cannot be opened; the error names
 * host and port and carries the system's `code` (EADDRINUSE).
 */
export async function createSipServer(options: ServerOptions): Promise<SipServer> {
  const core = new SipCore(options);
  const transports: Transport[] = [];
  const closeAll = async () => {
    core.close();
    await Promise.all(transports.map((transport) => transport.close()));
  };
  try {
    for (const { host, port } of options.listeners) {
      const transport = await openUdp({
        host,
        port,
        onMessage: (bytes, source, via) => core.receive(bytes, source, via),
      });
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
