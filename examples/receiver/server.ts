/** A sample endpoint: says who answers a call or text, by the number it comes from. */
import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { Retell } from 'retell-sdk';

/** The customers this business knows; yours come from your database. */
const CUSTOMERS: Readonly<Record<string, { readonly name: string; readonly id: string }>> = {
  '+12137771234': { name: 'John Doe', id: '12345' },
  '+12137771236': { name: 'Jane Roe', id: '67890' },
};
/** Callers who are turned away. The other way is to give the number no agent and to answer without an agent id. */
const BLOCKED = new Set(['+12137770000']);

/** What the webhook sends, under its own name: `call_inbound` or `chat_inbound`. */
interface InboundEvent {
  readonly event: 'call_inbound' | 'chat_inbound';
  readonly call_inbound?: { readonly from_number: string; readonly to_number: string };
  readonly chat_inbound?: { readonly from_number: string; readonly to_number: string };
}

/** The answer to one event. Whatever it leaves out stays as the number has it. */
export function decide(event: InboundEvent): object {
  const from = event[event.event]?.from_number ?? '';
  if (BLOCKED.has(from)) return { [event.event]: { reject: true } };
  const customer = CUSTOMERS[from];
  if (!customer) return { [event.event]: { dynamic_variables: { customer_name: 'there' } } };
  const known = { dynamic_variables: { customer_name: customer.name }, metadata: { customer_id: customer.id } };
  // Texts stay with the number's own chat agent; it is told who writes.
  if (event.event === 'chat_inbound') return { chat_inbound: known };
  return {
    call_inbound: {
      override_agent_id: 'agent_12345',
      override_agent_version: 1,
      agent_override: {
        agent: { interruption_sensitivity: 0.8, max_call_duration_ms: 1_800_000 },
        retell_llm: { begin_message: 'Hi {{customer_name}}, thanks for calling.' },
      },
      ...known,
    },
  };
}

export interface ReceiverOptions {
  /** The key that signs the webhooks. */
  readonly apiKey: string;
  /** Told of every event that was verified, with the answer it gets. */
  readonly onRequest?: (event: InboundEvent, answer: object) => void;
}

/** The endpoint as a server that does not listen yet. 401: the signature is missing or wrong. 400: not JSON. */
export function createReceiver({ apiKey, onRequest }: ReceiverOptions): Server {
  return createServer(async (request, response) => {
    const reply = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    try {
      const rawBody = await text(request); // the signature covers these very bytes, so verify before parsing
      const signature = String(request.headers['x-retell-signature'] ?? '');
      if (!(await Retell.verify(rawBody, apiKey, signature))) return reply(401, { error: 'bad signature' });
      const event = JSON.parse(rawBody) as InboundEvent;
      const answer = decide(event);
      onRequest?.(event, answer);
      return reply(200, answer);
    } catch (error) {
      return reply(error instanceof SyntaxError ? 400 : 500, { error: 'cannot be handled' });
    }
  });
}

if (process.argv[1] === import.meta.filename) {
  const { PORT = '3000', RETELL_API_KEY: apiKey } = process.env;
  if (!apiKey) throw new Error('set RETELL_API_KEY to the key that signs your webhooks');
  const server = createReceiver({ apiKey, onRequest: (event) => console.log(event.event, event[event.event]) });
  server.listen(Number(PORT), '127.0.0.1', () => console.log(`webhooks: http://127.0.0.1:${PORT}/`));
}
