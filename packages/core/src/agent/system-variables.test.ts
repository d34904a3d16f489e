import { describe, expect, it } from 'vitest';
import type { SessionPlan } from '../session-plan.ts';
import { renderTemplate } from './render-variables.ts';
import { isSystemVariable, isSystemVariableOf, planVariables, systemVariables } from './system-variables.ts';

const wallMs = Date.UTC(2024, 2, 29, 6, 46, 5);
const inputs = {
  wallMs,
  channel: 'voice',
  from: '+12137771234',
  to: '+12137771235',
  direction: 'inbound',
  sessionId: 'call_1',
} as const;

describe('systemVariables', () => {
  it('E9 says who calls whom', () => {
    const lookup = systemVariables(inputs);
    const template = '{{user_number}} {{agent_number}} {{direction}} {{call_id}} {{call_type}} {{session_type}}';
    expect(renderTemplate(template, lookup)).toBe('+12137771234 +12137771235 inbound call_1 phone_call voice');
    const outbound = systemVariables({ ...inputs, direction: 'outbound' });
    expect(outbound('user_number')).toBe('+12137771235');
    expect(outbound('chat_id')).toBeUndefined();
    expect(systemVariables({ ...inputs, channel: 'chat' })('chat_id')).toBe('call_1');
  });

  it('a chat without numbers has no caller: the names are free for variables of its own', () => {
    const chat = { ...inputs, channel: 'chat', from: '', to: '' } as const;
    expect(systemVariables(chat)('user_number')).toBeUndefined();
    expect(isSystemVariableOf(chat)('user_number')).toBe(false);
    expect(isSystemVariableOf(chat)('chat_id')).toBe(true);
    for (const phone of [
      { ...chat, from: '+12137771234' },
      { ...inputs, from: '', to: '' },
    ])
      expect(isSystemVariableOf(phone)('user_number')).toBe(true);
  });

  it('E9 current_time in Los Angeles unless a zone is named', () => {
    const lookup = systemVariables(inputs);
    expect(lookup('current_time')).toBe('Thursday, March 28, 2024 at 11:46 PM PDT');
    expect(lookup('current_time_UTC')).toBe('Friday, March 29, 2024 at 6:46 AM UTC');
    expect(lookup('current_time_Asia/Kolkata')).toMatch(/^Friday, March 29, 2024 at 12:16 PM /);
    expect(systemVariables({ ...inputs, timezone: 'Europe/Paris' })('current_time')).toMatch(/ at 7:46 AM /);
    expect(systemVariables({ ...inputs, timezone: 'Mars/Base' })('current_time')).toMatch(/PDT$/);
    expect(systemVariables({ ...inputs, wallMs: Date.UTC(2024, 0, 1, 8) })('current_time')).toBe(
      'Monday, January 1, 2024 at 12:00 AM PST',
    );
  });

  it('E9 an unknown zone stays literal, a nested one is resolved', () => {
    const lookup = systemVariables(inputs);
    expect(renderTemplate('{{current_time_Mars/Base}}', lookup)).toBe('{{current_time_Mars/Base}}');
    const withZone = (name: string) => lookup(name) ?? (name === 'my_timezone' ? 'Asia/Tokyo' : undefined);
    expect(renderTemplate('{{current_hour_{{my_timezone}} }}', withZone)).toBe('15.77');
  });

  it('E9 current_hour is a fraction', () => {
    expect(systemVariables({ ...inputs, wallMs: Date.UTC(2024, 0, 1, 11, 30) })('current_hour')).toBe('3.5');
    expect(systemVariables({ ...inputs, wallMs: Date.UTC(2024, 0, 1, 8) })('current_hour')).toBe('0');
  });

  it('E9 the calendar has fourteen dates across a clock change', () => {
    const before = Date.UTC(2024, 2, 10, 7, 30); // 23:30 on the day before the clocks change
    const days = systemVariables({ ...inputs, wallMs: before })('current_calendar')?.split('\n') ?? [];
    expect(days[0]).toBe('Saturday, March 9, 2024 (today)');
    expect(days[1]).toBe('Sunday, March 10, 2024');
    expect(days[13]).toBe('Friday, March 22, 2024');
    expect(new Set(days).size).toBe(14);
  });

  it('E9 the duration of a session in words', () => {
    const lookup = systemVariables({ ...inputs, startedAt: wallMs - 1_230_000 });
    expect(lookup('session_duration')).toBe('20 minutes 30 seconds');
    expect(lookup('session_duration_ms')).toBe('1230000');
    expect(systemVariables(inputs)('session_duration')).toBe('0 seconds');
  });

  it('E9 of a plan, the system variables win over the merged ones', () => {
    const plan: SessionPlan = {
      session_id: 'call_9',
      channel: 'voice',
      agent_id: 'agent_1',
      agent_version: 0,
      direction: 'inbound',
      from_number: '+1',
      to_number: '+2',
      agent: { timezone: 'UTC' },
      engine: { type: 'custom-llm', llm_websocket_url: 'wss://example.com' },
      variables: { call_id: 'forged', customer_name: 'Anna', current_node: 'kept out by mergeVariables' },
      dynamic_variables: {},
      custom_sip_headers: {},
      voice_id: 'builtin-en-us',
      overridden: [],
    };
    const lookup = planVariables(plan, wallMs);
    expect(renderTemplate('{{call_id}} {{customer_name}} {{current_hour}} {{x}}', lookup)).toBe(
      'call_9 Anna 6.77 {{x}}',
    );
  });

  it('E9 knows its own names only', () => {
    expect(['current_time_UTC', 'call_id', 'current_node'].every(isSystemVariable)).toBe(true);
    expect(['current_timer', 'customer_name', 'constructor'].some(isSystemVariable)).toBe(false);
    expect(systemVariables(inputs)('constructor')).toBeUndefined();
  });

  it('case 32 ten thousand zones cost no ten thousand formatters', () => {
    const lookup = systemVariables(inputs);
    const started = performance.now();
    for (let n = 0; n < 10_000; n++) lookup(`current_time_Zone${n}`);
    expect(performance.now() - started).toBeLessThan(1_000);
    expect(lookup('current_time')).toMatch(/PDT$/);
  });
});
