import type { CallMediaStats, InboundObject } from '@pickup/contract';
import { expect, test } from 'vitest';
import { PLAIN, styleFor } from './style.ts';
import { formatEntry, type TimelineCall, timelineOf } from './timeline.ts';

const T = 1_700_000_000_000;

const waiting: InboundObject = {
  inbound_id: 'inb_1',
  channel: 'call',
  edge: 'sip',
  from_number: '+12137771234',
  to_number: '+12137771235',
  arrival_timestamp: T,
  outcome: null,
  attempts: [],
  issues: [],
  decision: [],
};

const connected: InboundObject = {
  ...waiting,
  outcome: 'connected',
  outcome_timestamp: T + 2_040,
  agent_id: 'agent_12345',
  agent_version: 1,
  call_id: 'call_9',
  attempts: [
    {
      attempt: 1,
      start_timestamp: T + 5,
      end_timestamp: T + 1_005,
      phases: { connect_ms: 1.26, first_byte_ms: 998, total_ms: 1_000 },
      status: 500,
      error: 'http_status',
      fault: 'endpoint',
      verdict: 'failed',
    },
    {
      attempt: 2,
      start_timestamp: T + 2_000,
      end_timestamp: T + 2_030,
      phases: { first_byte_ms: 29, total_ms: 30 },
      status: 200,
      verdict: 'accepted',
    },
  ],
  reply: { call_inbound: { override_agent_id: 'agent_12345' } },
  issues: [
    {
      severity: 'warning',
      effect: 'ignored',
      code: 'unknown_field',
      rule: 'D9',
      pointer: '/call_inbound/metdata',
      message: 'metdata is not a known field; did you mean metadata?',
    },
  ],
  decision: ['agent agent_12345 because override_agent_id', 'version 1 because latest'],
  sip: {
    messages: [
      { timestamp: T, direction: 'in', summary: 'INVITE sip:+12137771235@host' },
      { timestamp: T + 1, direction: 'out', summary: '100 Trying' },
      { timestamp: T + 2, direction: 'out', summary: '180 Ringing' },
    ],
  },
};

const call: TimelineCall = {
  call_status: 'ended',
  disconnection_reason: 'user_hangup',
  start_timestamp: T + 2_040,
  end_timestamp: T + 15_040,
  transcript_object: [{ role: 'agent', content: 'Hi John Doe, thanks for calling.', start: 0.2 }],
};

const lines = (inbound: InboundObject, of?: TimelineCall) =>
  timelineOf(inbound, of).map((entry) => formatEntry(entry, inbound.arrival_timestamp, PLAIN));

test('a connected call reads from arrival to hang-up', () => {
  expect(lines(connected, call)).toEqual([
    '    +0 ms  arrived    call from +12137771234 to +12137771235 (sip, inb_1)',
    '    +2 ms  ringing    the caller hears ringing',
    ' +1005 ms  attempt 1  500 in 1000 ms (connect 1.3, first byte 998): failed, http_status, fault: endpoint',
    ' +2030 ms  attempt 2  200 in 30 ms (first byte 29): accepted',
    '           reply      {"call_inbound":{"override_agent_id":"agent_12345"}}',
    '           warning    /call_inbound/metdata metdata is not a known field; did you mean metadata? [unknown_field, ignored]',
    '           decided    agent agent_12345 because override_agent_id',
    '           decided    version 1 because latest',
    ' +2040 ms  connected  to agent_12345 version 1 (call_9)',
    ' +2240 ms  agent      “Hi John Doe, thanks for calling.”',
    '  +15.0 s  hung up    ended, user_hangup',
  ]);
});

test('how the audio was follows the end, with a warning where people would complain', () => {
  const media: CallMediaStats = {
    ...({ codec: 'PCMU', srtp: null } as const),
    ...{ packets_sent: 650, packets_received: 640, packets_lost: 10, loss_percent: 1.54 },
    ...{ packets_late: 0, packets_rejected: 0, concealed_ms: 200, jitter_ms: 3.2, round_trip_ms: 41, mos: 4.1 },
    caller: { packets_lost: 0, jitter_ms: 1, mos: 4.35 },
  };
  expect(lines(connected, { ...call, media_stats: media }).at(-1)).toBe(
    "           audio      PCMU, 640 packets heard, 10 lost (1.54 %), jitter 3.2 ms, 200 ms concealed, round trip 41 ms, MOS 4.1, the caller's 4.35",
  );
  const bare = { ...media, srtp: 'AEAD_AES_128_GCM', concealed_ms: 0, round_trip_ms: null, mos: 2.5, caller: null };
  const end = timelineOf(connected, { ...call, media_stats: bare }).at(-1)!;
  expect([end.text, end.tone]).toEqual([
    'PCMU under AEAD_AES_128_GCM, 640 packets heard, 10 lost (1.54 %), jitter 3.2 ms, MOS 2.5',
    'warn',
  ]);
});

test('an issue that is not about a field of the reply shows no place', () => {
  const issue = {
    severity: 'warning',
    effect: 'degraded',
    code: 'voice_without_key',
    rule: 'E5',
    pointer: '',
    message: 'No key.',
  } as const;
  expect(lines({ ...waiting, issues: [issue] }).at(-1)).toBe(
    '           warning    No key. [voice_without_key, degraded]',
  );
});

test('a refused call ends with its outcome', () => {
  const refused: InboundObject = { ...waiting, outcome: 'declined', outcome_timestamp: T + 12 };
  expect(lines(refused).at(-1)).toBe('   +12 ms  refused    declined');
  expect(lines({ ...refused, outcome: 'caller_abandoned' }).at(-1)).toBe('   +12 ms  ended      caller_abandoned');
});

test('ringing shows when a 180 went out, and for a simulated call while somebody is asked', () => {
  const labels = (inbound: InboundObject) => timelineOf(inbound).map((entry) => entry.label);
  expect(labels(waiting)).toEqual(['arrived']);
  expect(labels({ ...waiting, edge: 'simulator' })).toEqual(['arrived', 'ringing']);
  expect(labels({ ...waiting, edge: 'simulator', outcome: 'unknown_number' })).toEqual(['arrived', 'refused']);
});

test('an event keeps its key when the record grows, and no two share one', () => {
  const before = timelineOf({ ...connected, outcome: null, decision: [], issues: [] }).map((entry) => entry.key);
  const after = timelineOf(connected, call).map((entry) => entry.key);
  expect(before.filter((key) => !after.includes(key))).toEqual([]);
  expect(new Set(after).size).toBe(after.length);
});

test('what came from outside cannot move the cursor', () => {
  const hostile: InboundObject = { ...waiting, from_number: '\u001b[2J\r\nfaked' };
  expect(lines(hostile)[0]).not.toMatch(/\p{Cc}/u);
});

test('colours only on a terminal, and not with NO_COLOR', () => {
  expect(styleFor(true, {}).good('x')).toBe('\u001b[32mx\u001b[39m');
  expect(styleFor(false, {}).good('x')).toBe('x');
  expect(styleFor(true, { NO_COLOR: '1' }).good('x')).toBe('x');
});
