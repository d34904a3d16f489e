import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { toolPresent } from '@pickup/testkit/tool';
import { expect, test } from 'vitest';
import { startTestApi } from '../../test/start-test-api.ts';
import { referencePage } from './reference-page.ts';

const chromium = (url: string, profile: string) =>
  promisify(execFile)(
    'chromium',
    ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync']
      .concat(['--disable-background-networking', '--disable-component-update', `--user-data-dir=${profile}`])
      .concat(['--virtual-time-budget=2000', '--dump-dom', url]),
    { timeout: 30_000, maxBuffer: 32 * 1024 * 1024 },
  );

test.runIf(toolPresent('chromium'))(
  'the reference page shows every route in a browser that reaches nothing else',
  async () => {
    const api = await startTestApi();
    const profile = await mkdtemp(join(tmpdir(), 'pickup-chromium-'));
    try {
      const { stdout } = await chromium(`${api.url}/docs`, profile);
      const document = (await (await fetch(`${api.url}/openapi.json`)).json()) as { paths: Record<string, object> };
      for (const path of Object.keys(document.paths)) expect(stdout).toContain(`<code>${path}</code>`);
      expect(stdout).toContain('Must be a number from 0.5 to 2.');
      expect(stdout.match(/(?:src|href)="(?!#|\/openapi\.json)/g)).toBeNull();
      expect(stdout).toMatch(/<h2 id="phone-number">/);
    } finally {
      await api.close();
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    }
  },
  60_000,
);

test('what a summary or a rule says stays text', () => {
  const page = referencePage({
    info: { title: '<b>', version: '1' },
    paths: {
      '/get-x/{id}': {
        get: { summary: '<script>"&', responses: { '200': {} }, 'x-pickup-access': 'read' },
      },
    },
  });
  expect(page).toContain('&lt;script&gt;&quot;&amp;');
  expect(page).not.toContain('<script>');
});
