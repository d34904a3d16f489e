/**
 * Routes as data: the server and the OpenAPI document are made from the same table, so they cannot differ.
 */
import type { ServerResponse } from 'node:http';
import type { JsonObject } from '@pickup/contract';
import type { WebhookRequest } from '../edges/webhook-request.ts';
import type { UploadedFile } from '../knowledge/index.ts';

/** Who may call: everybody, any key, or a full key. */
export type Access = 'public' | 'read' | 'write';

/** A request as a handler sees it. */
export interface Ask {
  readonly params: Readonly<Record<string, string>>;
  /** Parsed JSON; undefined where none was sent. Handlers check it. */
  readonly body: unknown;
  /** Where the body was a form: its files, while `body` holds its texts. */
  readonly files?: readonly UploadedFile[];
  readonly query: Readonly<Record<string, unknown>>;
  /** Adds to the reply's `x-pickup-warning` header and to the log. */
  readonly warn: (message: string) => void;
  /** A header of the request, by its name in lower case. */
  readonly sent: (header: string) => string | undefined;
  /** Of routes with `raw`: the request as it came, for its signature. */
  readonly raw?: WebhookRequest;
  /** Sets a header of the reply. */
  readonly header: (name: string, value: string) => void;
  /** Replies with another status than the route's. */
  readonly status: (status: number) => void;
  /** Resolves once the reply has gone out whole, with true, or its connection is gone, with false. */
  readonly delivered: () => Promise<boolean>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** With `{name}` parameters. */
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  /** False: what it makes is a record itself, and no change of anything. Default: writing routes are audited. */
  readonly audited?: false;
  /** Of success; default 200. */
  readonly status?: number;
  /** JSON Schema of the body, for the document; the contract's readers do the checking. */
  readonly body?: JsonObject;
  /** The body may be multipart/form-data, with files. Default: JSON alone. */
  readonly form?: true;
  /** The reply is a stream of server-sent events. */
  readonly streams?: true;
  /**
   * A provider's webhook: the body may be of any type and is not looked into, for it is signed as it stands; at most
   * 256 KiB. `ask.raw` has it.
   */
  readonly raw?: true;
  /** Names of the query's parameters, for the document. */
  readonly query?: readonly string[];
  /** The result is the reply's body; undefined is an empty one. */
  readonly handle: (ask: Ask) => unknown;
}

/** A result that goes on: `start` has the response to itself, and may ask now and then whether the key still holds. */
export class EventStream {
  readonly start: (response: ServerResponse, stillAllowed: () => Promise<boolean>) => void;

  constructor(start: EventStream['start']) {
    this.start = start;
  }
}

/** A result that is JSON text already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
