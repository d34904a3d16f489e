import type { NamedFinding } from '@pickup/gateway';
import { CommandFault, type Context, type ExitCode } from '../command.ts';
import { jsonText } from '../json-text.ts';
import { parseOptions } from '../parse-options.ts';
import { printable, type Style } from '../style.ts';

const USAGE = 'pickup doctor [--number NUMBER [--send]] [--json]';

/**
 * `pickup doctor`: looks at everything around the gateway, running or not. 0 when nothing failed, warnings or not; 1
 * when something did. `--send` sends the number's endpoint one signed test webhook.
 */
export async function run({ args, env, out, err, style }: Context): Promise<ExitCode> {
  const { values } = parseOptions(
    args,
    { number: { type: 'string' }, send: { type: 'boolean' }, json: { type: 'boolean' } },
    { least: 0, most: 0, usage: USAGE },
  );
  if (values.send && values.number === undefined) throw new CommandFault(`--send needs --number\nusage: ${USAGE}`);
  const { examine } = await import('@pickup/gateway');
  const findings = await examine({
    env,
    ...(values.number !== undefined && { number: values.number }),
    ...(values.send && { send: true }),
    onSlow: (names) => err(`pickup doctor: still looking at ${names.join(', ')}\n`),
  });
  const failed = findings.filter((one) => one.level === 'fail').length;
  if (values.json) out(`${jsonText({ ok: failed === 0, findings })}\n`);
  else out(formatFindings(findings, style));
  return failed === 0 ? 0 : 1;
}

const WORDS = { ok: 'ok', warn: 'warn', fail: 'FAIL' } as const;
const WIDTH = 4;

/** A line for each finding, one more for what to change, and a last one that sums up. */
export function formatFindings(findings: readonly NamedFinding[], style: Style): string {
  const colour = { ok: style.good, warn: style.warn, fail: style.bad };
  const lines = findings.flatMap((one) => {
    const line = `${colour[one.level](WORDS[one.level].padEnd(WIDTH))} ${one.name}: ${printable(one.found)}`;
    return 'change' in one ? [line, `${' '.repeat(WIDTH)}   → change: ${style.bold(printable(one.change))}`] : [line];
  });
  const count = (level: NamedFinding['level']) => findings.filter((one) => one.level === level).length;
  const failed = count('fail');
  const warned = count('warn');
  const warnings = warned === 0 ? '' : `, ${warned} ${warned === 1 ? 'warning' : 'warnings'}`;
  const sum = failed === 0 ? style.good(`nothing failed${warnings}`) : style.bad(`${failed} failed${warnings}`);
  return `${[...lines, '', sum].join('\n')}\n`;
}
