/** Events in memory. */
import type { EventCommands, EventRow } from '../port.ts';
import { copyOf, type MemoryData } from './data.ts';

/** Adds events; one that is there already stays as it is. */
export function tell(data: MemoryData, events: readonly EventRow[]): void {
  for (const event of events) if (!data.events.has(event.event_id)) data.events.set(event.event_id, copyOf(event));
}

/** The event commands over shared data. */
export function createMemoryEvents(data: MemoryData): EventCommands {
  const ofSubject = (subjectId: string) => [...data.events.values()].filter((row) => row.subject_id === subjectId);
  const isHeldBack = (row: EventRow) => {
    const all = ofSubject(row.subject_id);
    return all.slice(0, all.indexOf(row)).some((earlier) => earlier.attempts.length === 0);
  };
  return {
    async dueEvents(now, limit) {
      const due = [...data.events.values()].filter(
        (row) => (row.next_timestamp ?? Infinity) <= now && !isHeldBack(row),
      );
      return due.sort((a, b) => (a.next_timestamp ?? 0) - (b.next_timestamp ?? 0)).slice(0, limit);
    },
    async recordEventAttempt(eventId, attempt, nextTimestamp) {
      const row = data.events.get(eventId);
      if (row === undefined) return;
      const { next_timestamp: _due, ...rest } = row;
      const next = nextTimestamp === undefined ? {} : { next_timestamp: nextTimestamp };
      data.events.set(eventId, { ...rest, attempts: [...row.attempts, copyOf(attempt)], ...next });
    },
    listEvents: async (subjectId) => ofSubject(subjectId),
  };
}
