/** The key that a call straight at an endpoint is signed with, and where it came from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, readSetting, renderFault } from '@pickup/gateway/config';
import { CommandFault } from '../command.ts';

/** `from` follows "signed with the key". */
export interface SigningKey {
  readonly value: string;
  readonly from: string;
}

/** The option, else PICKUP_API_KEY, else the file that a gateway of this folder wrote. Throws CommandFault without any. */
export function findSigningKey(env: Env, option: string | undefined): SigningKey {
  if (option !== undefined) return { value: option, from: 'of --signing-key' };
  const given = settingOf(env, 'PICKUP_API_KEY');
  if (given !== undefined) return { value: given, from: 'in PICKUP_API_KEY' };
  const path = join(settingOf(env, 'PICKUP_HOME') ?? '.pickup', 'api-key');
  try {
    return { value: readFileSync(path, 'utf8').trim(), from: `in ${path}` };
  } catch {
    throw new CommandFault(
      `no key to sign with: give the one your endpoint verifies with, by --signing-key KEY or PICKUP_API_KEY (${path} is not there)`,
    );
  }
}

function settingOf(env: Env, name: 'PICKUP_API_KEY' | 'PICKUP_HOME'): string | undefined {
  const { value, fault } = readSetting(env, name);
  if (fault) throw new CommandFault(renderFault(fault));
  return value as string | undefined;
}
