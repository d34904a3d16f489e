import { expect, it } from 'vitest';
import { SampleLru } from './sample-lru.ts';

it('keeps within its bytes, dropping what was not used longest', () => {
  const lru = new SampleLru(40);
  lru.set('a', new Int16Array(10));
  lru.set('b', new Int16Array(10));
  lru.get('a');
  lru.set('c', new Int16Array(10));
  expect(lru.get('b')).toBeUndefined();
  expect(lru.get('a')).toBeDefined();
  lru.set('a', new Int16Array(5));
  expect(lru.bytes).toBe(30);
  lru.set('huge', new Int16Array(100));
  expect(lru.get('huge')).toBeUndefined();
  expect(lru.get('c')).toBeDefined();
});
