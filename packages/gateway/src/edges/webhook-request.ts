/** A provider's webhook as it came, for its signature. */
export interface WebhookRequest {
  /** Path and query, as they stood in the request line. */
  readonly url: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: Buffer;
}
