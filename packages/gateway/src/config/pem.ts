/** Certificates and keys in PEM, as settings hold them. Nothing here ever gives a text back that could be a key. */
import { createPrivateKey, X509Certificate } from 'node:crypto';

type Pem = { readonly ok: true; readonly value: string } | { readonly ok: false; readonly rule: string };

const BLOCK = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----[\s\S]+?-----END (?:X509 |TRUSTED )?CERTIFICATE-----/g;
const blocksOf = (text: string): readonly string[] => text.match(BLOCK) ?? [];

/** The certificates among a text, in their order; what else is in it is left out. `rule` ends a sentence. */
export function parseCertificates(text: string): Pem {
  const blocks = blocksOf(text);
  if (blocks.length === 0) {
    return { ok: false, rule: 'must be certificates in PEM; a file is named by the variable that ends in _FILE' };
  }
  const wrong = blocks.findIndex((block) => readCertificate(block) === undefined);
  if (wrong >= 0) return { ok: false, rule: `must be certificates in PEM; number ${wrong + 1} cannot be read` };
  return { ok: true, value: `${blocks.join('\n')}\n` };
}

/** A private key that needs no passphrase. `rule` ends a sentence. */
export function parsePrivateKey(text: string): Pem {
  try {
    createPrivateKey(text);
    return { ok: true, value: `${text}\n` };
  } catch {
    // Both PEM forms of a locked key say so in their head (RFC 1421, RFC 5958).
    const isLocked = /ENCRYPTED/.test(text);
    return { ok: false, rule: `must be a private key in PEM${isLocked ? ' without a passphrase' : ''}` };
  }
}

/** The certificates of a text that `parseCertificates` gave. */
export function readCertificates(pem: string): readonly X509Certificate[] {
  return blocksOf(pem).flatMap((block) => readCertificate(block) ?? []);
}

/** What may be shown of a setting with certificates: whose the first one is and until when it holds. */
export function describeCertificates(text: string): string {
  const [first, ...others] = readCertificates(text);
  if (!first) return '(no certificate)';
  const names = first.subjectAltName ?? first.subject.replaceAll('\n', ', ');
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  return JSON.stringify(`${names.slice(0, 80)} until ${new Date(first.validTo).toISOString().slice(0, 10)}${more}`);
}

function readCertificate(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
}
