import { dirname } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { toolPresent } from './tool-present.ts';

afterEach(() => vi.restoreAllMocks());

it('finds a program in PATH, warns of a missing one, and throws on CI', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const path = dirname(process.execPath);
  expect(toolPresent('node', { PATH: path, CI: 'true' })).toBe(true);
  expect(warn).not.toHaveBeenCalled();
  expect(toolPresent('no-such-tool', { PATH: path })).toBe(false);
  expect(warn).toHaveBeenCalledOnce();
  expect(() => toolPresent('no-such-tool', { PATH: path, CI: 'true' })).toThrow('not installed');
});
