/** The providers' libraries cost 100 ms and more to load: nobody pays for one without its credentials. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);

/** The libraries that a process of its own has loaded, once it has composed the edges of these settings. */
async function loadedWith(config: object): Promise<readonly string[]> {
  const script = `
    import { registerHooks } from 'node:module';
    const seen = new Set();
    registerHooks({
      resolve(specifier, context, next) {
        const found = next(specifier, context);
        const [, library] = /node_modules\\/(twilio|telnyx)\\//.exec(found.url) ?? [];
        if (library) seen.add(library);
        return found;
      },
    });
    await import(${JSON.stringify(new URL('../compose.ts', import.meta.url).href)});
    const { openProviderEdges, openProviderWebhooks } = await import(
      ${JSON.stringify(new URL('./text-providers.ts', import.meta.url).href)}
    );
    const config = ${JSON.stringify(config)};
    const edges = await openProviderEdges(config);
    const webhooks = await openProviderWebhooks({ config, publicUrl: () => '' });
    console.log(JSON.stringify([...seen, ...edges.map(({ name }) => name + ' edge'), ...Object.keys(webhooks)]));
  `;
  const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
  return JSON.parse(stdout);
}

const TWILIO = { accountSid: 'AC1', authToken: 'token', apiUrl: 'http://127.0.0.1:9' };
const TELNYX = { apiKey: 'key', publicKey: Buffer.alloc(32, 7).toString('base64'), apiUrl: 'http://127.0.0.1:9' };
const { accountSid: _sid, authToken: _token, ...noTwilio } = TWILIO;

test.each([
  ['neither', { twilio: noTwilio, telnyx: { apiUrl: '' } }, []],
  ['Twilio', { twilio: TWILIO, telnyx: { apiUrl: '' } }, ['twilio', 'twilio edge', 'twilio']],
  ['Telnyx', { twilio: noTwilio, telnyx: TELNYX }, ['telnyx', 'telnyx edge', 'telnyx']],
])('with the credentials of %s', { timeout: 30_000 }, async (_whose, config, expected) => {
  expect(await loadedWith(config)).toEqual(expected);
});
