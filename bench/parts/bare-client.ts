/** The baseline: a bare loop of signed undici POSTs, in a process of its own. */
import { signWebhook } from '@pickup/signature';
import { Pool } from 'undici';
import { closedLoop, openLoop } from './load.ts';

const origin = process.env['BENCH_ENDPOINT'] ?? '';
const pool = new Pool(origin, { connections: 128, pipelining: 1 });
const body = JSON.stringify({
  event: 'call_inbound',
  call_inbound: { agent_id: 'agent_12345', agent_version: 1, from_number: '+12137771234', to_number: '+12137771235' },
});

async function post(): Promise<boolean> {
  const { statusCode, body: reply } = await pool.request({
    path: '/',
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-retell-signature': signWebhook({ body, key: 'key_of_the_bench', wallMs: Date.now() }),
    },
    body,
  });
  const json = (await reply.json()) as { call_inbound?: unknown };
  return statusCode === 200 && json.call_inbound !== undefined;
}

process.on('message', async (question: { lanes?: number; seconds: number; perSecond?: number }) => {
  if (question.perSecond === undefined) {
    process.send?.(await closedLoop({ lanes: question.lanes ?? 128, seconds: question.seconds, call: post }));
    return;
  }
  const tookMs: number[] = [];
  await openLoop({
    perSecond: question.perSecond,
    seconds: question.seconds,
    call: async (intendedMs) => {
      await post();
      tookMs.push(performance.now() - intendedMs);
    },
  });
  process.send?.({ tookMs });
});
process.on('disconnect', () => process.exit(0));
process.send?.({ up: true });
