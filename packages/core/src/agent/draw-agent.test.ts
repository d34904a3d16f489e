import { expect, test } from 'vitest';
import { drawAgent } from './draw-agent.ts';

const agents = [
  { agent_id: 'a', weight: 0.5 },
  { agent_id: 'b', weight: 0.3 },
  { agent_id: 'c', weight: 0.2 },
];

test('A7 the same inbound always draws the same agent', () => {
  for (let i = 0; i < 100; i++) expect(drawAgent(agents, `inb_${i}`)).toBe(drawAgent(agents, `inb_${i}`));
});

test('A7 over many inbounds the draw follows the weights', () => {
  const counts: Record<string, number> = { a: 0, b: 0, c: 0 };
  const rounds = 20_000;
  for (let i = 0; i < rounds; i++) counts[drawAgent(agents, `inb_${i.toString(36)}`)!.agent_id]!++;
  for (const { agent_id, weight } of agents) expect(Math.abs(counts[agent_id]! / rounds - weight)).toBeLessThan(0.015);
});

test('A7 an agent of weight 0 is never drawn, and weights need not sum to 1 exactly', () => {
  const uneven = [
    { agent_id: 'never', weight: 0 },
    { agent_id: 'x', weight: 0.1 },
    { agent_id: 'y', weight: 0.2 },
    { agent_id: 'last', weight: 0 },
  ];
  for (let i = 0; i < 5_000; i++) expect(['x', 'y']).toContain(drawAgent(uneven, `inb_${i}`)?.agent_id);
});

test('A7 nobody is drawn from no list', () => {
  for (const none of [undefined, null, []]) expect(drawAgent(none, 'inb_1')).toBeUndefined();
});
