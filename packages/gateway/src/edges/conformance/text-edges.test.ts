/** The suite of all edges for texts, run with each of them on real sockets. */
import { startSipTexter } from '@pickup/testkit/sip-texter';
import { startFakeTelnyx, type TelnyxFate } from '@pickup/testkit/telnyx';
import { startFakeTwilio, twilioError } from '@pickup/testkit/twilio';
import { startTestApi } from '../../../test/start-test-api.ts';
import { silentLog } from '../../observe/index.ts';
import { newId } from '../../runners/new-id.ts';
import { simulatedTexts } from '../simulator/simulated-texts.ts';
import { createSimulator } from '../simulator/simulator.ts';
import { createTelnyxEdge, createTelnyxWebhooks } from '../telnyx/index.ts';
import { createTwilioEdge, createTwilioWebhooks } from '../twilio/index.ts';
import { openMessageBench } from './message-bench.ts';
import { type Delivered, describeTextEdge, type OpenTextEdge, type ProviderMood, THEIRS } from './text-edge-cases.ts';

const openTwilio: OpenTextEdge = async ({ takeText, onStatus }) => {
  const twilio = await startFakeTwilio();
  const { accountSid, authToken } = twilio.account;
  let publicUrl = '';
  const webhooks = await createTwilioWebhooks({
    authTokens: [authToken],
    publicUrl: () => publicUrl,
    takeText,
    onStatus,
    log: silentLog,
  });
  const api = await startTestApi({ twilio: webhooks });
  publicUrl = api.url;
  const edge = await createTwilioEdge({ accountSid, authToken, apiUrl: twilio.url, publicUrl });
  return {
    edge,
    async deliver({ id, ...text }) {
      const sid = `SM${Buffer.from(id).toString('hex').padEnd(32, '0').slice(0, 32)}`;
      const url = `${publicUrl}/twilio/sms#ct=2000&rt=4000&rc=5&rp=all`;
      return deliveredBy(await twilio.receive({ ...text, sid }, { url }));
    },
    setMood(mood) {
      twilio.optedOut.clear();
      twilio.failWith(undefined);
      if (mood === 'refuses_for_good') twilio.optedOut.add(THEIRS);
      if (mood === 'refuses_for_now') twilio.failWith(() => twilioError(429, 20429, 'Too Many Requests'));
      if (mood === 'is_silent') twilio.failWith(() => 'hang');
    },
    taken: () => twilio.sent.map(({ from, to, body }) => ({ from, to, body })),
    settled: () => twilio.settled(),
    async close() {
      await edge.close();
      await twilio.close();
      await api.close();
    },
  };
};

const openTelnyx: OpenTextEdge = async ({ takeText, onStatus }) => {
  const fate = (): TelnyxFate => ({ steps: ['sent', 'delivered'] });
  const telnyx = await startFakeTelnyx({ fate });
  const { apiKey, publicKey } = telnyx.account;
  const webhooks = await createTelnyxWebhooks({ publicKey, takeText, onStatus, log: silentLog });
  const api = await startTestApi({ telnyx: webhooks });
  const edge = await createTelnyxEdge({ apiKey, apiUrl: `${telnyx.url}/v2`, publicUrl: api.url });
  return {
    edge,
    async deliver({ body, ...text }) {
      return deliveredBy(await telnyx.receive({ ...text, text: body }, { url: `${api.url}/telnyx/messages` }));
    },
    setMood(mood) {
      telnyx.optedOut.clear();
      telnyx.failWith(undefined);
      if (mood === 'refuses_for_good') telnyx.optedOut.add(THEIRS);
      const busy = { errors: [{ code: '10011', title: 'Too many requests', detail: 'Slow down.' }] };
      if (mood === 'refuses_for_now') telnyx.failWith(() => ({ status: 429, json: busy }));
      if (mood === 'is_silent') telnyx.failWith(() => 'hang');
    },
    taken: () => telnyx.sent.map(({ from, to, text }) => ({ from, to, body: text })),
    settled: () => telnyx.settled(),
    async close() {
      await edge.close();
      await telnyx.close();
      await api.close();
    },
  };
};

type LastDelivery = Awaited<ReturnType<Awaited<ReturnType<typeof startFakeTwilio>>['receive']>>;

function deliveredBy({ delivered, attempts, last }: LastDelivery): Delivered {
  return {
    isAcknowledged: delivered,
    tries: attempts.length,
    status: last.kind === 'answered' ? last.status : 0,
  };
}

const SIP_STATUS: Readonly<Record<ProviderMood, number | undefined>> = {
  takes: 200,
  refuses_for_good: 603,
  refuses_for_now: 480,
  is_silent: undefined,
};

/** A peer that sends once: whoever stands behind it tries again later. */
const openSip: OpenTextEdge = async ({ takeText }) => {
  const bench = await openMessageBench({ taken: takeText });
  const peer = await startSipTexter({ port: bench.port });
  let isTaking = true;
  const taken: { readonly from: string; readonly to: string; readonly body: string }[] = [];
  return {
    edge: {
      ...bench.edge,
      async send(part, signal) {
        const outcome = await bench.edge.send(part, signal);
        const last = peer.received.at(-1);
        if (isTaking && last) {
          const user = (name: string) => /sip:([^@]+)@/.exec(last.headers.find(({ key }) => key === name)!.value)![1]!;
          taken.push({ from: user('from'), to: user('to'), body: Buffer.from(last.body).toString() });
        }
        return outcome;
      },
    },
    async deliver(text) {
      const answer = await peer.send(text);
      return { isAcknowledged: answer?.status === 202, tries: 1, status: answer?.status ?? 0 };
    },
    setMood(mood) {
      isTaking = mood === 'takes';
      peer.answerWith(SIP_STATUS[mood]);
    },
    taken: () => taken,
    settled: async () => {},
    async close() {
      peer.close();
      await bench.close();
    },
  };
};

/** Its provider is whoever asks the API; an inbound stands behind whatever it says is stored. */
const openSimulator: OpenTextEdge = async ({ takeText }) => {
  const none = () => {
    throw new Error('This bench takes no calls.');
  };
  const simulator = createSimulator({
    clock: { monoMs: () => 0, wallMs: () => 0, after: () => () => {} },
    newId,
    country: 'US',
    readArrival: none as never,
    runner: { run: none } as never,
    takeText: async (text) => ({ inbound_id: 'inb_1', ...(await takeText(text)) }),
    startFaultySender: none,
    taking: () => true,
  });
  const api = await startTestApi({ simulateText: (text) => simulator.text(text) });
  const taken: { readonly from: string; readonly to: string; readonly body: string }[] = [];
  return {
    edge: {
      ...simulatedTexts,
      async send(part, signal) {
        const outcome = await simulatedTexts.send(part, signal);
        taken.push({ from: part.from_number, to: part.to_number, body: part.body });
        return outcome;
      },
    },
    async deliver({ from: from_number, to: to_number, body: text }) {
      const { status } = await api.post('/simulate-inbound-sms', { from_number, to_number, text });
      return { isAcknowledged: status === 201, tries: 1, status };
    },
    setMood() {},
    taken: () => taken,
    settled: async () => {},
    close: () => api.close(),
  };
};

describeTextEdge('simulator', {
  open: openSimulator,
  unknownNumber: 201,
  triesAtLeast: 1,
  tellsStatus: false,
  findsSent: false,
  isAlone: true,
});
describeTextEdge('Twilio', {
  open: openTwilio,
  unknownNumber: 200,
  triesAtLeast: 6,
  tellsStatus: true,
  findsSent: true,
});
describeTextEdge('Telnyx', {
  open: openTelnyx,
  unknownNumber: 200,
  triesAtLeast: 3,
  tellsStatus: true,
  findsSent: false,
});
describeTextEdge('SIP MESSAGE', {
  open: openSip,
  unknownNumber: 404,
  triesAtLeast: 1,
  tellsStatus: false,
  findsSent: false,
});
