import { ManualClock } from '@pickup/testkit/clock';
import { expect, test } from 'vitest';
import { createLog, type LogOptions } from './log.ts';

function capture(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({ write: (line) => lines.push(line), clock: new ManualClock(), ...options });
  return { log, lines, events: () => lines.map((line) => JSON.parse(line)) };
}

test('an event is one line of JSON with time, level, event and its fields', () => {
  const { log, lines, events } = capture();
  log.info('attempt_ended', {
    inbound_id: 'inb_1',
    status: 200,
    'pii.from_number': '+12137771234',
    missing: undefined,
  });
  expect(lines[0]).toMatch(/^\{.*\}\n$/);
  expect(events()).toEqual([
    {
      time: '2023-11-14T22:13:21.000Z',
      level: 'info',
      event: 'attempt_ended',
      inbound_id: 'inb_1',
      status: 200,
      'pii.from_number': '+12137771234',
    },
  ]);
});

test('events below the level are not written', () => {
  const { log, events } = capture({ level: 'warn' });
  log.debug('a');
  log.info('b');
  log.warn('c');
  log.error('d');
  expect(events().map((event) => event.event)).toEqual(['c', 'd']);
});

test('with() adds its fields to every event, and the event’s own win', () => {
  const { log, events } = capture();
  const call = log.with({ inbound_id: 'inb_1', edge: 'sip' }).with({ call_id: 'call_1' });
  call.info('a', { edge: 'simulator' });
  expect(events()[0]).toMatchObject({ inbound_id: 'inb_1', call_id: 'call_1', edge: 'simulator' });
});

test('a field cannot take the place of time, level or event', () => {
  const { log, events } = capture();
  log.info('real', { event: 'forged', level: 'error' });
  expect(events()[0]).toMatchObject({ event: 'real', level: 'info', 'field.event': 'forged', 'field.level': 'error' });
});

test('pii can be dropped as a whole', () => {
  const { log, lines } = capture({ pii: 'drop' });
  log.with({ 'pii.to_number': '+12137771235' }).info('a', { 'pii.text': 'hello', kept: 1 });
  expect(lines[0]).toContain('"kept":1');
  expect(lines[0]).not.toMatch(/pii|hello|1235/);
});

test('nothing that is logged can throw or grow without bound', () => {
  const { log, events } = capture();
  const round: Record<string, unknown> = {};
  round['self'] = round;
  log.error('odd', {
    round,
    big: 10n ** 20n,
    long: 'x'.repeat(100_000),
    error: Object.assign(new Error('no'), { code: 'E' }),
  });
  const [event] = events();
  expect(event.round).toBe('(cannot be written)');
  expect(event.big).toBe('100000000000000000000');
  expect(event.long).toHaveLength(4_097);
  expect(event.error).toMatchObject({ name: 'Error', message: 'no', code: 'E', stack: expect.any(Array) });
});

test('the form for terminals is one line too, with control characters made harmless', () => {
  const { log, lines } = capture({ form: 'human' });
  log.info('peer_refused', { reason: 'not a peer\n\u001b[2J', port: 5060 });
  expect(lines).toEqual(['22:13:21.000 info  peer_refused reason="not a peer\\n\\u001b[2J" port=5060\n']);
});
