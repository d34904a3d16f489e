import { describe, expect, test } from 'vitest';
import { handlingOf, optedOutAfter, readOptOutWord } from './opt-out.ts';

describe('A8 opt-out words', () => {
  test.each(['STOP', 'stop', ' Stop\n', 'STOPALL', 'unsubscribe', 'Cancel', 'END', 'quit', 'REVOKE', 'optout'])(
    '%j stops',
    (text) => expect(readOptOutWord(text, false)).toBe('stop'),
  );
  test.each(['START', 'unstop'])('%j starts, opted out or not', (text) => {
    expect(readOptOutWord(text, false)).toBe('start');
    expect(readOptOutWord(text, true)).toBe('start');
  });
  test('YES starts only while opted out', () => {
    expect(readOptOutWord('yes', true)).toBe('start');
    expect(readOptOutWord('yes', false)).toBeUndefined();
  });
  test.each(['help', 'INFO'])('%j asks', (text) => expect(readOptOutWord(text, false)).toBe('help'));
  test.each(['please stop', 'STOP it', 'stop.', '', 'ends', 'helpful'])('%j is a text like any other', (text) => {
    expect(readOptOutWord(text, false)).toBeUndefined();
    expect(handlingOf(text, false)).toBe('chat');
  });
  test('whoever opted out stays so until a START, and gets no agent', () => {
    expect(handlingOf('hello', true)).toBe('opted_out');
    expect(optedOutAfter('opted_out', true)).toBe(true);
    expect(optedOutAfter('help', true)).toBe(true);
    expect(optedOutAfter('start', true)).toBe(false);
    expect(optedOutAfter('chat', false)).toBe(false);
    expect(optedOutAfter('stop', false)).toBe(true);
  });
});
