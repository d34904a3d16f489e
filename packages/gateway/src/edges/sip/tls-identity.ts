import { getCACertificates } from 'node:tls';
import type { TlsIdentity } from '@pickup/sip';
import type { TlsConfig } from '../../config/index.ts';

/** As the SIP server takes it: the operator's authorities stand beside the well-known ones. */
export function tlsIdentity({ cert, key, ca }: TlsConfig): TlsIdentity {
  return { cert, key, ...(ca !== undefined && { ca: [...getCACertificates('default'), ca] }) };
}
