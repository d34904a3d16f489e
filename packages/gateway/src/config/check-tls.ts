/** What the settings of SIP over TLS have to be together: a certificate in force, with its own key. */
import { createPrivateKey } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { readCertificates } from './pem.ts';
import type { ConfigFault, ConfigWarning } from './read-settings.ts';
import type { SettingName, SettingValues } from './settings.ts';

const CERT = 'PICKUP_SIP_TLS_CERT';
const KEY = 'PICKUP_SIP_TLS_KEY';
const CA = 'PICKUP_SIP_TLS_CA';
const DAY_MS = 24 * 60 * 60_000;
/** A certificate with fewer days left is warned of. */
const FEW_DAYS = 14;

interface Findings {
  readonly faults: readonly ConfigFault[];
  readonly warnings: readonly ConfigWarning[];
}

/** Judges the three texts; `isSet` also counts those that could not be read. */
export function checkTls(
  values: Partial<SettingValues>,
  isSet: (name: SettingName) => boolean,
  nowMs: number,
): Findings {
  if (isSet(CERT) !== isSet(KEY)) {
    const [missing, other] = isSet(CERT) ? [KEY, CERT] : [CERT, KEY];
    return { faults: [{ name: missing, rule: `must be set together with ${other}` }], warnings: [] };
  }
  if (!isSet(CERT)) {
    const message = `has no effect without ${CERT}: SIP over TLS is not spoken`;
    return { faults: [], warnings: isSet(CA) ? [{ name: CA, message }] : [] };
  }
  const cert = values[CERT];
  if (cert === undefined) return { faults: [], warnings: [] };
  const time = checkTime(cert, nowMs);
  const match = values[KEY] === undefined ? [] : checkKey(cert, values[KEY]);
  return { faults: [...time.faults, ...match], warnings: [...time.warnings, ...checkChain(cert)] };
}

function checkTime(pem: string, nowMs: number): Findings {
  const [own] = readCertificates(pem);
  if (!own) return { faults: [], warnings: [] };
  const [from, until] = [Date.parse(own.validFrom), Date.parse(own.validTo)];
  if (until <= nowMs) {
    return { faults: [{ name: CERT, rule: `must not have expired; it did on ${dayOf(until)}` }], warnings: [] };
  }
  const warnings: ConfigWarning[] = [];
  if (from > nowMs) warnings.push({ name: CERT, message: `is not in force before ${new Date(from).toISOString()}` });
  if (until - nowMs < FEW_DAYS * DAY_MS) {
    const days = Math.floor((until - nowMs) / DAY_MS);
    warnings.push({ name: CERT, message: `expires on ${dayOf(until)}, in ${days} ${days === 1 ? 'day' : 'days'}` });
  }
  return { faults: [], warnings };
}

function checkKey(pem: string, key: string): readonly ConfigFault[] {
  const [own] = readCertificates(pem);
  if (!own?.checkPrivateKey(createPrivateKey(key))) {
    return [{ name: KEY, rule: `must be the key of the first certificate in ${CERT}` }];
  }
  try {
    createSecureContext({ cert: pem, key });
    return [];
  } catch (error) {
    // Such as a key that is too short for OpenSSL's security level.
    const { code } = error as NodeJS.ErrnoException;
    return [{ name: CERT, rule: `must be a certificate TLS can be spoken with (${code ?? 'OpenSSL refuses it'})` }];
  }
}

function checkChain(pem: string): readonly ConfigWarning[] {
  const chain = readCertificates(pem);
  const broken = chain.findIndex((one, at) => {
    const next = chain[at + 1];
    return next !== undefined && !one.checkIssued(next);
  });
  if (broken < 0) return [];
  const message = `has certificate ${broken + 1} followed by one that did not sign it; peers may refuse the chain`;
  return [{ name: CERT, message }];
}

const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);
