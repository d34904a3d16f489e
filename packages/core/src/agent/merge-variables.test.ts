import { describe, expect, it } from 'vitest';
import { mergeVariables } from './merge-variables.ts';

describe('mergeVariables', () => {
  it('E9 reply over SIP headers over tag over engine defaults', () => {
    const { variables, warnings } = mergeVariables({
      reply: { a: 'reply', 'x-b': 'reply' },
      sipHeaders: { 'X-B': 'sip', 'x-c': 'sip', Diversion: 'sip' },
      tag: { a: 'tag', 'x-c': 'tag', d: 'tag' },
      engineDefaults: { a: 'default', d: 'default', e: 'default' },
    });
    expect(variables).toEqual({ a: 'reply', 'x-b': 'reply', 'x-c': 'sip', diversion: 'sip', d: 'tag', e: 'default' });
    expect(warnings).toEqual([]);
  });

  it('E9 an empty string suppresses the default', () => {
    expect(mergeVariables({ reply: { a: '' }, engineDefaults: { a: 'x' } }).variables).toEqual({ a: '' });
  });

  it('E9 other SIP headers are no variables', () => {
    expect(mergeVariables({ sipHeaders: { via: 'x', 'user-agent': 'y' } }).variables).toEqual({});
  });

  it('E9 a reply cannot shadow a system variable', () => {
    const { variables, warnings } = mergeVariables({
      reply: { call_id: 'mine', 'current_time_Europe/Paris': 'noon' },
      tag: { user_number: '+1' },
      group: 'chat_inbound',
    });
    expect(variables).toEqual({});
    expect(warnings.map((issue) => [issue.code, issue.pointer])).toEqual([
      ['shadows_system_variable', '/chat_inbound/dynamic_variables/call_id'],
      ['shadows_system_variable', '/chat_inbound/dynamic_variables/current_time_Europe~1Paris'],
    ]);
  });

  it('D9 hostile names never reach the merge', () => {
    const reply = JSON.parse('{"__proto__":"x","constructor":"y","ok":"z"}') as Record<string, string>;
    const { variables } = mergeVariables({ reply });
    expect(Object.keys(variables)).toEqual(['ok']);
    expect(Object.getPrototypeOf(variables)).toBe(Object.prototype);
  });
});
