/** Read-change-write of one thing at a time, so that two updates that cross lose nothing. */

/** Runs tasks of the same key one after the other; different keys do not wait for each other. */
export type Turns = <T>(key: string, task: () => Promise<T>) => Promise<T>;

/** New turns; nobody is waiting. */
export function createTurns(): Turns {
  const last = new Map<string, Promise<unknown>>();
  return (key, task) => {
    const turn = (last.get(key) ?? Promise.resolve()).then(task, task);
    const settled = turn.then(
      () => {},
      () => {},
    );
    last.set(key, settled);
    void settled.then(() => {
      if (last.get(key) === settled) last.delete(key);
    });
    return turn;
  };
}
