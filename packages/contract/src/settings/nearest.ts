/** The known name nearest to a mistyped one (D9). */

const LONGEST_NAME = 64;

function normalised(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

/** Edits (insert, delete, replace, swap of neighbours) from `a` to `b`. */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    const above = rows[i - 1]!;
    for (let j = 1; j <= b.length; j++) {
      let cost = Math.min(above[j]! + 1, row[j - 1]! + 1, above[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, rows[i - 2]![j - 2]! + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]![b.length]!;
}

/**
 * The known name meant by `name`, or undefined when none is near: at most a third of the letters differ
 * (case and punctuation aside), or one name is the end of the other (`agent_id`, `override_agent_id`).
 */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const sought = normalised(name);
  if (sought === '') return undefined;
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const other = normalised(candidate);
    const most = Math.max(1, Math.floor(Math.max(sought.length, other.length) / 3));
    // Names of very different lengths are that far apart, and need no measuring.
    const apart = Math.abs(sought.length - other.length);
    let distance = apart > most ? apart : editDistance(sought, other);
    if (distance > most) {
      const contains = sought.length > 4 && other.length > 4 && (other.endsWith(sought) || sought.endsWith(other));
      if (!contains) continue;
      distance += 1;
    }
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** How many hints one document gets: each costs microseconds, and a hostile reply holds thousands of names. */
const MAX_HINTS = 40;

/** The nearest known name, and ` Did you mean x?` for the message; without one `hint` is ''. */
export interface Hint {
  readonly nearest?: string;
  readonly hint: string;
}

/** A hint for a name nobody knows; none where `found` issues are already more than anyone reads. */
export function didYouMean(name: string, known: Iterable<string>, found = 0): Hint {
  const nearest = found >= MAX_HINTS ? undefined : nearestName(name, known);
  return nearest === undefined ? { hint: '' } : { nearest, hint: ` Did you mean ${nearest}?` };
}
