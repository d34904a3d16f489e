/** How a list of chats is read: by chat id, or in the order of their start; other filters are tried on each. */
import type { ChatListRequest } from '../port.ts';
import { agentsSql, type FieldPlaces, filterSql } from './filter-sql.ts';
import type { Key, ScanPlan } from './scan-list.ts';

/** SQLite's JSON gives true and false out as numbers. */
const SUCCESSFUL = "CASE json_type(doc, '$.chat_successful') WHEN 'true' THEN x'01' WHEN 'false' THEN x'00' END";
const PLACES: FieldPlaces = {
  computed: { chat_successful: SUCCESSFUL },
  columns: new Set(['chat_id', 'start_timestamp', 'chat_status', 'agent_id', 'agent_version']),
  doc: 'doc',
};

export interface ChatCells extends Key {
  readonly doc: string;
}

/** `read` gets the chat's row as JSON. */
export function planChats<T>(
  { filters = [], agents }: ChatListRequest,
  read: (doc: string) => T,
): ScanPlan<ChatCells, T> {
  const named = filters.find(({ field, op }) => field === 'chat_id' && (op === 'eq' || op === 'in'));
  const others = filters.filter((filter) => filter !== named).map((filter) => filterSql(filter, PLACES));
  return {
    table: 'chats',
    key: ['start_timestamp', 'seq'],
    select: 'doc',
    lanes: [{ from: 'chats', where: named ? [filterSql(named, PLACES)] : [] }],
    rest: [...others, ...agentsSql(agents)],
    read: ({ doc }) => read(doc),
  };
}
