/** Chats that begin with a text of ours, by the unmodified SDK, and go on with the answers to it. */
import { freePort } from '@pickup/testkit/free-port';
import { createTwilioNumbers, type FakeTwilio, startFakeTwilio } from '@pickup/testkit/twilio';
import { afterEach, expect, test } from 'vitest';
import { type GatewayProcess, startGateway } from './support/gateway.ts';
import { importNumber } from './support/stage.ts';
import { createEchoAgent } from './support/text-stage.ts';
import { until } from './support/until.ts';

const [OURS, THEIRS, IMPORTED] = ['+14155550100', '+14155550177', '+12137771234'];
let twilio: FakeTwilio;
let gateway: GatewayProcess;
afterEach(async () => {
  await gateway?.kill9();
  await twilio?.close();
});

test('create-sms-chat: from a bought number the first line goes out, the answers continue the chat; others are refused, and who wrote STOP gets none (A8)', async () => {
  twilio = await startFakeTwilio();
  twilio.serve(createTwilioNumbers(twilio.account, [{ phoneNumber: OURS }]).routes);
  const port = await freePort();
  const publicUrl = `http://127.0.0.1:${port}`;
  gateway = await startGateway({
    env: {
      PICKUP_HTTP_PORT: String(port),
      PICKUP_PUBLIC_URL: publicUrl,
      PICKUP_SIP_PUBLIC_HOST: '127.0.0.1',
      PICKUP_TWILIO_ACCOUNT_SID: twilio.account.accountSid,
      PICKUP_TWILIO_AUTH_TOKEN: twilio.account.authToken,
      PICKUP_TWILIO_API_URL: twilio.url,
    },
  });
  const { client } = gateway;
  const outbound_sms_agents = [{ agent_id: await createEchoAgent(gateway), weight: 1 }];
  await importNumber(gateway, IMPORTED, { outbound_sms_agents });
  await expect(client.chat.createSMSChat({ from_number: IMPORTED, to_number: THEIRS })).rejects.toMatchObject({
    status: 422,
    message: expect.stringMatching(/sends no texts/),
  });
  await client.phoneNumber.create({ phone_number: OURS, number_provider: 'twilio', outbound_sms_agents } as never);
  const chat = await client.chat.createSMSChat({
    from_number: OURS,
    to_number: THEIRS,
    retell_llm_dynamic_variables: { customer_name: 'Ann' },
  });
  expect(chat).toMatchObject({
    chat_type: 'sms_chat',
    chat_status: 'ongoing',
    transcript: 'Agent: Hello Ann, your number?',
  });
  const heard = () => twilio.sent.map(({ from, to, body }) => [from, to, body]);
  await until('the first line', () => heard().length === 1);
  await twilio.receive({ from: THEIRS, to: OURS, body: '7' }, { url: `${publicUrl}/twilio/sms` });
  await until('the answer', () => heard().length === 2);
  expect(heard()).toEqual([
    [OURS, THEIRS, 'Hello Ann, your number?'],
    [OURS, THEIRS, 'Got 7.'],
  ]);
  await twilio.receive({ from: THEIRS, to: OURS, body: ' Stop' }, { url: `${publicUrl}/twilio/sms` });
  await expect(client.chat.createSMSChat({ from_number: OURS, to_number: THEIRS })).rejects.toMatchObject({
    status: 422,
    message: expect.stringMatching(/opted out .*until it has written START/),
  });
  expect(heard()).toHaveLength(2);
  expect((await client.chat.retrieve(chat.chat_id)).transcript).toMatch(/User: 7\nAgent: Got 7\.$/);
  expect((await gateway.rest('POST', '/list-inbounds', {})).body.items).toMatchObject([{ outcome: 'opted_out' }]);
});
