/** The certificate of SIP over TLS. That it has not expired and fits its key, the settings have been judged for. */
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import { type Config, isWildcard } from '../config/index.ts';
import { readCertificates } from '../config/pem.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const LIMIT_MS = 3_000;

/** What the running gateway shows at its TLS port. */
export type ShownCertificate = { readonly fingerprint: string } | { readonly code: string };

/** Asks the gateway's own TLS port. */
export function probeShown(host: string, port: number): Promise<ShownCertificate> {
  const plain = isWildcard(host) ? (host.includes(':') ? '::1' : '127.0.0.1') : host;
  return new Promise((resolve) => {
    // Whose it is gets judged below; here it only has to be read.
    const socket = connect({ host: plain, port, rejectUnauthorized: false, timeout: LIMIT_MS }, () => {
      resolve({ fingerprint: socket.getPeerX509Certificate()?.fingerprint256 ?? '' });
      socket.destroy();
    });
    socket.once('timeout', () => socket.destroy(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' })));
    socket.on('error', (error: NodeJS.ErrnoException) => resolve({ code: error.code ?? error.message }));
  });
}

/** Names, time left, and whether the running gateway has taken it up. */
export function judgeCertificate(
  config: Pick<Config, 'sip'>,
  options: { readonly nowMs: number; readonly shown?: ShownCertificate; readonly pid?: number },
): readonly Finding[] {
  const tls = config.sip.tls;
  const [own] = tls ? readCertificates(tls.cert) : [];
  if (!tls || !own) return [ok('no certificate, so SIP over TLS is not spoken')];
  const names = (own.subjectAltName ?? own.subject).replaceAll('\n', ', ');
  const until = new Date(own.validTo);
  const days = Math.floor((until.getTime() - options.nowMs) / 86_400_000);
  const told = config.sip.publicHost;
  const faults: Finding[] = [];
  if (told !== undefined && (isIP(told) ? own.checkIP(told) : own.checkHost(told)) === undefined) {
    const change = `PICKUP_SIP_PUBLIC_HOST=<a name of it>, or a certificate for ${told}`;
    faults.push(warn(`it is for ${names}, but callers are told ${told}`, change));
  }
  const { shown } = options;
  if (shown && 'code' in shown) {
    faults.push(fail(`the running gateway does not speak TLS at port ${tls.port} (${shown.code})`, 'restart Pickup'));
  } else if (shown && shown.fingerprint !== own.fingerprint256) {
    faults.push(
      warn(
        'the running gateway still shows another certificate',
        `kill -HUP ${options.pid ?? '<pid of Pickup>'}; then see its log`,
      ),
    );
  }
  return faults.length > 0 ? faults : [ok(`for ${names}, until ${until.toISOString().slice(0, 10)} (${days} days)`)];
}
