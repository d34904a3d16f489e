/**
 * The baseline, a process of its own: takes a text as a form, asks the model, hands the answer to the provider's REST
 * API. It stores nothing, checks nothing and knows no conversation.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { usage } from '../parts/usage.ts';

const [modelUrl, twilioUrl] = [new URL(process.env['BENCH_MODEL'] ?? ''), new URL(process.env['BENCH_TWILIO'] ?? '')];
const account = process.env['BENCH_ACCOUNT'] ?? '';
const authorization = `Basic ${Buffer.from(`${account}:${process.env['BENCH_TOKEN']}`).toString('base64')}`;
const model = new Pool(modelUrl.origin, { connections: 128, pipelining: 1 });
const twilio = new Pool(twilioUrl.origin, { connections: 128, pipelining: 1 });

async function ask(content: string): Promise<string> {
  const { body } = await model.request({
    path: `${modelUrl.pathname}/chat/completions`,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-4.1', stream: true, messages: [{ role: 'user', content }] }),
  });
  let said = '';
  for (const line of (await body.text()).split('\n')) {
    if (!line.startsWith('data: {')) continue;
    const chunk = JSON.parse(line.slice(6)) as { choices: { delta?: { content?: string } }[] };
    said += chunk.choices[0]?.delta?.content ?? '';
  }
  return said;
}

async function relay(form: URLSearchParams): Promise<void> {
  const [From, To] = [form.get('To') ?? '', form.get('From') ?? ''];
  const { body } = await twilio.request({
    path: `/2010-04-01/Accounts/${account}/Messages.json`,
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ From, To, Body: await ask(form.get('Body') ?? '') }).toString(),
  });
  await body.text();
}

const server = createServer((request, response) => {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  request.on('end', () => {
    response.writeHead(200, { 'content-type': 'text/xml' }).end('<Response/>');
    void relay(new URLSearchParams(text));
  });
});
server.listen(0, '127.0.0.1', () => {
  process.on('message', () => process.send?.(usage()));
  process.on('disconnect', () => process.exit(0));
  process.send?.({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
