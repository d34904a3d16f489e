/** Looks into a data folder beside or after its gateway. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** `ok`, or what SQLite found broken. */
export function integrityOf(home: string): string {
  const db = new Database(join(home, 'pickup.db'));
  try {
    return String(db.pragma('integrity_check', { simple: true }));
  } finally {
    db.close();
  }
}

/** Files below the folder whose bytes hold the text. */
export function filesHolding(home: string, text: string): readonly string[] {
  return readdirSync(home, { recursive: true, encoding: 'utf8' }).filter((name) => {
    const path = join(home, name);
    return statSync(path).isFile() && readFileSync(path).includes(text);
  });
}
