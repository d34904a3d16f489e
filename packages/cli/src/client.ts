/** The CLI's way to a running gateway: address, key, and errors a person can act on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Env, isWildcard, readSetting, renderFault, type SettingName } from '@pickup/gateway/config';
import { CommandFault } from './command.ts';

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Client {
  readonly url: string;
  /** The parsed body of a 2xx. Throws CommandFault otherwise. */
  get(path: string): Promise<unknown>;
  post(path: string, body: unknown): Promise<unknown>;
  /**
   * A reply that goes on, whatever its status; the caller reads it, and ends it by `signal`. Throws CommandFault where
   * nothing answers.
   */
  open(
    path: string,
    options: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
  ): Promise<Response>;
  /** Any status below 500 but 401, for those who want to tell them apart. */
  send(method: string, path: string, body?: unknown): Promise<Answer>;
}

const REQUEST_TIMEOUT_MS = 15_000;

/** A client for the gateway of this environment, or the one at `url`. */
export function createClient(env: Env, url?: string): Client {
  const base = (url ?? addressOf(env)).replace(/\/+$/, '');
  if (!URL.canParse(base) || !/^https?:/.test(base)) throw new CommandFault(`--url must be an http URL, not ${base}`);
  const key = keyOf(env);
  const send = async (method: string, path: string, body?: unknown): Promise<Answer> => {
    const answer = await exchange(base, key.value, method, path, body);
    if (answer.status === 401) throw new CommandFault(`${base} refused the key (${key.from})`);
    if (answer.status >= 500) throw new CommandFault(`${base} failed with ${answer.status}: ${messageOf(answer.body)}`);
    return answer;
  };
  const need = async (method: string, path: string, body?: unknown) => {
    const answer = await send(method, path, body);
    if (answer.status >= 300)
      throw new CommandFault(`${messageOf(answer.body)} (${answer.status} from ${base}${path})`);
    return answer.body;
  };
  const open: Client['open'] = (path, { headers, signal }) =>
    fetch(`${base}${path}`, {
      headers: { authorization: `Bearer ${key.value}`, ...headers },
      redirect: 'error',
      signal,
    }).catch((error: unknown) => {
      throw unreachable(base, error);
    });
  return { url: base, send, open, get: (path) => need('GET', path), post: (path, body) => need('POST', path, body) };
}

/** The `message` of Retell's error body, or something in its place. */
export function messageOf(body: unknown): string {
  const { message } = (typeof body === 'object' && body !== null ? body : {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : 'no message';
}

async function exchange(base: string, key: string, method: string, path: string, body: unknown): Promise<Answer> {
  const reply = await fetch(`${base}${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    redirect: 'error',
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw unreachable(base, error);
  });
  const text = await reply.text();
  try {
    return { status: reply.status, body: text === '' ? undefined : JSON.parse(text) };
  } catch {
    throw new CommandFault(`${base} is no Pickup: it answered ${reply.status} with something that is not JSON`);
  }
}

function unreachable(base: string, error: unknown): CommandFault {
  if (error instanceof Error && error.name === 'TimeoutError') {
    return new CommandFault(`${base} did not answer within ${REQUEST_TIMEOUT_MS / 1_000} s`);
  }
  const code = (error as { readonly cause?: { readonly code?: unknown } }).cause?.code;
  const why = typeof code === 'string' ? ` (${code})` : '';
  return new CommandFault(`no Pickup answers at ${base}${why}; start one with: npm start   (or name it with --url)`);
}

function setting<N extends SettingName>(env: Env, name: N) {
  const reading = readSetting(env, name);
  if (reading.fault) throw new CommandFault(renderFault(reading.fault));
  return reading.value;
}

function addressOf(env: Env): string {
  const host = setting(env, 'PICKUP_HTTP_HOST') as string;
  const plain = isWildcard(host) ? (host.includes(':') ? '::1' : '127.0.0.1') : host;
  return `http://${plain.includes(':') ? `[${plain}]` : plain}:${setting(env, 'PICKUP_HTTP_PORT')}`;
}

function keyOf(env: Env): { readonly value: string; readonly from: string } {
  const given = setting(env, 'PICKUP_API_KEY');
  if (given !== undefined) return { value: given, from: 'from PICKUP_API_KEY' };
  const path = join(setting(env, 'PICKUP_HOME') as string, 'api-key');
  try {
    return { value: readFileSync(path, 'utf8').trim(), from: `from ${path}` };
  } catch (error) {
    const { code } = error as { readonly code?: string };
    const why = code === 'ENOENT' ? 'is not there' : `cannot be read (${code})`;
    throw new CommandFault(
      `no key: ${path} ${why}; start Pickup once with: npm start   (or set PICKUP_API_KEY, or PICKUP_HOME)`,
    );
  }
}
