import type { AddressGuard } from './address-guard.ts';
import { parseTarget } from './target.ts';
import type { UrlVerdict } from './types.ts';

/**
 * Judges a URL when it is saved: scheme, host, address literals, Pickup's own ports. Names are not resolved here,
 * since what they resolve to may change; they are judged again on each connection.
 */
export function checkUrl(text: string, guard: AddressGuard): UrlVerdict {
  const target = parseTarget(text);
  if (target === 'invalid_url') return { ok: false, code: target, message: 'This is not a valid URL.' };
  if (target === 'unsupported_scheme') {
    return { ok: false, code: target, message: 'The URL must begin with http:// or https://.' };
  }
  const address = target.literal ? target.host : isLocalhost(target.host) ? '127.0.0.1' : undefined;
  if (address === undefined) return { ok: true, url: target.href };
  const verdict = guard(address, target.port);
  if (verdict.ok) return { ok: true, url: target.href };
  if (verdict.code === 'own_port') {
    return { ok: false, code: 'own_port', message: 'The URL points at Pickup itself, which is never allowed.' };
  }
  const hint = verdict.setting ? ` To allow it, the operator sets ${verdict.setting}` : '';
  return { ok: false, code: 'address_refused', message: `The URL points at an address that is not public.${hint}` };
}

/** RFC 6761: `localhost` and the names below it are loopback, whoever is asked. */
export function isLocalhost(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost');
}
