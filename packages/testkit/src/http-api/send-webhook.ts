/** Posts a webhook as a provider does: a fresh connection each time, a deadline, and what came back. */
import { request as requestHttp } from 'node:http';

/** What one delivery came to; `connect` is a connection that failed or broke, `timeout` no whole answer in time. */
export type Delivery =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly headers: NodeJS.Dict<string | string[]>;
      readonly body: string;
    }
  | { readonly kind: 'connect' | 'timeout' };

export interface WebhookPost {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
}

/** Never throws. The URL's fragment stays here, as it does with any HTTP client. */
export function sendWebhook({ url, headers, body, timeoutMs }: WebhookPost): Promise<Delivery> {
  return new Promise((resolve) => {
    const request = requestHttp(url, {
      method: 'POST',
      agent: false,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    });
    const timer = setTimeout(() => finish({ kind: 'timeout' }), timeoutMs);
    const finish = (delivery: Delivery) => {
      clearTimeout(timer);
      resolve(delivery);
      request.destroy();
    };
    request.on('error', () => finish({ kind: 'connect' }));
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => void chunks.push(chunk));
      response.on('error', () => finish({ kind: 'connect' }));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        finish({ kind: 'answered', status: response.statusCode ?? 0, headers: response.headers, body: text });
      });
    });
    request.end(body);
  });
}
