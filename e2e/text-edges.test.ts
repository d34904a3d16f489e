/** Texts by every way in and out of a real gateway: Twilio, Telnyx, SIP; and through its death. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startTextPhone } from '@pickup/testkit/baresip';
import { startFakeEndpoint } from '@pickup/testkit/endpoint';
import { freePort } from '@pickup/testkit/free-port';
import { startFakeTelnyx } from '@pickup/testkit/telnyx';
import { toolPresent } from '@pickup/testkit/tool';
import { type FakeTwilio, startFakeTwilio } from '@pickup/testkit/twilio';
import { afterEach, describe, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from './support/gateway.ts';
import { importNumber } from './support/stage.ts';
import { createEchoAgent } from './support/text-stage.ts';
import { until } from './support/until.ts';

const OURS = '+12137771234';
const THEIRS = '+14155550100';
const GREETING = 'Hello {{customer_name}}, your number?';

const open: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

interface House {
  readonly gateway: () => GatewayProcess;
  readonly publicUrl: string;
  readonly asked: () => number;
  /** kill -9, and started again on the same folder and ports; `meanwhile` runs in between. */
  restart(meanwhile?: () => void): Promise<void>;
}

/** A gateway with one number, whose webhook takes `delayMs` and leaves it to the number's chat agent. */
async function house(env: Readonly<Record<string, string>> = {}, delayMs = 0): Promise<House> {
  const endpoint = await startFakeEndpoint({ handler: () => ({ body: '{}', delayMs }) });
  const home = mkdtempSync(join(tmpdir(), 'pickup-texts-'));
  const [http, sip] = [await freePort(), await freePort()];
  const publicUrl = `http://127.0.0.1:${http}`;
  const options = {
    home,
    env: {
      PICKUP_HTTP_PORT: String(http),
      PICKUP_SIP_PORT: String(sip),
      PICKUP_PUBLIC_URL: publicUrl,
      PICKUP_WEBHOOK_ALLOW: '127.0.0.0/8',
      ...env,
    },
  };
  let gateway = await startGateway(options);
  open.push({
    async close() {
      await gateway.kill9();
      await endpoint.close();
      rmSync(home, { recursive: true, force: true });
    },
  });
  const echo = await createEchoAgent(gateway);
  await importNumber(gateway, OURS, {
    inbound_webhook_url: endpoint.url,
    inbound_sms_agents: [{ agent_id: echo, weight: 1 }],
  });
  return {
    gateway: () => gateway,
    publicUrl,
    asked: () => endpoint.requests.length,
    async restart(meanwhile) {
      await gateway.kill9();
      meanwhile?.();
      gateway = await startGateway(options);
    },
  };
}

async function twilioHouse(delayMs = 0) {
  const twilio = await startFakeTwilio();
  open.push(twilio);
  const made = await house(
    {
      PICKUP_TWILIO_ACCOUNT_SID: twilio.account.accountSid,
      PICKUP_TWILIO_AUTH_TOKEN: twilio.account.authToken,
      PICKUP_TWILIO_API_URL: twilio.url,
    },
    delayMs,
  );
  const url = `${made.publicUrl}/twilio/sms#ct=2000&rt=4000&rc=5&rp=all`;
  const text = (body: string, sid?: string, pauseMs = 0) =>
    twilio.receive({ from: THEIRS, to: OURS, body, ...(sid !== undefined && { sid }) }, { url, pauseMs });
  const said = (count: number) => saidBy(twilio, count);
  return { ...made, twilio, text, said };
}

async function saidBy(twilio: FakeTwilio, count: number): Promise<readonly string[]> {
  await until(`${count} texts sent through Twilio`, () => twilio.sent.length >= count);
  return twilio.sent.map(({ body }) => body);
}

/** Long enough for a text too many to show. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 500));

describe('Twilio', { timeout: 60_000 }, () => {
  test('A6 F2 a text is decided by the webhook, answered through the REST API, and the chat goes on without asking', async () => {
    const { text, said, asked, twilio, gateway } = await twilioHouse();
    const first = await text('Hi');
    expect(first).toMatchObject({ delivered: true, attempts: [{ status: 200 }] });
    expect(await said(1)).toEqual([GREETING]);
    await text('42');
    expect(await said(2)).toEqual([GREETING, 'Got 42.']);
    expect(twilio.sent).toMatchObject([
      { from: OURS, to: THEIRS },
      { from: OURS, to: THEIRS },
    ]);
    expect(asked()).toBe(1);
    await twilio.settled();
    const { body } = await gateway().rest('POST', '/list-inbounds', {});
    expect(body.items).toMatchObject([{ channel: 'sms', edge: 'twilio', outcome: 'connected', from_number: THEIRS }]);
  });

  test('case 76 a resend of the same message is acknowledged and answered once', async () => {
    const { text, said, twilio, asked } = await twilioHouse();
    const sid = `SM${'7'.repeat(32)}`;
    await Promise.all([text('Hi', sid), text('Hi', sid)]);
    await text('Hi', sid);
    expect(await said(1)).toEqual([GREETING]);
    await settle();
    expect(twilio.sent).toHaveLength(1);
    expect(asked()).toBe(1);
  });

  test('case 77 a forged text is 403 and leaves nothing', async () => {
    const { twilio, publicUrl, gateway } = await twilioHouse();
    const forged = await twilio.receive(
      { from: THEIRS, to: OURS, body: 'Hi' },
      { url: `${publicUrl}/twilio/sms`, authToken: 'f'.repeat(32) },
    );
    expect(forged.last).toMatchObject({ status: 403 });
    const { body } = await gateway().rest('POST', '/list-inbounds', {});
    expect(body.items).toEqual([]);
  });

  test('A8 STOP is Twilio’s to answer: the chat ends, and we are silent', async () => {
    const { text, said, twilio } = await twilioHouse();
    await text('Hi');
    await said(1);
    expect(await text('STOP')).toMatchObject({ delivered: true });
    await text('Are you there?');
    await settle();
    expect(twilio.sent).toHaveLength(1);
  });

  test('21610 and other refusals for good end with the part; the gateway goes on', async () => {
    const { text, said, twilio, gateway } = await twilioHouse();
    twilio.optedOut.add(THEIRS);
    await text('Hi');
    await until('the refusal is logged', () => gateway().logged('text_not_sent').length > 0);
    expect(gateway().logged('text_not_sent')).toMatchObject([{ code: '21610', again: false }]);
    twilio.optedOut.clear();
    await text('7');
    expect(await said(1)).toEqual(['Got 7.']);
  });

  test('a number nobody owns: acknowledged, and silence', async () => {
    const { twilio, publicUrl } = await twilioHouse();
    const outcome = await twilio.receive(
      { from: THEIRS, to: '+12025550199', body: 'Hi' },
      { url: `${publicUrl}/twilio/sms` },
    );
    expect(outcome).toMatchObject({ delivered: true, attempts: [{ status: 200 }] });
    await settle();
    expect(twilio.sent).toEqual([]);
  });

  test('F2 kill -9 while the endpoint thinks: an acknowledged text is answered all the same, once', async () => {
    const { text, said, restart, asked, twilio } = await twilioHouse(1_500);
    expect(await text('Hi')).toMatchObject({ delivered: true });
    await until('the endpoint was asked', () => asked() > 0);
    await restart();
    expect(await said(1)).toEqual([GREETING]);
    await settle();
    expect(twilio.sent).toHaveLength(1);
  });

  test('a text that comes while the gateway is down is sent again by Twilio and answered once', async () => {
    const { text, said, restart, twilio } = await twilioHouse();
    let arrived: ReturnType<typeof text> | undefined;
    await restart(() => {
      arrived = text('Hi', undefined, 1_500);
    });
    const outcome = await arrived!;
    expect(outcome.delivered).toBe(true);
    expect(outcome.attempts[0]).toEqual({ kind: 'connect' });
    expect(await said(1)).toEqual([GREETING]);
    await settle();
    expect(twilio.sent).toHaveLength(1);
  });

  test('kill -9 between Twilio’s accept and our word of it: found in its list, not sent twice', async () => {
    const { text, restart, twilio } = await twilioHouse();
    twilio.failWith(({ method }) => (method === 'POST' ? 'hang_after' : undefined));
    await text('Hi');
    await until('Twilio has it', () => twilio.sent.length === 1);
    await restart(() => twilio.failWith(undefined));
    await text('42');
    await until('the next is out', () => twilio.sent.length >= 2);
    await settle();
    expect(twilio.sent.map(({ body }) => body)).toEqual([GREETING, 'Got 42.']);
  });
});

describe('Telnyx', { timeout: 60_000 }, () => {
  test('A6 F2 case 76 case 77 likewise', async () => {
    const telnyx = await startFakeTelnyx();
    open.push(telnyx);
    const { publicUrl, gateway } = await house({
      PICKUP_TELNYX_API_KEY: telnyx.account.apiKey,
      PICKUP_TELNYX_PUBLIC_KEY: telnyx.account.publicKey,
      PICKUP_TELNYX_API_URL: `${telnyx.url}/v2`,
    });
    const url = `${publicUrl}/telnyx/messages`;
    const text = (body: string, id?: string) =>
      telnyx.receive({ from: THEIRS, to: OURS, text: body, ...(id !== undefined && { id }) }, { url });
    await Promise.all([text('Hi', 'msg-1'), text('Hi', 'msg-1')]);
    await until('the greeting', () => telnyx.sent.length >= 1);
    expect((await text('42')).attempts).toMatchObject([{ status: 200 }]);
    await until('the answer', () => telnyx.sent.length >= 2);
    await settle();
    expect(telnyx.sent).toMatchObject([
      { from: OURS, to: THEIRS, text: GREETING },
      { from: OURS, to: THEIRS, text: 'Got 42.' },
    ]);
    await telnyx.settled();
    const forged = await telnyx.receive(
      { from: THEIRS, to: OURS, text: 'x' },
      { url, signedAtMs: Date.now() - 600_000 },
    );
    expect(forged.last).toMatchObject({ status: 403 });
    const { body } = await gateway().rest('POST', '/list-inbounds', {});
    expect(body.items).toMatchObject([{ edge: 'telnyx', outcome: 'connected' }]);
  });
});

describe.skipIf(!toolPresent('baresip'))('SIP MESSAGE', { timeout: 60_000 }, () => {
  test.each(['', ';transport=tcp'])('baresip writes%s, and shows what the agent says', async (suffix) => {
    const { gateway, asked } = await house();
    const { port } = gateway().sip;
    const phone = await startTextPhone({ to: `sip:${OURS}@127.0.0.1:${port}${suffix}`, from: THEIRS });
    open.push(phone);
    phone.say('Hi');
    await phone.until('your number?');
    phone.say('42');
    await phone.until('Got 42.');
    expect(asked()).toBe(1);
    const { body } = await gateway().rest('POST', '/list-inbounds', {});
    expect(body.items).toMatchObject([
      { channel: 'sms', edge: 'sip_message', outcome: 'connected', from_number: THEIRS },
    ]);
  });

  test('kill -9 while the endpoint thinks: the phone gets its answer from the next gateway', async () => {
    const { gateway, asked, restart } = await house({}, 1_500);
    const phone = await startTextPhone({ to: `sip:${OURS}@127.0.0.1:${gateway().sip.port}`, from: THEIRS });
    open.push(phone);
    phone.say('Hi');
    await until('the endpoint was asked', () => asked() > 0);
    await restart();
    await phone.until('your number?', 20_000);
  });
});
