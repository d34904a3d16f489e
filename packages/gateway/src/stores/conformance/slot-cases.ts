import { expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import { byTurns } from './samples.ts';

const slot = (inboundId: string, limit: number, endpoint?: string) => ({
  inbound_id: inboundId,
  node_id: 'node-1',
  limit,
  ...(endpoint !== undefined && { endpoint }),
});

/** S5 and A5's half per endpoint. */
export function slotCases(stores: () => TwoConnections): void {
  test('S5 of many takers from two connections as many get a slot as there are', async () => {
    const { a, b } = stores();
    const said = await byTurns(a, b, 30, (store, index) => store.takeSlot(slot(`inb_${index}`, 7)));
    expect(said.filter((one) => one === 'taken')).toHaveLength(7);
    await a.releaseSlot(`inb_${said.indexOf('taken')}`);
    const again = await byTurns(a, b, 6, (store, index) => store.takeSlot(slot(`inb_again_${index}`, 7)));
    expect(again.filter((one) => one === 'taken')).toHaveLength(1);
  });

  test('S5 taking twice for one inbound holds one slot', async () => {
    const { a, b } = stores();
    expect(await a.takeSlot(slot('inb_1', 1))).toBe('taken');
    expect(await b.takeSlot(slot('inb_1', 1))).toBe('taken');
    await a.releaseSlot('inb_1');
    expect(await b.takeSlot(slot('inb_2', 1))).toBe('taken');
  });

  test('A5 inbounds ringing on one endpoint hold at most half; connected ones no longer count', async () => {
    const { a, b } = stores();
    const said = await byTurns(a, b, 6, (store, index) => store.takeSlot(slot(`inb_${index}`, 4, 'https://slow')));
    expect(said.filter((one) => one === 'taken')).toHaveLength(2);
    expect(await a.takeSlot(slot('inb_fast', 4, 'https://fast'))).toBe('taken');
    await b.connectSlot(`inb_${said.indexOf('taken')}`);
    expect(await a.takeSlot(slot('inb_next', 4, 'https://slow'))).toBe('taken');
    expect(await a.takeSlot(slot('inb_last', 4, 'https://fast'))).toBe('full');
  });

  test('H3 the slots of a node are given back together', async () => {
    const { a, b } = stores();
    await a.takeSlot(slot('inb_1', 2));
    await a.takeSlot({ ...slot('inb_2', 2), node_id: 'node-2' });
    await b.releaseSlotsOf('node-1');
    expect(await a.takeSlot(slot('inb_3', 2))).toBe('taken');
    expect(await a.takeSlot(slot('inb_4', 2))).toBe('full');
  });
}
