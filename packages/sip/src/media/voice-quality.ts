/** Without any impairment: the E-model's default (ITU-T G.107). */
const BEST_RATING = 93.2;
/** Robustness of G.711 with concealment against lost packets (G.113, appendix I). */
const LOSS_ROBUSTNESS = 25.1;
/** Beyond this one-way delay people begin to talk at the same time. */
const NOTICED_DELAY_MS = 177.3;

/**
 * The mean opinion score of G.711 with concealment, 1 to 4.4: a simplified E-model (ITU-T G.107) of random loss and
 * one-way delay from mouth to ear, without echo. `lossShare` from 0 to 1.
 */
export function estimateMos({ lossShare, delayMs }: { readonly lossShare: number; readonly delayMs: number }): number {
  const delay = 0.024 * delayMs + 0.11 * Math.max(0, delayMs - NOTICED_DELAY_MS);
  const percent = Math.min(1, Math.max(0, lossShare)) * 100;
  const loss = (95 * percent) / (percent + LOSS_ROBUSTNESS);
  const rating = Math.max(0, BEST_RATING - delay - loss);
  // The polynomial dips a little below 1 near a rating of 0.
  return Math.max(1, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6);
}
