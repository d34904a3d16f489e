/** Rows of calls: over the telephone, as calls are. */
import type { Rows } from './core-rows.ts';
import type { CoreMethod } from './sdk-methods.ts';
import { endedCall, makeAgent, makeCall, placeCall } from './sdk-stage.ts';

/** The table. */
export const CALL_ROWS: Rows<Extract<CoreMethod, `call.${string}`>> = {
  'call.registerPhoneCall': makeCall,
  'call.retrieve': async (s) => s.client.call.retrieve((await endedCall(s)).call_id),
  'call.update': async (s) =>
    s.client.call.update((await endedCall(s)).call_id, {
      metadata: { a: 1 },
      custom_attributes: { vip: true },
      data_storage_setting: 'everything_except_pii',
    }),
  'call.list': async (s) => {
    await endedCall(s);
    const { agent_id } = await makeAgent(s);
    await s.client.call.list({ filter_criteria: { agent: [{ agent_id, version: [0] }] } });
    return s.client.call.list({
      filter_criteria: {
        call_status: { type: 'enum', op: 'in', value: ['ended', 'ongoing'] },
        direction: { type: 'enum', op: 'in', value: ['inbound'] },
        start_timestamp: { type: 'number', op: 'gt', value: 0 },
      },
      include_total: true,
      limit: 1,
      sort_order: 'descending',
    });
  },
  'call.delete': async (s) => s.client.call.delete((await endedCall(s)).call_id),
  'call.stop': async (s) => s.client.call.stop((await placeCall(s)).call_id),
};
