/** One account of the fake: its credentials, its ids, and the shapes every resource shares. */
import { randomBytes } from 'node:crypto';
import type { ApiReply, ApiRequest } from '../http-api/index.ts';

export interface TwilioAccount {
  readonly accountSid: string;
  readonly authToken: string;
}

/** An id of Twilio's form: two letters and 32 hex digits. */
export function makeSid(prefix: string): string {
  return `${prefix}${randomBytes(16).toString('hex')}`;
}

/** Twilio's error body, with the link that its library shows. */
export function twilioError(status: number, code: number, message: string): ApiReply {
  return { status, json: { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status } };
}

/** 401 unless the request has the account's SID and token. */
export function authorizeTwilio(account: TwilioAccount, request: ApiRequest): ApiReply | undefined {
  const expected = Buffer.from(`${account.accountSid}:${account.authToken}`).toString('base64');
  return request.headers.authorization === `Basic ${expected}` ? undefined : twilioError(401, 20003, 'Authenticate');
}

/** The fields of a form. */
export function formOf(request: ApiRequest): URLSearchParams {
  return new URLSearchParams(request.body.toString());
}

/** A date as the 2010 API writes it. */
export function rfc2822(atMs: number): string {
  return new Date(atMs).toUTCString().replace('GMT', '+0000');
}

/** A page of a list of the 2010 API, `key` naming its resources. `PageSize` 50 unless asked, at most 1,000. */
export function twilioPage(request: ApiRequest, key: string, all: readonly unknown[]): ApiReply {
  const size = Math.min(Math.max(Number(request.query.get('PageSize') ?? 50) || 50, 1), 1000);
  const page = Math.max(Number(request.query.get('Page') ?? 0) || 0, 0);
  const at = (nth: number) => {
    const query = new URLSearchParams(request.query);
    query.set('PageSize', String(size));
    query.set('Page', String(nth));
    return `${request.path}?${query}`;
  };
  const start = page * size;
  const items = all.slice(start, start + size);
  const more = start + size < all.length;
  return {
    status: 200,
    json: {
      first_page_uri: at(0),
      end: start + Math.max(items.length - 1, 0),
      previous_page_uri: page > 0 ? at(page - 1) : null,
      [key]: items,
      uri: at(page),
      page_size: size,
      start,
      next_page_uri: more ? at(page + 1) : null,
      page,
    },
  };
}
