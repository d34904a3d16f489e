/** T1 of RFC 3261, in ms. */
const T1_MS = 500;
/** T2 of RFC 3261, in ms. */
const T2_MS = 4_000;

/**
 * Sends at once and again after 0.5, 1, 2… s until stopped; gives up after 64·T1 (Timers A/B, and E/F with `capped`
 * intervals). The returned function stops it.
 */
export function retransmit(options: {
  readonly send: () => void;
  readonly giveUp: () => void;
  readonly capped: boolean;
}): () => void {
  const { send, giveUp, capped } = options;
  let waitMs = T1_MS;
  const again = () => {
    send();
    timer = setTimeout(again, waitMs);
    waitMs = capped ? Math.min(waitMs * 2, T2_MS) : waitMs * 2;
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    clearTimeout(timer);
    clearTimeout(end);
  };
  const end = setTimeout(() => {
    stop();
    giveUp();
  }, 64 * T1_MS);
  again();
  return stop;
}
