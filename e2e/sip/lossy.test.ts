/** A whole call over a bad line: 5 % lost, 60 ± 40 ms, out of order, copies (cases of audio and keys under loss). */
import { intelligibility, measureLine } from '@pickup/testkit/audio-measure';
import { judgeStream, type LossyLink, openLossyLink, ROUGH } from '@pickup/testkit/lossy-link';
import { createPhone, type Phone } from '@pickup/testkit/phone';
import { speechSpans } from '@pickup/testkit/wav';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStage, type Stage } from '../support/stage.ts';
import { until } from '../support/until.ts';
import { digitsAgent } from './support/flow-agents.ts';
import { onlyOutcome } from './support/records.ts';

const CODES = ['1123#', '58*0#', '47#'] as const;
const LINE = 'Please enter the number on the back of your card, and then press pound.';

let stage: Stage;
let phone: Phone;
let link: LossyLink;

beforeAll(async () => {
  [stage, phone] = await Promise.all([openStage(), createPhone()]);
  link = await openLossyLink({ server: stage.gateway.sip, impairment: ROUGH, seed: 5 });
}, 90_000);
afterAll(async () => {
  await phone?.close();
  link?.close();
  await stage?.close();
});

/** Calls through `server`; presses each code once the agent has asked again. Gives what was said and heard. */
async function callAndPress(agentId: string, server: { readonly host: string; readonly port: number }) {
  const to = await stage.number({
    script: { body: JSON.stringify({ call_inbound: { override_agent_id: agentId } }) },
  });
  const call = await phone.call({ to: to.number, from: '+12137771234', server });
  expect((await call.final).code).toBe(200);
  const { call_id } = await onlyOutcome(stage.gateway, to.number);
  const transcript = async () => (await stage.gateway.client.call.retrieve(call_id!)).transcript ?? '';
  let asked = call.heard();
  for (const [index, code] of CODES.entries()) {
    await until(`question ${index + 1}`, async () => (await transcript()).split(`Agent: ${LINE}`).length > index + 1);
    // The first question is heard out; the others are cut short by the keys.
    if (index === 0) asked = await until('the end of the first question', () => heardOut(call.heard()));
    await call.sendDigits(code);
  }
  expect(await call.ended).toEqual({ by: 'them' });
  const ended = await until('the end of the call', async () => {
    const found = await stage.gateway.client.call.retrieve(call_id!);
    return found.call_status === 'ended' && found;
  });
  return { lines: ended.transcript?.trim().split('\n'), asked, wire: link.wire(call.callId) };
}

/** The recording, once somebody has spoken for two seconds and then been silent for half a second. */
function heardOut(heard: Int16Array): Int16Array | undefined {
  const spans = speechSpans(heard, 8_000);
  const spokenMs = spans.reduce((sum, span) => sum + span.endMs - span.startMs, 0);
  return spokenMs > 2_000 && heard.length / 8 - spans.at(-1)!.endMs > 500 ? heard : undefined;
}

/** What was spoken, from its first moment to its last. */
function spoken(heard: Int16Array): Int16Array {
  const spans = speechSpans(heard, 8_000);
  return heard.slice(spans[0]!.startMs * 8, spans.at(-1)!.endMs * 8);
}

// In real time: a machine that stands still for a moment is heard.
test('keys pressed over a bad line each arrive once, the flow follows them, and the caller understands it', {
  timeout: 60_000,
  retry: 2,
}, async () => {
  const agentId = await digitsAgent(stage.gateway, LINE);
  const [clear, rough] = await Promise.all([callAndPress(agentId, stage.gateway.sip), callAndPress(agentId, link)]);
  const asked = `Agent: ${LINE}`;
  const expected = CODES.flatMap((code, index) => [
    asked,
    `User: [digits] ${code}`,
    index < CODES.length - 1 ? 'Agent: No.' : 'Agent: Yes, 47.',
  ]);
  expect(clear.lines).toEqual(expected);
  expect(rough.lines).toEqual(expected);

  const { toFar, toNear } = rough.wire!.figures();
  for (const { sent, lost, overtaken } of [toFar, toNear]) {
    expect(lost / sent).toBeGreaterThan(0.02);
    expect(overtaken).toBeGreaterThan(sent * 0.05);
  }
  // What the gateway sends is regular, whatever the line makes of it.
  const stream = judgeStream(rough.wire!.sentByFar);
  expect(stream).toMatchObject({ sequenceFaults: 0, timestampFaults: 0 });
  expect(stream.packets).toBeGreaterThan(300);
  expect(stream.offBeatMs).toBeLessThan(100);
  // The phone has no concealment, so that the words arrive is the least that can be said; others do better.
  const said = spoken(clear.asked);
  const { delay } = measureLine(said, rough.asked, 5_000);
  expect(said.length).toBeGreaterThan(8_000 * 2);
  expect(intelligibility(said, rough.asked, () => delay.meanMs)).toBeGreaterThan(0.85);
});
