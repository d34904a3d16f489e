import { printable, type Style } from './style.ts';

/** Rows as columns of equal width; the header is bold. No row at all gives one line that says so. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[], style: Style): string {
  if (rows.length === 0) return 'none\n';
  const cells = [header, ...rows].map((row) => row.map(printable));
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return `${[style.bold(lines[0] ?? ''), ...lines.slice(1)].join('\n')}\n`;
}
