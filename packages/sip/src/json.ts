/** What a memo is made of: it survives JSON.stringify and JSON.parse. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
/** An object of plain JSON: survives storage. */
export interface JsonObject {
  readonly [key: string]: JsonValue;
}
