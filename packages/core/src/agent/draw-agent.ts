/** The weighted draw of a number's agent, made once from the inbound's id (A7). */
import type { WeightedAgent } from '@pickup/contract';

/** Undefined for an empty list. The same id always draws the same agent. */
export function drawAgent(
  agents: readonly WeightedAgent[] | null | undefined,
  inboundId: string,
): WeightedAgent | undefined {
  if (!agents || agents.length === 0) return undefined;
  const total = agents.reduce((sum, agent) => sum + agent.weight, 0);
  let point = fraction(inboundId) * total;
  for (const agent of agents) {
    point -= agent.weight;
    if (point < 0) return agent;
  }
  return agents.findLast((agent) => agent.weight > 0);
}

/** A text spread evenly over [0, 1): FNV-1a with a final avalanche. */
function fraction(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}
