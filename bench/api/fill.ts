/** A store as a year of use leaves it: a number for ten calls, an agent for a hundred. */
import type { RunningGateway } from '@pickup/gateway';

type Store = RunningGateway['store'];
type Call = Parameters<Store['registerCall']>[0];

const AT_ONCE = 5_000;
/** The last call was created then; epoch ms. */
export const LAST_CALL_AT = 1_790_000_000_000;
/** From one call to the next. */
export const BETWEEN_CALLS_MS = 30_000;
const TRANSCRIPT = 'Agent: Thank you for calling, how may I help?\nUser: I would like to move my appointment.\n'.repeat(
  4,
);

export const numberAt = (n: number) => `+1${2_130_000_000 + n}`;
export const agentAt = (n: number) => `agent_bench_${n}`;
export const callAt = (n: number) => `call_bench_${n.toString(36).padStart(26, '0')}`;

/** How many numbers and agents there are with so many calls: each at least 100. */
export function sizesFor(calls: number) {
  return { calls, numbers: Math.max(100, calls / 10), agents: Math.max(100, calls / 100) };
}

/** Through the store's own commands, so that every index is as it would be. */
export async function fill(store: Store, calls: number): Promise<void> {
  const { numbers, agents } = sizesFor(calls);
  await inBatches(agents, async (n) => {
    await store.createAgent({
      agent_id: agentAt(n),
      version: 0,
      channel: n % 20 === 0 ? 'chat' : 'voice',
      base_version: null,
      is_published: false,
      last_modification_timestamp: LAST_CALL_AT,
      settings: {
        agent_name: `Desk ${n}`,
        voice_id: '11labs-Adrian',
        response_engine: { type: 'custom-llm', llm_websocket_url: 'wss://llm.example.com/socket' },
      },
      tags: [],
    });
  });
  await inBatches(numbers, async (n) => {
    const settings = {
      phone_number: numberAt(n),
      phone_number_type: 'custom',
      last_modification_timestamp: LAST_CALL_AT,
      inbound_webhook_url: 'https://hooks.example.com/inbound',
      inbound_agents: [{ agent_id: agentAt(n % agents), weight: 1 }],
    } as const;
    await store.putNumber({ settings }, 'create');
  });
  await inBatches(calls, (n) => store.registerCall(callNumber(n, calls)));
}

/** Of twenty calls one failed; callers, numbers and agents are met in an order that visits them all. */
function callNumber(n: number, calls: number): Call {
  const { numbers, agents } = sizesFor(calls);
  const at = LAST_CALL_AT - (calls - 1 - n) * BETWEEN_CALLS_MS;
  const failed = n % 20 === 7;
  return {
    call_id: callAt(n),
    call_status: failed ? 'error' : 'ended',
    agent_id: agentAt((n * 7_919) % agents),
    agent_version: 0,
    agent_name: `Desk ${n % agents}`,
    direction: 'inbound',
    from_number: numberAt(5_000_000 + ((n * 104_729) % calls)),
    to_number: numberAt((n * 7_907) % numbers),
    metadata: { order: `${n}`, tier: n % 3 === 0 ? 'gold' : 'silver' },
    retell_llm_dynamic_variables: { name: `Caller ${n}` },
    data_storage_setting: 'everything',
    start_timestamp: at,
    end_timestamp: at + 60_000,
    disconnection_reason: failed ? 'error_no_audio_received' : n % 2 === 0 ? 'user_hangup' : 'agent_hangup',
    ...(!failed && { transcript: TRANSCRIPT }),
    created_timestamp: at,
  };
}

async function inBatches(count: number, put: (n: number) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < count; from += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - from) }, (_, index) => put(from + index)));
  }
}
