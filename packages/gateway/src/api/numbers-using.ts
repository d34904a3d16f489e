/** Which numbers name an agent. */
import type { Store } from '../stores/port.ts';
import { AGENT_LIST_FIELDS } from './phone-number-checks.ts';

const ENOUGH = 10;

/** The first ten found; reads every number where there are fewer. */
export async function numbersUsing(store: Store, agentId: string): Promise<readonly string[]> {
  const found: string[] = [];
  let key: string | undefined;
  do {
    const page = await store.listNumbers({ limit: 1_000, ...(key !== undefined && { pagination_key: key }) });
    for (const { settings } of page.items) {
      const uses = AGENT_LIST_FIELDS.some((field) => settings[field]?.some((agent) => agent.agent_id === agentId));
      if (uses) found.push(settings.phone_number);
      if (found.length >= ENOUGH) return found;
    }
    key = page.has_more ? page.pagination_key : undefined;
  } while (key !== undefined);
  return found;
}
