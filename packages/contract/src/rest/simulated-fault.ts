/** What the simulator can make go wrong: on the line to the endpoint, or with the caller. */
import { choice, integer, optional, shape } from '../settings/field.ts';

/** The faults of a simulated call or text; all but `hang-up` stand between Pickup and the endpoint. */
export const SIMULATED_FAULTS = ['timeout', '500', 'slow-drip', 'reset', 'malformed', 'duplicate', 'hang-up'] as const;
/** One of `SIMULATED_FAULTS`. */
export type SimulatedFaultKind = (typeof SIMULATED_FAULTS)[number];

/** A fault, and how many attempts of the webhook meet it, from the first on; default all. */
export interface SimulatedFault {
  readonly kind: SimulatedFaultKind;
  readonly attempts?: number;
}

/** The most attempts of a chain (C2). */
const MOST_ATTEMPTS = 4;

/** Those of a text: whoever texts has nothing to hang up. */
export const SIMULATED_TEXT_FAULTS = SIMULATED_FAULTS.filter((kind) => kind !== 'hang-up');

/** How long the caller of `hang-up` waits before giving up. */
export const HANG_UP_AFTER_MS = 1_000;

/** `{kind, attempts?}` in a body. */
export const simulatedFault = shape({
  kind: choice(SIMULATED_FAULTS),
  attempts: optional(integer({ min: 1, max: MOST_ATTEMPTS })),
});

const WHAT: Readonly<Record<SimulatedFaultKind, string>> = {
  timeout: 'the endpoint is not asked and no answer comes',
  '500': 'the endpoint is not asked and 500 comes back',
  'slow-drip': "the endpoint's reply comes a byte every 300 ms",
  reset: 'the connection is reset after the first bytes of the reply',
  malformed: 'the reply is cut in the middle of its JSON',
  duplicate: 'the endpoint is sent each request twice, and the first reply counts',
  'hang-up': 'the caller hangs up after 1 s, if it still rings',
};

/** The fault in a sentence of the record: nobody is to take it for a real one. */
export function describeSimulatedFault({ kind, attempts }: SimulatedFault): string {
  const which = attempts === undefined || kind === 'hang-up' ? '' : ` (${attemptsInWords(attempts)})`;
  return `${kind}, ${WHAT[kind]}${which}`;
}

const attemptsInWords = (attempts: number): string =>
  attempts === 1 ? 'the first attempt only' : `the first ${attempts} attempts only`;

/** `500`, `500:2`: as it is typed. Undefined where it is none. */
export function parseFaultOption(text: string): SimulatedFault | undefined {
  const [, name, digits] = /^([a-z0-9-]+)(?::(\d))?$/.exec(text) ?? [];
  const kind = SIMULATED_FAULTS.find((known) => known === name);
  const attempts = digits === undefined ? undefined : Number(digits);
  if (kind === undefined || attempts === 0 || (attempts ?? 1) > MOST_ATTEMPTS) return undefined;
  return { kind, ...(attempts !== undefined && { attempts }) };
}
