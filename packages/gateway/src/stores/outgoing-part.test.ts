import { expect, test } from 'vitest';
import { triedPart } from './outgoing-part.ts';
import type { OutgoingRow } from './port.ts';

const part = {
  part_id: 'm.1',
  pair: 'a|b',
  from_number: 'a',
  to_number: 'b',
  created_timestamp: 1,
  failures: 0,
} as const;
const taken = { state: 'accepted', edge: 'twilio', provider_message_id: 'SM_1' } as const;
const failed = { state: 'failed', final: false, known: false, message: 'cut' } as const;

test.each(['sent', 'delivered', 'failed'] as const)(
  'a part that is %s is not begun again by what a try says later',
  (state) => {
    const out: OutgoingRow = { ...part, state };
    expect([triedPart(out, taken, 2), triedPart(out, failed, 2)]).toEqual([out, out]);
  },
);
