/** What is asked of the API, with random ids, and what each answer has to hold. */
import { agentAt, BETWEEN_CALLS_MS, callAt, LAST_CALL_AT, numberAt, sizesFor } from './fill.ts';

export interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  /** Fewer items than that, or another status than 200, is a failure of the bench. Absent: no list. */
  readonly atLeast?: number;
}

/** Draws from 0 to below `below`. */
export type Draw = (below: number) => number;

const text = (value: string) => ({ type: 'string', op: 'eq', value });
const oneOf = (...value: string[]) => ({ type: 'enum', op: 'in', value });
const calls = (filter_criteria: object, atLeast: number, more: object = {}): Question => {
  return { method: 'POST', path: '/v3/list-calls', body: { filter_criteria, ...more }, atLeast };
};

/** By name; each is asked anew with other ids every time. */
export function questionsFor(count: number, draw: Draw): Readonly<Record<string, () => Question>> {
  const { numbers, agents } = sizesFor(count);
  const agent = () => [{ agent_id: agentAt(draw(agents)) }];
  const hour = () => {
    const from = LAST_CALL_AT - draw(count - 1) * BETWEEN_CALLS_MS;
    return [from, from + 3_600_000];
  };
  return {
    get_call: () => ({ method: 'GET', path: `/v2/get-call/${callAt(draw(count))}` }),
    get_phone_number: () => ({ method: 'GET', path: `/get-phone-number/${numberAt(draw(numbers))}` }),
    get_agent: () => ({ method: 'GET', path: `/get-agent/${agentAt(20 * draw(agents / 20) + 1)}` }),
    list_calls: () => calls({}, 50),
    list_calls_by_agent: () => calls({ agent: agent() }, 1),
    list_calls_of_ten_agents: () => calls({ agent: Array.from({ length: 10 }, () => agent()[0]) }, 5),
    list_calls_by_callee: () => calls({ to_number: text(numberAt(draw(numbers))) }, 1),
    list_calls_by_caller: () => calls({ from_number: text(numberAt(5_000_000 + draw(count))) }, 0),
    list_calls_by_status: () => calls({ call_status: oneOf('error') }, 5),
    list_calls_by_reason: () => calls({ disconnection_reason: oneOf('error_no_audio_received') }, 5),
    list_calls_of_an_hour: () => calls({ start_timestamp: { type: 'range', op: 'bt', value: hour() } }, 1),
    list_calls_of_status_ended: () => calls({ call_status: oneOf('ended') }, 50),
    list_calls_by_agent_with_total: () => calls({ agent: agent() }, 1, { include_total: true }),
    list_phone_numbers: () => ({ method: 'GET', path: '/v2/list-phone-numbers?limit=50', atLeast: 50 }),
    list_agents: () => ({ method: 'POST', path: '/v2/list-agents?limit=50', body: {}, atLeast: 50 }),
    list_agents_by_name: () => {
      const filter_criteria = { query: `desk ${draw(agents)}` };
      return { method: 'POST', path: '/v2/list-agents', body: { filter_criteria }, atLeast: 1 };
    },
  };
}

/** A search that no index answers and nothing matches. */
export const SEARCH: Question = calls({ metadata: [{ type: 'string', op: 'eq', key: 'order', value: 'none' }] }, 0);
