/** Every migration in order. A number once released is never changed, only followed. */
import { firstSchema } from './0001-first-schema.ts';
import { publishedEngines } from './0002-published-engines.ts';
import { guardedNumbers } from './0003-guarded-numbers.ts';
import { uses } from './0004-uses.ts';
import { audit } from './0005-audit.ts';
import { events } from './0006-events.ts';
import { callLists } from './0007-call-lists.ts';
import { chats } from './0008-chats.ts';
import { knowledge } from './0009-knowledge.ts';
import { endsOfInbounds } from './0010-ends-of-inbounds.ts';
import { texts } from './0020-texts.ts';
import { numberPurchases } from './0030-number-purchases.ts';

export interface Migration {
  /** From 1 up. */
  readonly number: number;
  readonly name: string;
  /** True where a gateway of the version before could not go on working beside it (rolling upgrades). */
  readonly breaking: boolean;
  readonly sql: string;
}

export const MIGRATIONS: readonly Migration[] = [
  firstSchema,
  publishedEngines,
  guardedNumbers,
  uses,
  audit,
  events,
  callLists,
  chats,
  knowledge,
  endsOfInbounds,
  texts,
  numberPurchases,
];
