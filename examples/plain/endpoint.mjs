// An endpoint for inbound webhooks on node:http and node:crypto alone.
//
//     RETELL_API_KEY=$(cat .pickup/api-key) PORT=3000 node examples/plain/endpoint.mjs
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { buffer } from 'node:stream/consumers';

const CUSTOMERS = { '+12137771234': 'John Doe' };
const apiKey = process.env.RETELL_API_KEY;
if (!apiKey) throw new Error('set RETELL_API_KEY to the key that signs your webhooks');

/** True if `v=<ms>,d=<hex>` signs these very bytes, at most five minutes ago. */
function isGenuine(rawBody, signature) {
  const [, stamp, digest] = /^v=(\d{1,16}),d=([0-9a-f]{64})$/.exec(signature ?? '') ?? [];
  if (!digest || Math.abs(Date.now() - Number(stamp)) > 300_000) return false;
  const expected = createHmac('sha256', apiKey).update(rawBody).update(stamp).digest();
  return timingSafeEqual(expected, Buffer.from(digest, 'hex'));
}

/** Who answers; what is left out stays as the number has it. */
function decide({ from_number }) {
  if (from_number === 'anonymous') return { reject: true };
  return {
    override_agent_id: 'agent_12345',
    dynamic_variables: { customer_name: CUSTOMERS[from_number] ?? 'there' },
  };
}

const server = createServer(async (request, response) => {
  const send = (status, body) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  try {
    const rawBody = await buffer(request); // the signature covers these bytes, so verify before parsing
    if (!isGenuine(rawBody, request.headers['x-retell-signature'])) return send(401, { error: 'bad signature' });
    const event = JSON.parse(rawBody.toString());
    const party = event[event.event]; // under its own name: call_inbound or chat_inbound
    return send(200, { [event.event]: decide(party) });
  } catch (error) {
    console.error(error);
    return send(500, { error: 'cannot be handled' });
  }
});
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () =>
  console.log(`webhooks: http://127.0.0.1:${server.address().port}/`),
);
