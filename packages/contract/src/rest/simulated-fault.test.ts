import { expect, test } from 'vitest';
import { parseSimulate } from './simulate-body.ts';
import { describeSimulatedFault, parseFaultOption, SIMULATED_FAULTS } from './simulated-fault.ts';

const parties = { from_number: '+12137771234', to_number: '+12137771235' };

test('a fault is typed by its name, with a number of attempts behind a colon', () => {
  for (const kind of SIMULATED_FAULTS) expect(parseFaultOption(kind)).toEqual({ kind });
  expect(parseFaultOption('500:2')).toEqual({ kind: '500', attempts: 2 });
  for (const none of ['', '501', '500:', '500:0', '500:5', 'slow-drip:x', 'timeout 1']) {
    expect(parseFaultOption(none), none).toBeUndefined();
  }
});

test('a body with a fault is read, and a wrong one refused with what is allowed', () => {
  const read = parseSimulate({ ...parties, fault: { kind: 'reset', attempts: 1 } });
  expect(read).toMatchObject({ ok: true, value: { fault: { kind: 'reset', attempts: 1 } } });
  const wrong = parseSimulate({ ...parties, fault: { kind: 'resett', attempts: 9 } });
  expect(wrong.ok ? [] : wrong.issues.map(({ pointer, code }) => [pointer, code])).toEqual([
    ['/fault/kind', 'not_allowed_value'],
    ['/fault/attempts', 'out_of_range'],
  ]);
});

test('the record says that it was simulated, and on which attempts', () => {
  expect(describeSimulatedFault({ kind: '500', attempts: 2 })).toBe(
    '500, the endpoint is not asked and 500 comes back (the first 2 attempts only)',
  );
  expect(new Set(SIMULATED_FAULTS.map((kind) => describeSimulatedFault({ kind }))).size).toBe(SIMULATED_FAULTS.length);
});
