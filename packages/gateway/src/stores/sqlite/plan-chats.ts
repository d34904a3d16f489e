/** How a list of chats is read: by chat id, or in the order of their start; other filters are tried on each. */
import type { ChatListRequest } from '../port.ts';
import { agentsSql, type FieldPlaces, filterSql } from './filter-sql.ts';
import type { Key, ScanPlan } from './scan-list.ts';

const PLACES: FieldPlaces = {
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
