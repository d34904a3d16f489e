import { type LoadedConfig, renderFault, renderWarning } from '../config/index.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

const EXPLAINED = '`pickup help settings` explains each setting';

/** What the configuration loader has to say, every fault at once. */
export function judgeSettings(loaded: LoadedConfig): readonly Finding[] {
  const warnings = loaded.warnings.map((one) => warn(renderWarning(one), `set ${one.name} otherwise; ${EXPLAINED}`));
  if (!loaded.ok) {
    return [...loaded.faults.map((one) => fail(renderFault(one), `set ${one.name} right; ${EXPLAINED}`)), ...warnings];
  }
  if (warnings.length > 0) return warnings;
  const given = Object.values(loaded.readings).filter((reading) => reading.source !== 'default').length;
  return [ok(`well-formed, ${given} of ${Object.keys(loaded.readings).length} set`)];
}
