/** A certificate for a gateway on loopback. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Certificate {
  /** PEM, signed by itself: also the authority that callers are to trust. */
  readonly certFile: string;
  readonly keyFile: string;
  remove(): Promise<void>;
}

/** For 127.0.0.1 and localhost, valid for a day, made by openssl. */
export async function makeCertificate(): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'certificate-'));
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  await promisify(execFile)('openssl', [...args, ...subject, '-keyout', keyFile, '-out', certFile]);
  return { certFile, keyFile, remove: () => rm(folder, { recursive: true, force: true }) };
}
