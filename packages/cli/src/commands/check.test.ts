import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { afterEach, expect, test } from 'vitest';
import { CommandFault } from '../command.ts';
import { PLAIN } from '../style.ts';
import { run } from './check.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0)) await clean();
});

/** Runs the command; without `port` no gateway could be asked, as there is no key. */
async function check(args: readonly string[], stdin: string | Uint8Array = '', port?: number) {
  let out = '';
  const code = await run({
    args,
    env: port === undefined ? {} : { PICKUP_HTTP_PORT: String(port), PICKUP_API_KEY: 'key_of_the_check_tests' },
    out: (text) => {
      out += text;
    },
    err: () => {},
    style: PLAIN,
    readStdin: async (most) => Buffer.from(stdin).subarray(0, most),
    sleep: async () => {},
    monoMs: () => 0,
    stopAsked: () => new Promise(() => {}),
  });
  return { code, out, lines: out.trimEnd().split('\n') };
}

/** A gateway that answers every check alike. */
async function fakeGateway(answer: unknown) {
  const bodies: { readonly reply_base64: string }[] = [];
  const server = createServer(async (request, response) => {
    bodies.push((await json(request)) as { reply_base64: string });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { bodies, port: (server.address() as AddressInfo).port };
}

const GOOD = { reply: { kind: 'overrides' }, issues: [] };
const FAULTY = `{
  "call_inbound": {
    "agent_override": { "agent": { "voice_sped": 1, "voice_speed": 9 } }
  }
}`;

test('what a reply holds cannot act on the terminal, with --json neither', async () => {
  const hostile = '{"call_inbound":{"a\\u001b[2J\\u009b\\u202eb":"\\u001b]0;x\\u0007"}}';
  for (const more of [[], ['--json']]) {
    const { out } = await check(['-', ...more], hostile);
    expect(out).toContain('unknown_field');
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
  }
});

test('a name as long as a reply makes no line as long', async () => {
  const long = 'n'.repeat(50_000);
  const { lines } = await check(['-'], `{"call_inbound":{"dynamic_variables":{"${long}":7},"${long}":1}}`);
  expect(lines.length).toBeGreaterThan(8);
  for (const line of lines) expect(line.length).toBeLessThan(600);
});

test('without a target it needs no gateway: 0 clean, 0 with warnings, 1 with errors', async () => {
  expect(await check(['-'], '{"call_inbound":{}}')).toMatchObject({
    code: 0,
    out: 'good: the reply is a well-formed reply to a call\n',
  });
  const warned = await check(['-'], '{"call_inbound":{"metdata":{}}}');
  expect(warned.code).toBe(0);
  expect(warned.lines[0]).toBe('good: the reply is a well-formed reply to a call (1 warning)');
  expect((await check(['-'], FAULTY)).code).toBe(1);
});

test('the first line is the verdict with the mistake; then each issue with place, rule, what was sent and allowed', async () => {
  const { lines } = await check(['-'], FAULTY);
  expect(lines).toEqual([
    'refused: the reply turns the caller away: agent.voice_speed must be a number from 0.5 to 2 (sent: 9) (1 error, 1 warning)',
    '',
    'error    /call_inbound/agent_override/agent/voice_speed  line 3, column 53',
    '         agent.voice_speed must be a number from 0.5 to 2.',
    '         sent     9',
    '         allowed  minimum 0.5, maximum 2',
    '         fix      Send voice_speed as at least 0.5 and at most 2.',
    '         effect   nobody is connected (E5, out_of_range)',
    '',
    'warning  /call_inbound/agent_override/agent/voice_sped  line 3, column 36',
    '         agent.voice_sped is not a known field and was ignored. Did you mean voice_speed?',
    '         sent     1',
    '         fix      Rename it to voice_speed.',
    '         effect   nobody is turned away for it (D9, unknown_field)',
  ]);
});

test.each([
  ['{"call_inbound": {"a": 1,}}', /^bad: .*line 1, column 25: a comma stands before }/],
  ['<!doctype html><title>Sign in</title>', /^bad: .*not JSON but a web page \(HTML\)/],
  [new Uint8Array([0xef, 0xbb, 0xbf, 0x7b, 0x7d]), /^bad: .*byte order mark/],
  [' '.repeat(1_000_000), /^bad: .*larger than 262144 bytes/],
  ['{"call_inbound":{"dynamic_variables":{"a":{}}}}', /^bad: .*dynamic_variables.a must be a string, not an object/],
])('D1 D3 what cannot be used counts as a failed webhook: %j', async (reply, first) => {
  const { code, lines } = await check(['-'], reply);
  expect(code).toBe(1);
  expect(lines[0]).toMatch(first);
});

test('D8 a reply may turn a caller away on purpose', async () => {
  const { code, out } = await check(['-'], '{"call_inbound":{"reject":true}}');
  expect([code, out]).toEqual([0, 'good: the reply is a well-formed reply to a call and turns the caller away\n']);
});

test('--json is what the gateway or the linter answers', async () => {
  const { code, out } = await check(['-', '--json'], FAULTY);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    reply: { kind: 'overrides' },
    issues: [
      { code: 'unknown_field', rule: 'D9', nearest: 'voice_speed' },
      { code: 'out_of_range', rule: 'E5', sent: 9, allowed: { minimum: 0.5, maximum: 2 } },
    ],
  });
});

test('a target is asked of the gateway, with the bytes as they are', async () => {
  const gateway = await fakeGateway(GOOD);
  await check(['-', '--number', '+12137771235'], '{"chat_inbound":{}}', gateway.port);
  const reply_base64 = Buffer.from('{"chat_inbound":{}}').toString('base64');
  expect(gateway.bodies[0]).toEqual({ channel: 'sms', reply_base64, to_number: '+12137771235' });
  await check(['-', '--agent', 'agent_1@3', '--channel', 'call'], '{}', gateway.port);
  expect(gateway.bodies[1]).toMatchObject({ channel: 'call', agent_id: 'agent_1', agent_version: 3 });
  await check(['-', '--agent', 'agent_1@prod'], '{}', gateway.port);
  expect(gateway.bodies[2]).toMatchObject({ agent_id: 'agent_1', agent_version: 'prod' });
  await check(['-', '--agent', 'agent_1'], Buffer.from([0xef, 0xbb, 0xbf, 0xff]), gateway.port);
  expect(gateway.bodies[3]).toEqual({ channel: 'call', agent_id: 'agent_1', reply_base64: '77u//w==' });
});

test('a file beyond the cap is not sent whole', async () => {
  const gateway = await fakeGateway(GOOD);
  const folder = mkdtempSync(join(tmpdir(), 'pickup-check-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'reply.json');
  writeFileSync(file, Buffer.alloc(1_000_000, 0x20));
  await check([file, '--agent', 'a'], '', gateway.port);
  expect(Buffer.from(gateway.bodies[0]!.reply_base64, 'base64')).toHaveLength(256 * 1024 + 1);
});

test.each([
  [
    { outcome: 'connected', agent_id: 'agent_1', agent_version: 3 },
    0,
    'good: the reply connects the caller to agent_1 version 3',
  ],
  [
    { outcome: 'declined' },
    0,
    'declined: the reply turns the caller away, for it names no agent and the number has none',
  ],
  [
    {
      outcome: 'agent_failed',
      decision: ['agent a', 'the agent could not start: no key → agent_failed, SIP 500 (F4)'],
    },
    1,
    'refused: the reply turns the caller away (agent_failed): the agent could not start: no key',
  ],
])('with a target the first line says what becomes of the caller: %j', async (answer, code, first) => {
  const gateway = await fakeGateway({ ...GOOD, decision: ['one', 'two'], ...answer });
  const checked = await check(['-', '--agent', 'a'], '{}', gateway.port);
  expect([checked.code, checked.lines[0]]).toEqual([code, first]);
  expect(checked.lines).toContain('How it would be decided:');
});

test.each([
  [['-', '--number', '+1', '--agent', 'a'], 'exclude each other'],
  [['-', '--agent', '@3'], 'an id and a version'],
  [['-', '--channel', 'fax'], '--channel must be call or sms'],
  [['gone.json'], 'gone.json cannot be read (ENOENT)'],
  [['-', '--nmber', '+1'], 'did you mean --number?'],
  [[], 'usage: pickup check'],
])('%j is wrong use', async (args, said) => {
  const wrong = check(args);
  await expect(wrong).rejects.toThrow(CommandFault);
  await expect(wrong).rejects.toThrow(said);
});

test('control characters of a reply do not reach the terminal', async () => {
  const { out } = await check(['-'], '{"call_inbound":{"\\u001b[2J":1}}');
  expect(out).not.toContain('\u001b');
});
