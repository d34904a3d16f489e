/** The seal key: whether it is there, and opens what the database holds. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../config/index.ts';
import {
  createSeal,
  openInboundPassword,
  openTrunkPassword,
  parseSealKey,
  type Seal,
  sealKeyId,
} from '../keys/index.ts';
import type { StoreInspection } from '../stores/index.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const CHECK_NAME = 'seal_check';

/** The key as it was found. */
export interface SealKeyFacts {
  /** PICKUP_SEAL_KEY, or the file's path. */
  readonly origin: string;
  readonly fromFile: boolean;
  readonly present: boolean;
  /** Of the file. */
  readonly mode?: number;
  /** Why it is no key; never the key itself. */
  readonly fault?: string;
  readonly seal?: Seal;
}

/** Reads the key where the gateway would. */
export async function probeSealKey(config: Pick<Config, 'home' | 'sealKey'>): Promise<SealKeyFacts> {
  const file = join(config.home, 'seal.key');
  if (config.sealKey) {
    return { origin: 'PICKUP_SEAL_KEY', fromFile: false, present: true, seal: sealOf(Buffer.from(config.sealKey)) };
  }
  const common = { origin: file, fromFile: true };
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => error);
  if (typeof text !== 'string') {
    if (text.code === 'ENOENT') return { ...common, present: false };
    return { ...common, present: true, fault: `${file} cannot be read (${text.code})` };
  }
  const { mode } = await stat(file);
  try {
    return { ...common, present: true, mode: mode & 0o777, seal: sealOf(parseSealKey(text, file)) };
  } catch (error) {
    return { ...common, present: true, mode: mode & 0o777, fault: (error as Error).message };
  }
}

/** Whether the key and the database belong together. */
export function judgeSealKey(key: SealKeyFacts, store: StoreInspection): readonly Finding[] {
  const secrets = store.secrets;
  const sealed = secrets?.check !== undefined;
  const giveBack = 'give back the key this database was sealed with: PICKUP_SEAL_KEY=<key>, or the file';
  if (key.fault !== undefined) return [fail(key.fault, `${giveBack} ${key.origin}, for the user that Pickup runs as`)];
  if (!key.present) {
    if (sealed) return [fail(`${key.origin} is not there, but the database holds sealed secrets`, giveBack)];
    return [ok('none yet; the first start makes one')];
  }
  const closed = secrets ? closedTexts(key.seal, secrets) : [];
  if (closed.length > 0) return [fail(`the key in ${key.origin} does not open ${closed.join(', ')}`, giveBack)];
  if (key.fromFile && ((key.mode ?? 0) & 0o077) !== 0) {
    return [warn(`${key.origin} can be read by others`, `chmod 600 ${key.origin}`)];
  }
  if (store.exists && !secrets) {
    return [warn(`${key.origin} is a key; what it opens could not be read`, 'see the database check')];
  }
  const count = secrets
    ? secrets.api_keys.length + secrets.trunk_passwords.length + secrets.inbound_passwords.length
    : 0;
  const opens = sealed
    ? `opens the database (${count} ${count === 1 ? 'secret' : 'secrets'} tried)`
    : 'nothing is sealed yet';
  return [ok(`${key.origin}: ${opens}`)];
}

/** The key that signs webhooks (B2); undefined where it cannot be opened. */
export function signingKeyOf(key: SealKeyFacts, store: StoreInspection): string | undefined {
  const marked = store.secrets?.api_keys.find((one) => one.signs);
  if (!marked || !key.seal || !opens(() => key.seal?.open(marked.sealed_key, marked.key_id))) return undefined;
  return key.seal.open(marked.sealed_key, marked.key_id);
}

function sealOf(key: Buffer): Seal {
  const id = sealKeyId(key);
  return createSeal({ keys: [{ id, key }], current: id });
}

function closedTexts(seal: Seal | undefined, secrets: NonNullable<StoreInspection['secrets']>): readonly string[] {
  if (!seal) return ['anything'];
  const { check, api_keys: keys, trunk_passwords: trunk, inbound_passwords: inbound } = secrets;
  if (check !== undefined && !opens(() => seal.open(check, CHECK_NAME))) return ['the database'];
  const keysClosed = keys.filter((one) => !opens(() => seal.open(one.sealed_key, one.key_id)));
  const passwordsClosed = [
    ...trunk.filter((one) => !opens(() => openTrunkPassword(seal, one.phone_number, one.sealed))),
    ...inbound.filter((one) => !opens(() => openInboundPassword(seal, one.phone_number, one.sealed))),
  ];
  return [
    ...keysClosed.map((one) => `the API key ${one.key_id}`),
    ...(passwordsClosed[0]
      ? [`${passwordsClosed.length} of the SIP passwords (${passwordsClosed[0].phone_number}…)`]
      : []),
  ];
}

function opens(open: () => unknown): boolean {
  try {
    open();
    return true;
  } catch {
    return false;
  }
}
