/** What a mistake of the list consists of: an endpoint that makes it, or settings or options that do. */

import type { TlsOptions } from 'node:tls';
import type { EndpointAnswer, RecordedRequest } from '@pickup/testkit/endpoint';

/** What a mistake may refer to. */
export interface Ground {
  /** The number's own agent: retell-llm, published as version 0, and says "Hello." */
  readonly agentId: string;
  /** One that greets with `{{customer_name}}`. */
  readonly greeterId: string;
  readonly chatAgentId: string;
  /** The key that signs. */
  readonly apiKey: string;
}

/** One mistake, and how it is made. */
export interface Mistake {
  /** As the list names it; a sentence. */
  readonly title: string;
  /** What the endpoint does. Default: 204. */
  readonly answer?: (request: RecordedRequest, ground: Ground) => EndpointAnswer | Promise<EndpointAnswer>;
  /** The same by the 2xx reply alone. */
  readonly reply?: unknown | ((ground: Ground) => unknown);
  readonly tls?: () => TlsOptions;
  /** A server of node:http, for what it says to bytes that are no HTTP. */
  readonly nodeHttp?: true;
  /** The webhook's URL, from where the endpoint listens. */
  readonly url?: (endpoint: { readonly url: string; readonly port: number }) => string;
  /** More settings of the number, and without an agent: false. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly agent?: false | 'greeter';
  /** More options of `pickup call`. */
  readonly args?: readonly string[];
  /** Straight at the URL, without the gateway. */
  readonly direct?: true;
  /** Calls this number, which nobody owns. */
  readonly to?: string;
}

/** The groups of the list, in order. */
export interface MistakeGroup {
  readonly title: string;
  readonly mistakes: readonly Mistake[];
}
