/** Certificates for tests, made by OpenSSL in a folder of their own, which is removed again. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** PEM texts. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** Subject alternative names, such as `IP:127.0.0.1` or `DNS:sip.test`. Default: both loopback addresses. */
  readonly names?: readonly string[];
  /** Default 30. */
  readonly days?: number;
  /** Who signs it; default itself. */
  readonly issuer?: Certificate;
  /** May it sign others? Default: only where it signs itself. */
  readonly isAuthority?: boolean;
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** A new certificate (EC P-256) and its key. Throws where `openssl` fails. */
export function makeCertificate(options: CertificateOptions = {}): Certificate {
  const { names = ['IP:127.0.0.1', 'IP:::1'], days = 30, issuer } = options;
  const folder = mkdtempSync(join(tmpdir(), 'pickup-cert-'));
  try {
    const file = (name: string) => join(folder, name);
    const signed = issuer ? ['-CA', file('ca.pem'), '-CAkey', file('ca-key.pem')] : [];
    if (issuer) {
      writeFileSync(file('ca.pem'), issuer.cert);
      writeFileSync(file('ca-key.pem'), issuer.key, { mode: 0o600 });
    }
    const authority = (options.isAuthority ?? !issuer) ? 'TRUE' : 'FALSE';
    const subject = ['-subj', `/CN=${(names[0] ?? 'pickup').replace(/^\w+:/, '')}`];
    const extensions = ['-addext', `subjectAltName=${names.join(',')}`, '-addext', `basicConstraints=CA:${authority}`];
    const written = ['-keyout', file('key.pem'), '-out', file('cert.pem')];
    const command = ['req', '-x509', ...KEY, '-days', String(days), ...subject, ...extensions, ...signed, ...written];
    execFileSync('openssl', command, { stdio: ['ignore', 'ignore', 'pipe'] });
    return { cert: readFileSync(file('cert.pem'), 'utf8'), key: readFileSync(file('key.pem'), 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
