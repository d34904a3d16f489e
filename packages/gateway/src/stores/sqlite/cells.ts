/**
 * What crosses to the writer thread: one flat array of strings and numbers per batch, because cloning
 * that is cheap while cloning deep objects is not. `[command, count, ...arguments, command, …]`.
 */

export type Cell = string | number | null;

/** Runs inside the batch's transaction and returns one cell. A throw undoes the command alone (S6). */
export type WriteHandler = (...cells: never[]) => Cell;
export type WriteHandlers = Readonly<Record<string, WriteHandler>>;

/** One command that failed, in place of its result. */
export interface FailedCommand {
  readonly failed: string;
}

/** The writer thread's answer to a batch: the results in order, or why none of it could be written. */
export type BatchAnswer = { readonly results: readonly (Cell | FailedCommand)[] } | { readonly unavailable: string };

/** JSON, or null where the value is absent. */
export function jsonCell(value: unknown): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** The value of a JSON cell; undefined for null. */
export function fromJsonCell<T>(cell: string | null): T | undefined {
  return cell === null ? undefined : (JSON.parse(cell) as T);
}
