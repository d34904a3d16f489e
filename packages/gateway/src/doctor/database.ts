import type { StoreInspection } from '../stores/index.ts';
import { type Finding, fail, ok, warn } from './finding.ts';

/** Whether the database can be read, is whole, and is of this version. */
export function judgeDatabase(store: StoreInspection, file: string): readonly Finding[] {
  if (!store.exists) return [ok(`${file} does not exist yet; the first start makes it`)];
  const { error, schema, integrity } = store;
  const restore = 'stop Pickup and put back the last copy (docs/operations.md, Backup)';
  if (error) {
    if (/CORRUPT|NOTADB/.test(error.code)) return [fail(`${file} is damaged (${error.code})`, restore)];
    return [
      fail(
        `${file} cannot be read (${error.code})`,
        `run pickup doctor as the user Pickup runs as; where that is so: chown <that user> ${file}*`,
      ),
    ];
  }
  if (schema && schema.found > schema.known) {
    const what = `${file} has schema ${schema.found}; this version knows up to ${schema.known}`;
    return [fail(what, 'start the version of Pickup that wrote it, or a newer one')];
  }
  const version = schema ? `schema ${schema.found}` : 'schema not read in time';
  const behind = schema && schema.found < schema.known ? `, which the next start takes to ${schema.known}` : '';
  if (integrity === undefined) {
    const change = `to look at it in full: sqlite3 -readonly ${file} 'PRAGMA quick_check'`;
    return [warn(`${version}${behind}; it is too large to be looked at in full here`, change)];
  }
  if (integrity !== 'ok') return [fail(`${file} is damaged: ${integrity}`, restore)];
  const numbers = store.numbers ? `, ${store.numbers.count} ${store.numbers.count === 1 ? 'number' : 'numbers'}` : '';
  return [ok(`whole, ${version}${behind}${numbers}`)];
}
