/** The child process of inspect-store.ts: reads one database, read-only, and writes each part as a line of JSON. */
import type { PhoneNumberSettings } from '@pickup/contract';
import Database from 'better-sqlite3';
import type { BoughtNumber, SealedPassword, StoreInspection, WebhookInUse } from './inspect-store.ts';
import { IS_GUARDED } from './migrations/0003-guarded-numbers.ts';
import { MIGRATIONS } from './migrations/index.ts';
import { numberKey } from './number-key.ts';

const BUSY_MS = 2_000;
const MOST_PASSWORDS = 1_000;
const MOST_URLS = 10;
const MOST_BOUGHT = 20;
const MOST_PEERS = 100;

/** One row per URL of calls and texts, whichever number has it (A1). */
const URLS = `SELECT url, min(phone_number) AS phone_number, count(DISTINCT phone_number) AS numbers FROM (
    SELECT settings ->> '$.inbound_webhook_url' AS url, phone_number FROM numbers
    UNION ALL SELECT settings ->> '$.inbound_sms_webhook_url', phone_number FROM numbers
  ) WHERE url IS NOT NULL AND url <> '' GROUP BY url`;

/** What was bought has credentials or peers of its own, so the index of guarded numbers serves it. */
const BOUGHT = `SELECT phone_number, substr(settings ->> '$.phone_number_type', 8) AS provider FROM numbers
  WHERE ${IS_GUARDED} AND settings ->> '$.phone_number_type' IN ('retell-twilio', 'retell-telnyx') LIMIT ?`;
/** The index of guarded numbers serves it. */
const PEERS = `SELECT DISTINCT peer.value FROM numbers, json_each(settings, '$.sip_peers') AS peer
  WHERE ${IS_GUARDED} AND peer.type = 'text' LIMIT ?`;

const [file = '', phoneNumber] = process.argv.slice(2);
const say = (part: Partial<StoreInspection>) => process.stdout.write(`${JSON.stringify(part)}\n`);

try {
  inspect();
} catch (error) {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  say({ error: { code: code ?? 'EUNKNOWN', message } });
}

function inspect(): void {
  const db = new Database(file, { timeout: BUSY_MS, readonly: true });
  const known = Math.max(0, ...MIGRATIONS.map((one) => one.number));
  const found = schemaOf(db);
  say({ schema: { found, known } });
  if (found > 0) {
    say({ secrets: secretsOf(db) });
    const asked = phoneNumber === undefined ? undefined : numberOf(db, phoneNumber);
    if (asked) say({ number: asked });
    say({ numbers: numbersOf(db) });
  }
  say({ integrity: String(db.pragma('quick_check(1)', { simple: true })) });
  db.close();
}

function schemaOf(db: Database.Database): number {
  const table = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").get();
  if (table === undefined) return 0;
  return db.prepare<[], number>('SELECT coalesce(max(number), 0) FROM migrations').pluck().get() ?? 0;
}

function secretsOf(db: Database.Database): NonNullable<StoreInspection['secrets']> {
  const check = db.prepare<[], string>("SELECT value FROM meta WHERE name = 'seal_check'").pluck().get();
  const keys = db
    .prepare<[], { key_id: string; sealed_key: string; signs: number }>(
      'SELECT key_id, sealed_key, signs FROM api_keys WHERE revoked_timestamp IS NULL',
    )
    .all();
  return {
    ...(check !== undefined && { check }),
    api_keys: keys.map((key) => ({ ...key, signs: key.signs === 1 })),
    trunk_passwords: passwordsOf(db, 'sealed_auth_password'),
    inbound_passwords: passwordsOf(db, 'sealed_sip_inbound_password'),
  };
}

/** A database of an earlier version may lack the column. */
function passwordsOf(db: Database.Database, column: string): readonly SealedPassword[] {
  const isThere = db.prepare("SELECT 1 FROM pragma_table_info('numbers') WHERE name = ?").get(column) !== undefined;
  if (!isThere) return [];
  return db
    .prepare<[number], SealedPassword>(
      `SELECT phone_number, ${column} AS sealed FROM numbers WHERE ${column} IS NOT NULL LIMIT ?`,
    )
    .all(MOST_PASSWORDS);
}

function numberOf(db: Database.Database, wanted: string): PhoneNumberSettings | undefined {
  const row = db
    .prepare<[number, string], string>('SELECT settings FROM numbers WHERE id = ? AND phone_number = ?')
    .pluck()
    .get(numberKey(wanted), wanted);
  return row === undefined ? undefined : (JSON.parse(row) as PhoneNumberSettings);
}

function numbersOf(db: Database.Database): NonNullable<StoreInspection['numbers']> {
  const count = db.prepare<[], number>('SELECT count(*) FROM numbers').pluck().get() ?? 0;
  const rows = db
    .prepare<[number], WebhookInUse & { readonly urls: number }>(
      `SELECT *, count(*) OVER () AS urls FROM (${URLS}) ORDER BY numbers DESC, url LIMIT ?`,
    )
    .all(MOST_URLS);
  const webhooks = rows.map(({ urls: _urls, ...row }) => row);
  const urls = rows[0]?.urls ?? 0;
  const peers = db.prepare<[number], string>(PEERS).pluck().all(MOST_PEERS);
  const bought = db.prepare<[number], BoughtNumber>(BOUGHT).all(MOST_BOUGHT);
  const isOpen = db.prepare(`SELECT 1 FROM numbers WHERE ${IS_GUARDED} AND settings ->> '$.sip_peers' IS NULL LIMIT 1`);
  return { count, urls, webhooks, sip_peers: peers, open_to_all: isOpen.get() !== undefined, bought };
}
