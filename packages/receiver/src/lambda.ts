/** The endpoint for AWS Lambda: API Gateway (payload formats 1.0 and 2.0), function URLs, load balancers. */
import type { InboundHandler } from './inbound/inbound-handler.ts';

/** What is needed of the events: 1.0 has `httpMethod`, 2.0 and function URLs `requestContext.http`. */
export interface LambdaEvent {
  readonly httpMethod?: string;
  readonly requestContext?: object;
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[] | undefined>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean;
}

/** A result that every one of them takes. */
export interface LambdaResult {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
  isBase64Encoded: false;
}

/** `export const handler = lambdaHandler(inbound)`. @throws TypeError for an event that is no HTTP request. */
export function lambdaHandler(handler: InboundHandler) {
  return async (event: LambdaEvent): Promise<LambdaResult> => {
    const context = event.requestContext as { readonly http?: { readonly method?: string } } | undefined;
    const method = context?.http?.method ?? event.httpMethod;
    if (method === undefined)
      throw new TypeError(
        'This event is no HTTP request: invoke the function through API Gateway, a load balancer or its URL.',
      );
    const headers = headersOf(event);
    const answer = await handler.answer({ method, header: (name) => headers.get(name), body: bodyOf(event) });
    return { statusCode: answer.status, headers: { ...answer.headers }, body: answer.body, isBase64Encoded: false };
  };
}

/** Names in lower case, whatever the gateway in front made of them. */
function headersOf({ headers, multiValueHeaders }: LambdaEvent): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const [name, values] of Object.entries(multiValueHeaders ?? {}))
    if (values !== undefined) found.set(name.toLowerCase(), values.join(', '));
  for (const [name, value] of Object.entries(headers ?? {}))
    if (value !== undefined && !found.has(name.toLowerCase())) found.set(name.toLowerCase(), value);
  return found;
}

function bodyOf({ body, isBase64Encoded }: LambdaEvent): string | Uint8Array {
  if (!isBase64Encoded) return body ?? '';
  return Uint8Array.from(atob(body ?? ''), (char) => char.charCodeAt(0));
}
