/** What a check has found, in words for the operator. */

/** `fail`: calls are lost or the gateway does not start; `warn`: it works, but not as it should, or not for long. */
export type Level = 'ok' | 'warn' | 'fail';

/** One thing found. `change` is there exactly where it is not ok: the setting or command that mends it. */
export type Finding =
  | { readonly level: 'ok'; readonly found: string }
  | { readonly level: 'warn' | 'fail'; readonly found: string; readonly change: string };

/** A finding with the name of its check. */
export type NamedFinding = { readonly name: string } & Finding;

export const ok = (found: string): Finding => ({ level: 'ok', found });
export const warn = (found: string, change: string): Finding => ({ level: 'warn', found, change });
export const fail = (found: string, change: string): Finding => ({ level: 'fail', found, change });
