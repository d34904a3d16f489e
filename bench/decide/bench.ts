/**
 * The pure machine alone: arrival to settled, the reply parsed and judged, the override applied. The baseline is
 * what no implementation can do without: parsing that reply and writing the request and the record as JSON.
 */
import { begin, decide, type InboundEffect, type InboundEvent, type InboundState, type Move } from '@pickup/core';
import {
  buildFacts,
  buildTarget,
  found,
  ownedNumber,
  received,
  SEED_REPLY,
} from '../../packages/core/test/builders.ts';
import { type BenchReport, median } from '../report.ts';

const ROUNDS = 5;
const BATCH = 500;
const facts = buildFacts({ entry: ownedNumber() });
const answered = received(200, SEED_REPLY);
const target = found(buildTarget(), ['kb_abc123']);
const at = facts.arrived;

/** The events that answer each effect of a call that connects. */
function answerTo(effect: InboundEffect): InboundEvent | undefined {
  switch (effect.type) {
    case 'open':
      return { type: 'opened', at };
    case 'ask':
      return { type: 'attempt_ended', attempt: effect.attempt, result: answered, chance: 0.5, at };
    case 'resolve':
      return { type: 'resolved', found: target, at };
    case 'start_session':
      return { type: 'session_ready', issues: [], runtime: 'bench', at };
    case 'record_decision':
      return { type: 'decision_recorded', at };
    case 'accept':
      return { type: 'answer_handed', at };
    default:
      return undefined;
  }
}

function playOne(): InboundState {
  let move: Move = begin(facts);
  for (let events = move.effects.map(answerTo); events.some(Boolean); events = move.effects.map(answerTo)) {
    const event = events.find((candidate) => candidate !== undefined);
    if (!event) break;
    move = decide(move.state, event);
  }
  return move.state;
}

/** Microseconds of one `work`, over `seconds`. */
function timeOf(work: () => unknown, seconds: number): number {
  const startedMs = performance.now();
  let done = 0;
  while (performance.now() - startedMs < seconds * 1_000) {
    for (let n = 0; n < BATCH; n++) work();
    done += BATCH;
  }
  return ((performance.now() - startedMs) * 1_000) / done;
}

export async function run(seconds: number): Promise<BenchReport> {
  const last = playOne();
  if (last.phase.name !== 'closed' || last.phase.outcome !== 'connected') throw new Error('the call did not connect');
  const body = Buffer.from(answered.received ? answered.body : '').toString();
  const baseline = () => [JSON.parse(body), JSON.stringify(last.ledger)];
  timeOf(playOne, seconds / 10);
  timeOf(baseline, seconds / 10);
  const pairs = Array.from({ length: ROUNDS }, () => ({
    machine: timeOf(playOne, seconds / ROUNDS / 2),
    json: timeOf(baseline, seconds / ROUNDS / 2),
  }));
  return {
    bench: 'decide',
    ratios: { time_per_inbound: median(pairs.map(({ machine, json }) => machine / json)) },
    baseline: { json_us: median(pairs.map(({ json }) => json)) },
    measured: { us_per_inbound: median(pairs.map(({ machine }) => machine)), steps: last.ledger.steps.length },
    notes: ['machine time over that of parsing the reply and writing the record as JSON'],
  };
}
