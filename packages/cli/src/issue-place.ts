import type { Issue } from '@pickup/contract';

/** Names in a pointer are the endpoint's own: one may be as long as the reply. */
const LONGEST = 200;

/** An issue's place in front of its message, with a blank between them; '' where it has none. The whole is in `--json`. */
export function placeOf({ pointer }: Pick<Issue, 'pointer'>): string {
  if (pointer === '') return '';
  return pointer.length > LONGEST ? `${pointer.slice(0, LONGEST - 1).toWellFormed()}… ` : `${pointer} `;
}
