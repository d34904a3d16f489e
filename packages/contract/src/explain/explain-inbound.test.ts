import { describe, expect, test } from 'vitest';
import { ATTEMPT_ERRORS, type AttemptRecord, type Issue, OUTCOMES, VERIFICATION_FAULTS } from '../inbound.ts';
import { explainInbound } from './explain-inbound.ts';
import { type ExplainedInbound, explanationLine } from './explanation.ts';

const settings = { phone_number: '+12137771235', webhook_url: 'https://hooks.example.com/inbound' };

function inbound(changed: Partial<ExplainedInbound> = {}): ExplainedInbound {
  return {
    inbound_id: 'inb_1',
    channel: 'call',
    outcome: 'connected',
    agent_id: 'agent_1',
    agent_version: 2,
    to_number: '+12137771235',
    attempts: [attempt({ status: 200, bytes: 30, verdict: 'accepted' })],
    issues: [],
    decision: [],
    settings,
    ...changed,
  };
}

function attempt(changed: Partial<AttemptRecord> = {}): AttemptRecord {
  const times = { attempt: 1, start_timestamp: 0, end_timestamp: 10, phases: { total_ms: 10 } };
  return { ...times, verdict: 'failed', ...changed };
}

function issue(changed: Partial<Issue>): Issue {
  return {
    severity: 'warning',
    effect: 'ignored',
    code: 'unknown_field',
    rule: 'D9',
    pointer: '/call_inbound/x',
    message: 'x is not a known field and was ignored.',
    ...changed,
  };
}

const line = (changed: Partial<ExplainedInbound>) => explanationLine(explainInbound(inbound(changed)));

test('H1 nothing is wrong: the headline says who answered, and there is nothing to do', () => {
  expect(explainInbound(inbound())).toEqual({ headline: 'Connected to agent_1 version 2, as the webhook replied.' });
});

test('D2 a 204 is a success that overrides nothing, and the fix says how to override', () => {
  expect(line({ attempts: [attempt({ status: 204, bytes: 0, verdict: 'accepted' })] })).toBe(
    "Connected to agent_1 version 2, the number's own agent: the webhook answered 204, which has no body, so it overrides nothing (D2). " +
      'To choose an agent or set variables, answer 200 with {"call_inbound": {…}}.',
  );
});

test('E3 the webhook failed and the number answers: its own agent, and why', () => {
  const refused = attempt({ error: 'connect_error', reason: 'ECONNREFUSED', fault: 'endpoint' });
  expect(line({ attempts: [refused, refused, refused, refused] })).toBe(
    "Connected to agent_1 version 2, the number's own agent, because the webhook failed: nothing listens at " +
      'hooks.example.com port 443 (connection refused) (4 attempts). ' +
      'Start the endpoint, or correct host and port in inbound_webhook_url of +12137771235.',
  );
});

test('B2 each step of the verification has its own sentence', () => {
  const lines = VERIFICATION_FAULTS.map((verification) =>
    line({ attempts: [attempt({ error: 'http_status', status: 401, verification })] }),
  );
  expect(new Set(lines).size).toBe(VERIFICATION_FAULTS.length);
  expect(lines[VERIFICATION_FAULTS.indexOf('body_changed')]).toContain('parsed and serialised again');
});

describe('the worst comes first', () => {
  test('E6 a fault that refuses before any warning', () => {
    const fault = issue({
      severity: 'error',
      effect: 'refuses',
      code: 'out_of_range',
      pointer: '/call_inbound/agent_override/agent/voice_temperature',
      message: 'agent.voice_temperature must be a number from 0 to 2.',
      allowed: { minimum: 0, maximum: 2 },
      sent: 3.5,
    });
    expect(line({ outcome: 'invalid_override', issues: [issue({}), fault] })).toBe(
      'Refused: agent.voice_temperature must be a number from 0 to 2 (sent: 3.5). ' +
        'Send voice_temperature as at least 0 and at most 2.',
    );
  });

  test('D9 a field at the wrong place before one that merely has no effect', () => {
    const lame = issue({ effect: 'not_applied', code: 'not_honoured', message: 'agent.voice_speed has no effect.' });
    const misplaced = issue({
      code: 'misplaced_field',
      pointer: '/override_agent_id',
      message: 'override_agent_id is not a known field.',
    });
    expect(line({ issues: [lame, misplaced] })).toBe(
      'Connected to agent_1 version 2, but override_agent_id is not a known field (and 1 more issue). ' +
        'Move it inside: {"call_inbound": {"override_agent_id": …}}.',
    );
  });

  test('D9 the nearest name is the fix', () => {
    expect(line({ issues: [issue({ nearest: 'voice_temperature' })] })).toContain('Rename it to voice_temperature.');
  });
});

test('every outcome, attempt error and channel has a headline of one line that ends with a full stop', () => {
  for (const channel of ['call', 'sms'] as const) {
    for (const outcome of [null, ...OUTCOMES]) {
      for (const error of ATTEMPT_ERRORS) {
        for (const attempts of [[], [attempt({ error, status: 500 })]]) {
          const told = explainInbound({ channel, outcome, attempts, issues: [], decision: [] });
          expect(told.headline).toMatch(/^[A-Z][^\n]*\.$/);
          expect(`${told.headline}${told.fix}`).not.toMatch(/undefined\b.*undefined|null|\[object/);
        }
      }
    }
  }
});

test('E8 a reply that came too late explains nothing', () => {
  const accepted = attempt({ attempt: 2, status: 200, bytes: 30, verdict: 'accepted' });
  const late = attempt({ status: 200, bytes: 30, verdict: 'late' });
  expect(line({ attempts: [accepted, late] })).toBe('Connected to agent_1 version 2, as the webhook replied.');
});

test('a simulated fault is called simulated, and nobody is told to mend it', () => {
  const told = explainInbound(inbound({ attempts: [attempt({ error: 'http_status', status: 500, simulated: true })] }));
  expect(told.headline).toContain('(simulated)');
  expect(told).not.toHaveProperty('fix');
});

test('A1 on a text the words are those of texts', () => {
  expect(line({ channel: 'sms', outcome: 'no_agent', attempts: [] })).toMatch(/^Not answered: /);
  expect(line({ channel: 'sms' })).toMatch(/^Answered by agent_1/);
  // Nobody hears ringing, has a phone with codecs, or could have hung up.
  for (const outcome of OUTCOMES.filter((one) => !['caller_abandoned', 'media_rejected'].includes(one))) {
    for (const reason of [undefined, 'connect', 'dns', 'headers', 'body']) {
      const timeout = attempt({ error: 'timeout', ...(reason !== undefined && { reason }) });
      const told = line({ channel: 'sms', outcome, attempts: [timeout] });
      expect(told).not.toMatch(/\bcallers?\b(?! of)|\bcall\b|hear|audio/);
    }
  }
});

test('E6 a fault is told before a warning, wherever it stands', () => {
  const issues = [
    issue({ code: 'misplaced_field', message: 'metadata is not a known field and was ignored.' }),
    issue({ severity: 'error', code: 'out_of_range', message: 'agent.voice_speed is out of range.' }),
  ];
  expect(line({ issues })).toContain('but agent.voice_speed is out of range (and 1 more issue).');
});

test.each([
  ['variable_not_string', 'warning', 7],
  ['wrong_type', 'error', {}],
] as const)('D5 a name as long as a reply makes no line as long: %s', (code, severity, sent) => {
  const pointer = `/call_inbound/dynamic_variables/${'n'.repeat(60_000)}`;
  const found = line({ issues: [issue({ code, severity, sent, pointer, message: 'a variable must be a string.' })] });
  expect(found.length).toBeLessThan(500);
  expect(found).toContain('nnn…');
});
