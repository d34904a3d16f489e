import { expect, test } from 'vitest';
import { CannotOpen, createSeal } from './seal.ts';
import { openInboundPassword, openTrunkPassword, sealInboundPassword, sealTrunkPassword } from './trunk-password.ts';

const seal = createSeal({ keys: [{ id: 'one', key: Buffer.alloc(32, 1) }], current: 'one' });

test('case 86 a trunk password opens for its own number and for no other', () => {
  const sealed = sealTrunkPassword(seal, '+12137771235', 'hunter2');
  expect(sealed).not.toContain('hunter2');
  expect(openTrunkPassword(seal, '+12137771235', sealed)).toBe('hunter2');
  expect(() => openTrunkPassword(seal, '+12137771236', sealed)).toThrow(CannotOpen);
});

test('case 86 the password of callers opens for its own number and for no other use', () => {
  const sealed = sealInboundPassword(seal, '+12137771235', 'hunter2');
  expect(openInboundPassword(seal, '+12137771235', sealed)).toBe('hunter2');
  expect(() => openInboundPassword(seal, '+12137771236', sealed)).toThrow(CannotOpen);
  expect(() => openTrunkPassword(seal, '+12137771235', sealed)).toThrow(CannotOpen);
});
