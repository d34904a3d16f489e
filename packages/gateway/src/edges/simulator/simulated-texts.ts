/** The simulator's way out for texts: nobody's phone; what was said stands in the chat. */
import type { TextEdge } from '../text-port.ts';

/** Takes every part at once. */
export const simulatedTexts: TextEdge = {
  name: 'simulator',
  answersOptOut: () => false,
  send: async ({ part_id }) => ({ kind: 'accepted', provider_message_id: `sim_${part_id}`, sent: true }),
  async close() {},
};
