import type { SessionPlan } from '@pickup/core';
import { describe, expect, it } from 'vitest';
import { notApplied } from './not-applied.ts';

const plan = (channel: 'voice' | 'chat', overridden: readonly string[]) => ({ channel, overridden }) as SessionPlan;

describe('notApplied', () => {
  it('E10 names every field the runtime cannot act on, and only those', () => {
    const overridden = [
      'agent.voice_speed',
      'agent.response_engine',
      'agent.voice_temperature',
      'retell_llm.model',
      'agent.vocab_specialization',
      'agent.webhook_url',
    ];
    const issues = notApplied(plan('voice', overridden), new Set(['agent.voice_speed']));
    expect(issues.map((issue) => issue.pointer)).toEqual([
      '/call_inbound/agent_override/agent/voice_temperature',
      '/call_inbound/agent_override/retell_llm/model',
      '/call_inbound/agent_override/agent/vocab_specialization',
    ]);
    expect(issues.map(({ severity, effect, code }) => [severity, effect, code])).toEqual(
      Array(3).fill(['warning', 'not_applied', 'not_honoured']),
    );
    expect(issues[1]?.message).toMatch(/^retell_llm\.model has no effect: .* uses no model\.$/);
  });

  it('E10 points into the reply of the channel, and names the runtime', () => {
    const [issue] = notApplied(plan('chat', ['agent.volume']), new Set(), 'conversation');
    expect(issue?.pointer).toBe('/chat_inbound/agent_override/agent/volume');
    expect(issue?.message).toContain('the conversation runtime');
  });
});
