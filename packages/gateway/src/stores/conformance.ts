/** The one suite that every driver passes. Each command is run from two connections to the same data. */
import { afterEach, beforeEach, describe } from 'vitest';
import { callCases } from './conformance/call-cases.ts';
import { chatCases } from './conformance/chat-cases.ts';
import { configCases } from './conformance/config-cases.ts';
import { eventCases } from './conformance/event-cases.ts';
import { inboundCases } from './conformance/inbound-cases.ts';
import { jobCases } from './conformance/job-cases.ts';
import { keyCases } from './conformance/key-cases.ts';
import { knowledgeCases } from './conformance/knowledge-cases.ts';
import { listCases } from './conformance/list-cases.ts';
import { purchaseCases } from './conformance/purchase-cases.ts';
import { slotCases } from './conformance/slot-cases.ts';
import { textCases } from './conformance/text-cases.ts';
import type { Store } from './port.ts';

/** Two connections to the same, empty data. */
export interface TwoConnections {
  readonly a: Store;
  readonly b: Store;
  readonly close: () => Promise<void>;
}

/** Registers the whole suite for a driver; `open` is called once per test. */
export function describeStore(name: string, open: () => Promise<TwoConnections>): void {
  describe(`${name} store`, () => {
    let opened: TwoConnections | undefined;
    beforeEach(async () => {
      opened = await open();
    });
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });
    const stores = () => opened!;
    inboundCases(stores);
    callCases(stores);
    chatCases(stores);
    slotCases(stores);
    configCases(stores);
    keyCases(stores);
    knowledgeCases(stores);
    eventCases(stores);
    listCases(stores);
    jobCases(stores);
    textCases(stores);
    purchaseCases(stores);
  });
}
