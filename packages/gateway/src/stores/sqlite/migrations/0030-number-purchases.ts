/** Purchases of numbers, durable before the provider is asked to sell. */
import type { Migration } from './index.ts';

export const numberPurchases: Migration = {
  number: 30,
  name: 'number-purchases',
  breaking: false,
  sql: `
CREATE TABLE number_purchases (
  purchase_id TEXT PRIMARY KEY,
  fingerprint TEXT NOT NULL,
  provider TEXT NOT NULL,
  phone_number TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('begun', 'stored', 'answered', 'failed')),
  created_timestamp INTEGER NOT NULL,
  updated_timestamp INTEGER NOT NULL
);
CREATE INDEX open_number_purchases ON number_purchases (fingerprint) WHERE state IN ('begun', 'stored');
`,
};
