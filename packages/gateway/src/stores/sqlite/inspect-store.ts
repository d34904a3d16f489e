/**
 * Looks into a data folder's database without touching it, whether a gateway runs on it or not. The work is done by a
 * child process, since a query on a sick disk cannot be interrupted: it is killed at the limit, and what it had found
 * by then counts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NumberProvider, PhoneNumberSettings } from '@pickup/contract';

/** A webhook URL, and one of the numbers that have it. */
export interface WebhookInUse {
  readonly url: string;
  readonly phone_number: string;
  readonly numbers: number;
}

/** A number that was bought, and where. */
export interface BoughtNumber {
  readonly phone_number: string;
  readonly provider: NumberProvider;
}

/** A password, sealed to its number. */
export interface SealedPassword {
  readonly phone_number: string;
  readonly sealed: string;
}

/** What was found; a part is absent where it could not be read in time. */
export interface StoreInspection {
  readonly exists: boolean;
  /** The newest migration of the file, and of this code. */
  readonly schema?: { readonly found: number; readonly known: number };
  readonly secrets?: {
    /** A known text sealed when the database was new; absent where it never was opened. */
    readonly check?: string;
    readonly api_keys: readonly { readonly key_id: string; readonly sealed_key: string; readonly signs: boolean }[];
    /** Of each kind the first 1,000: of the trunk, and of the callers who show a user name. */
    readonly trunk_passwords: readonly SealedPassword[];
    readonly inbound_passwords: readonly SealedPassword[];
  };
  readonly numbers?: {
    readonly count: number;
    /** The most used first, at most 10. */
    readonly webhooks: readonly WebhookInUse[];
    /** How many distinct URLs there are. */
    readonly urls: number;
    /** The addresses numbers name themselves (`sip_peers`), at most 100, and whether one takes calls from anywhere. */
    readonly sip_peers: readonly string[];
    readonly open_to_all: boolean;
    /** At most 20. */
    readonly bought: readonly BoughtNumber[];
  };
  /** The number asked for; absent where there is no such number. */
  readonly number?: PhoneNumberSettings;
  /** What SQLite's quick_check says, `ok` where all is well. */
  readonly integrity?: string;
  /** Why the database could not be read. */
  readonly error?: { readonly code: string; readonly message: string };
}

const CHILD = fileURLToPath(new URL('./inspect-child.ts', import.meta.url));

/** Never rejects. `phoneNumber` asks for one number's settings; `limitMs` is the longest it may take. */
export async function inspectStore(options: {
  readonly folder: string;
  readonly phoneNumber?: string;
  readonly limitMs: number;
}): Promise<StoreInspection> {
  const file = join(options.folder, 'pickup.db');
  const missing = await stat(file).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => error,
  );
  if (missing?.code === 'ENOENT') return { exists: false };
  if (missing) return { exists: true, error: { code: missing.code ?? 'EUNKNOWN', message: missing.message } };
  const args = [CHILD, file, ...(options.phoneNumber === undefined ? [] : [options.phoneNumber])];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), options.limitMs);
  try {
    return { exists: true, ...(await partsOf(child)) };
  } finally {
    clearTimeout(timer);
  }
}

/** The child writes each part as a line of JSON as soon as it has it. */
async function partsOf(child: ChildProcess): Promise<Partial<StoreInspection>> {
  let text = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const failed = await new Promise<Error | undefined>((resolve) => {
    child.once('error', resolve);
    child.once('close', () => resolve(undefined));
  });
  if (failed) return { error: { code: 'ECHILD', message: failed.message } };
  const lines = text.split('\n').slice(0, -1);
  return Object.assign({}, ...lines.map((line) => JSON.parse(line) as Partial<StoreInspection>));
}
