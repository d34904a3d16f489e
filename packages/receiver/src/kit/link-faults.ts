/** Simulated faults between Pickup and the endpoint, as `pickup call --fault` has them, without a network. */
import { HANG_UP_AFTER_MS, parseFaultOption, SIMULATED_FAULTS, type SimulatedFault } from '@pickup/contract';
import { type Ask, type AttemptResult, compareAnswers, type Instant } from '@pickup/core';
import { type AskOptions, askEndpoint, failed, spent } from './ask-endpoint.ts';
import type { FaultKind } from './fault-name.ts';

// Fails to compile once the simulator knows more faults, or fewer.
const KINDS: readonly FaultKind[] = SIMULATED_FAULTS satisfies readonly FaultKind[];

const DRIP_MS = 300;
const CUT_JSON = '{"call_inbound": {"override_agent_id": "ag';

/** @throws TypeError for a name nobody knows. */
export function readFault(fault: string | undefined): SimulatedFault | undefined {
  if (fault === undefined) return undefined;
  const read = parseFaultOption(fault);
  if (read === undefined)
    throw new TypeError(`fault must be one of ${KINDS.join(', ')}, with :1 to :4 for the first attempts only.`);
  return read;
}

/** How long the caller waits; undefined: for ever. */
export function hangUpAfter(fault: SimulatedFault | undefined): number | undefined {
  return fault?.kind === 'hang-up' ? HANG_UP_AFTER_MS : undefined;
}

/** An attempt with the fault in between. */
export async function askThrough(
  fault: SimulatedFault | undefined,
  ask: Ask,
  signal: AbortSignal,
  options: AskOptions,
): Promise<AttemptResult> {
  if (fault === undefined || ask.attempt > (fault.attempts ?? ask.attempt)) return askEndpoint(ask, signal, options);
  const { clock } = options;
  const started: Instant = { monoMs: clock.monoMs(), wallMs: clock.wallMs() };
  switch (fault.kind) {
    case 'timeout':
      clock.passTo(ask.deadline_mono_ms);
      return { ...failed(started, clock, 'timeout'), simulated: true };
    case '500':
      return { ...answered(started, options, 500, '{"error":"a simulated fault of Pickup"}'), simulated: true };
    case 'hang-up':
      return untilHungUp(ask, signal, options);
    case 'duplicate':
      return { ...(await twice(ask, signal, options)), simulated: true };
    default: {
      const result = await askEndpoint(ask, signal, options);
      return result.received ? { ...spoiled(fault.kind, result, ask, options), simulated: true } : result;
    }
  }
}

function answered(started: Instant, { clock }: AskOptions, status: number, body: string): AttemptResult {
  const bytes = new TextEncoder().encode(body);
  return { ...spent(started, clock), received: true, status, body: bytes, truncated: false };
}

/** The endpoint decides, and its reply waits until nobody is there any more. */
async function untilHungUp(ask: Ask, signal: AbortSignal, options: AskOptions): Promise<AttemptResult> {
  const result = await askEndpoint(ask, signal, options);
  if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  return { ...failed(result.started, options.clock, 'aborted'), simulated: true };
}

async function twice(ask: Ask, signal: AbortSignal, options: AskOptions): Promise<AttemptResult> {
  const first = await askEndpoint(ask, signal, options);
  const second = await askEndpoint(ask, signal, options);
  const noticed = compareAnswers(first, second);
  return { ...first, ...(noticed && { noticed: [noticed] }) };
}

type Received = AttemptResult & { readonly received: true };

function spoiled(kind: string, result: Received, ask: Ask, { clock }: AskOptions): AttemptResult {
  const { started, body } = result;
  if (kind === 'reset') return failed(started, clock, 'incomplete_reply');
  if (kind === 'malformed') {
    const cut = body.length < 2 ? new TextEncoder().encode(CUT_JSON) : body.subarray(0, Math.ceil(body.length / 2));
    return { ...result, status: result.status === 204 ? 200 : result.status, body: cut };
  }
  const completeAt = clock.monoMs() + body.length * DRIP_MS;
  clock.passTo(Math.min(completeAt, ask.deadline_mono_ms));
  if (completeAt >= ask.deadline_mono_ms) return failed(started, clock, 'timeout', 'body');
  return { ...result, ...spent(started, clock) };
}
