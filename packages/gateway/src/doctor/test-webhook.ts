/** One really signed webhook to a number's endpoint, as a call would send it; sent only where the operator asks. */
import { randomBytes } from 'node:crypto';
import { defaultCatalogue, type Issue, lintReplyBody, type PhoneNumberSettings } from '@pickup/contract';
import { type AttemptResult, buildRequestBody, type InboundFacts, webhookUrl } from '@pickup/core';
import type { Outbound } from '@pickup/outbound';
import type { Clock } from '../runners/clock.ts';
import { createWebhookSender } from '../webhook/sender.ts';
import { type Finding, fail, ok, warn } from './finding.ts';
import type { OtherClock } from './wall-clock.ts';

/** A number kept for fiction, as caller. */
export const TEST_CALLER = '+12025550100';
/** C1. */
const ATTEMPT_MS = 10_000;

export interface TestWebhook {
  readonly number: PhoneNumberSettings;
  readonly profile: 'seed' | 'current';
  readonly signingKey: string;
  readonly version: string;
}

/** What came back. */
export interface TestResult {
  readonly attempt: AttemptResult;
  /** From the reply's Date header. */
  readonly other?: OtherClock;
}

/** Sends it. Undefined where the number asks no webhook. */
export async function sendTestWebhook(
  test: TestWebhook,
  by: { readonly outbound: Outbound; readonly clock: Clock },
): Promise<TestResult | undefined> {
  const { outbound, clock } = by;
  const at = { monoMs: clock.monoMs(), wallMs: clock.wallMs() };
  const facts = factsOf(test, at);
  const url = webhookUrl(facts);
  if (url === undefined) return undefined;
  let other: OtherClock | undefined;
  const listening: Pick<Outbound, 'post'> = {
    async post(request) {
      const result = await outbound.post(request);
      const date = Date.parse(result.ok ? (result.headers['date'] ?? '') : '');
      if (!Number.isNaN(date)) other = { host: new URL(url).host, aheadMs: aheadOf(date, result.endedWallMs) };
      return result;
    },
  };
  const sender = createWebhookSender({
    outbound: listening,
    signingKey: () => test.signingKey,
    wallMs: clock.wallMs,
    version: test.version,
  });
  const ask = {
    type: 'ask',
    attempt: 1,
    url,
    body: buildRequestBody(facts, at),
    deadline_mono_ms: at.monoMs + ATTEMPT_MS,
    deadline_wall_ms: at.wallMs + ATTEMPT_MS,
  } as const;
  const attempt = await sender.send(facts.inbound_id, ask, new AbortController().signal);
  return { attempt, ...(other && { other }) };
}

/** The reply, judged as `pickup check` does without a target. */
export function judgeTestReply({ attempt }: TestResult): readonly Finding[] {
  const ms = Math.ceil(attempt.ended.monoMs - attempt.started.monoMs);
  if (!attempt.received) {
    return [fail(`no reply: ${attempt.message} (${attempt.error})`, 'see the log of the endpoint for this moment')];
  }
  const { status } = attempt;
  if (status === 401 || status === 403) {
    const change =
      'the endpoint has to verify with the key that signs: pickup keys list shows which; then see its clock';
    return [fail(`${status} after ${ms} ms: the endpoint refused the signature`, change)];
  }
  if (status < 200 || status > 299) {
    return [
      fail(
        `${status} after ${ms} ms; only 2xx is success (D1)`,
        'answer 2xx, at the URL itself: redirects are not followed',
      ),
    ];
  }
  const { issues } = lintReplyBody(attempt.body, { channel: 'call', truncated: attempt.truncated });
  const found = issues.map((issue) => judgeIssue(issue));
  return [
    ...found,
    ...(found.some((one) => one.level === 'fail') ? [] : [ok(`${status} after ${ms} ms, a good reply`)]),
  ];
}

/** Ours less theirs; the header has whole seconds, so that up to one second is no difference. */
export function aheadOf(theirDateMs: number, ourWallMs: number): number {
  const difference = ourWallMs - theirDateMs;
  return difference >= 0 && difference < 1_000 ? 0 : difference;
}

function judgeIssue({ severity, pointer, code, message }: Issue): Finding {
  const what = `the reply's ${pointer || 'body'}: ${message} (${code})`;
  return (severity === 'error' ? fail : warn)(what, 'docs/webhook.md, The reply; then: pickup check <file>');
}

/** The facts of a call that only the body's builder reads. */
function factsOf({ number, profile }: TestWebhook, at: InboundFacts['arrived']): InboundFacts {
  const id = randomBytes(12).toString('hex');
  const [agent] = number.inbound_agents ?? [];
  const resolved = { found: false, missing: 'version', message: '' } as const;
  return {
    inbound_id: `inb_doctor_${id}`,
    session_id: `call_doctor_${id}`,
    channel: 'call',
    edge: 'simulator',
    from_number: TEST_CALLER,
    to_number: number.phone_number,
    custom_sip_headers: { 'x-pickup-test': 'doctor' },
    arrived: at,
    entry: { kind: 'number', number, ...(agent && { drawn: { agent, resolved } }) },
    edge_ring_limit_ms: ATTEMPT_MS,
    media: 'usable',
    gateway: {
      ring_budget_ms: ATTEMPT_MS,
      webhook_profile: profile,
      concurrency: 0,
      catalogue: defaultCatalogue(),
      checkUrl: () => ({ ok: true }),
    },
  };
}
