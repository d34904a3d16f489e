/** What every bench prints and writes: figures measured, their baseline from the same run, and ratios. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

export interface BenchReport {
  readonly bench: string;
  /** Measured over baseline; see `notes` for which way is good. */
  readonly ratios: Readonly<Record<string, number>>;
  readonly baseline: Readonly<Record<string, number>>;
  readonly measured: Readonly<Record<string, number>>;
  readonly notes: readonly string[];
}

/** Prints a report, and writes it as JSON where a file is named. */
export function publish(report: BenchReport, file: string | undefined): void {
  const whole = { ...report, ratio: Object.values(report.ratios)[0], node: process.version, cores: cpus().length };
  if (file !== undefined) writeFileSync(file, `${JSON.stringify(whole, null, 2)}\n`);
  process.stdout.write(`\n${report.bench} on Node ${process.version}, ${cpus().length} cores\n`);
  for (const [title, figures] of [
    ['ratios', report.ratios],
    ['baseline', report.baseline],
    ['measured', report.measured],
  ] as const) {
    for (const [name, value] of Object.entries(figures))
      process.stdout.write(`  ${title.padEnd(9)} ${name.padEnd(34)} ${round(value)}\n`);
  }
  for (const note of report.notes) process.stdout.write(`  ${note}\n`);
}

/** The middle value; of an even count the lower one. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The value below which a share `q` of the values lies. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? Number.NaN;
}

function round(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
