/** Typical mistakes of people who write endpoints, as they make them. docs/mistakes.md lists what they are told. */
import { makeCertificate } from '@pickup/testkit/certificate';
import type { RecordedRequest } from '@pickup/testkit/endpoint';
import { createInboundHandler } from '../../packages/receiver/src/index.ts';
import type { Ground, Mistake, MistakeGroup } from './mistake.ts';

interface Receiver {
  readonly key?: string;
  /** How far the endpoint's clock is ahead, in ms. */
  readonly aheadMs?: number;
  readonly body?: (raw: string) => string;
  readonly signature?: (header: string | undefined) => string | undefined;
}

/** An endpoint that verifies with the SDK, on a machine or behind code where something is wrong. */
function receiving({ key, aheadMs = 0, body = (raw) => raw, signature = (header) => header }: Receiver) {
  return async (request: RecordedRequest, { apiKey }: Ground) => {
    const handler = createInboundHandler({
      apiKey: key ?? apiKey,
      onCall: () => undefined,
      now: () => Date.now() + aheadMs,
      onRefused: () => {},
    });
    const header = (name: string) =>
      name === 'x-retell-signature' ? signature(request.header(name)) : request.header(name);
    const answer = await handler.answer({ method: 'POST', header, body: body(request.body.toString()) });
    return { status: answer.status, headers: { ...answer.headers }, body: answer.body ?? '' };
  };
}

/** As Python's json.dumps writes what json.loads has read. */
const pythonDumps = (raw: string) =>
  JSON.stringify(JSON.parse(raw), null, 1)
    .replace(/\n\s*/g, ' ')
    .replace(/([{[]) | ([}\]])/g, '$1$2');

const group = (reply: unknown) => ({ call_inbound: reply });
const override = (agent: unknown) => group({ agent_override: { agent } });
const PAGE = '<!doctype html><html><body><h1>Something went wrong</h1></body></html>';

const SIGNATURE: readonly Mistake[] = [
  {
    title: 'The body is parsed and written again before it is verified (`json.dumps`, `express.json()`).',
    answer: receiving({ body: pythonDumps }),
  },
  { title: 'Another key than the one that signs.', answer: receiving({ key: 'key_of_another_account' }) },
  { title: 'The clock of the endpoint is ten minutes ahead.', answer: receiving({ aheadMs: 600_000 }) },
  {
    title: 'A proxy in front of the endpoint drops the signature header.',
    answer: receiving({ signature: () => undefined }),
  },
  {
    title: 'The signature header is cut, or joined with another one.',
    answer: receiving({ signature: (header) => `${header}, ${header}` }),
  },
  {
    title: 'The endpoint wants a login of its own, or refuses the signature without a reason.',
    answer: () => ({ status: 401 }),
  },
];

const REACHING: readonly Mistake[] = [
  { title: 'Nothing listens at the URL.', url: () => 'http://127.0.0.1:9/hook' },
  { title: 'The host name is misspelt.', url: () => 'https://hooks.exmaple.invalid/hook' },
  {
    title: 'The URL leads to a private address.',
    url: () => 'http://10.20.30.40/hook',
    direct: true,
  },
  { title: 'A self-signed certificate.', tls: () => makeCertificate() },
  {
    title: 'A certificate without its chain.',
    tls: () => makeCertificate({ issuer: makeCertificate({ names: ['DNS:ca.example'] }) }),
  },
  {
    nodeHttp: true,
    title: '`https://` in the URL of a port that speaks plain http.',
    url: ({ port }) => `https://127.0.0.1:${port}/hook`,
  },
  {
    title: '`http://` in the URL of a port that speaks TLS.',
    tls: () => makeCertificate(),
    url: ({ port }) => `http://127.0.0.1:${port}/hook`,
  },
  { title: 'The endpoint takes longer than 10 s.', answer: () => 'hang', settings: { ring_budget_ms: 10_900 } },
  {
    title: 'The endpoint crashes in the middle of its reply.',
    answer: () => (socket) => {
      socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"call_inbound": {');
    },
  },
];

const STATUS: readonly Mistake[] = [
  { title: 'A wrong path.', answer: () => ({ status: 404, body: PAGE }) },
  { title: 'The route takes GET only.', answer: () => ({ status: 405, headers: { allow: 'GET' } }) },
  {
    title: 'The webhook’s path lies behind a login page.',
    answer: () => ({ status: 302, headers: { location: '/login?next=%2Fhook&token=secret' } }),
  },
  {
    title: 'The endpoint’s own code fails.',
    answer: () => ({ status: 500, body: 'Error: boom\n    at handler (app.js:3)' }),
  },
  { title: 'The service behind the proxy is down.', answer: () => ({ status: 502, body: PAGE }) },
  { title: 'A rate limit counts Pickup’s requests.', answer: () => ({ status: 429 }) },
  { title: '204 where something was to be overridden.', answer: () => ({ status: 204 }) },
];

const FORM: readonly Mistake[] = [
  {
    title: 'An HTML error page with status 200.',
    answer: () => ({ headers: { 'content-type': 'text/html' }, body: PAGE }),
  },
  { title: 'JSON with a comment.', answer: () => ({ body: '{\n  // who answers\n  "call_inbound": {}\n}' }) },
  { title: 'JSON with a byte order mark.', answer: () => ({ body: '\ufeff{"call_inbound": {}}' }) },
  { title: 'A Python dictionary instead of JSON.', answer: () => ({ body: "{'call_inbound': {'reject': True}}" }) },
  {
    title: 'JSON inside a string (serialised twice).',
    answer: () => ({ body: JSON.stringify('{"call_inbound": {}}') }),
  },
  {
    title: 'A reply of half a megabyte.',
    answer: () => ({ body: JSON.stringify(group({ metadata: { notes: 'x'.repeat(500_000) } })) }),
  },
];

const CONTENT: readonly Mistake[] = [
  {
    title: 'Fields at the root, not inside `call_inbound`.',
    reply: ({ agentId }: Ground) => ({ override_agent_id: agentId }),
  },
  {
    title: 'The group of texts in the reply to a call.',
    reply: ({ agentId }: Ground) => ({ chat_inbound: { override_agent_id: agentId } }),
  },
  { title: 'An agent that does not exist.', reply: group({ override_agent_id: 'agent_12345' }) },
  { title: 'A chat agent for a call.', reply: ({ chatAgentId }: Ground) => group({ override_agent_id: chatAgentId }) },
  { title: 'A version that does not exist.', reply: group({ override_agent_version: 7 }) },
  { title: 'The version as a text, `"v0"`.', reply: group({ override_agent_version: 'v0' }) },
  { title: 'The version as digits in quotes, `"0"`.', reply: group({ override_agent_version: '0' }) },
  { title: 'A number out of its range.', reply: override({ voice_temperature: 3.5 }) },
  { title: 'A number in quotes.', reply: override({ voice_speed: '1.2' }) },
  { title: 'A misspelt field.', reply: override({ voice_temprature: 0.6 }) },
  { title: 'A voice that nobody knows.', reply: override({ voice_id: '11labs-Adriana' }) },
  {
    title: 'Settings of another engine.',
    reply: group({ agent_override: { conversation_flow: { start_speaker: 'user' } } }),
  },
  {
    title: 'A knowledge base that does not exist.',
    reply: group({ agent_override: { retell_llm: { knowledge_base_ids: ['kb_gone'] } } }),
  },
  { title: 'Variables inside variables.', reply: group({ dynamic_variables: { customer: { name: 'Ada' } } }) },
  { title: 'A variable that is used and set by nobody.', reply: group({ metadata: { order: 7 } }), agent: 'greeter' },
  { title: 'Metadata as a text.', reply: group({ metadata: '{"order": 7}' }) },
  { title: '`reject` as a text, `"true"`.', reply: group({ reject: 'true' }) },
];

let lots = 0;

const ELSEWHERE: readonly Mistake[] = [
  {
    title: 'A retry gets another answer than the first attempt (tried with `--fault duplicate`).',
    answer: () => ({ body: JSON.stringify(group({ metadata: { ticket: ++lots } })) }),
    args: ['--fault', 'duplicate'],
  },
  { title: 'A number without webhook and agent.', agent: false, settings: { inbound_webhook_url: null } },
  {
    title: 'A reply without an agent, for a number that has none.',
    agent: false,
    reply: group({ metadata: { order: 7 } }),
  },
  { title: 'A number that was never imported.', to: '+12137779999' },
];

/** All of them. */
export const MISTAKES: readonly MistakeGroup[] = [
  { title: 'The signature', mistakes: SIGNATURE },
  { title: 'Reaching the endpoint', mistakes: REACHING },
  { title: 'The status', mistakes: STATUS },
  { title: 'The form of the reply', mistakes: FORM },
  { title: 'What the reply says', mistakes: CONTENT },
  { title: 'Elsewhere', mistakes: ELSEWHERE },
];
