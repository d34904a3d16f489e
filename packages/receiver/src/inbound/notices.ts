/** What an author is told where they set no callback of their own: on the console, each thing once. */
import type { Issue } from '@pickup/contract';
import type { VerificationFailure } from '../verify/verification.ts';

const MOST_REMEMBERED = 200;

function once(print: (line: string) => void): (key: string, line: string) => void {
  const told = new Set<string>();
  return (key, line) => {
    if (told.has(key)) return;
    if (told.size < MOST_REMEMBERED) told.add(key);
    print(`@pickup/receiver: ${line}`);
  };
}

/** Tells of issues in replies, once per code and place. */
export function tellIssues(print: (line: string) => void = (line) => console.warn(line)): (issue: Issue) => void {
  const tell = once(print);
  return ({ severity, code, pointer, message }) =>
    tell(`${code} ${pointer}`, `${severity} in a reply${pointer && ` at ${pointer}`}: ${message}`);
}

/** Tells of requests that were not let in, once per step. */
export function tellRefusals(
  print: (line: string) => void = (line) => console.warn(line),
): (failure: VerificationFailure) => void {
  const tell = once(print);
  return ({ step, message, fix }) => tell(step, `a request was answered 401 (${step}). ${message} ${fix}`);
}

/** Tells of every error a handler throws. */
export function tellError(error: unknown): void {
  console.error('@pickup/receiver: the handler failed, and the request was answered 500:', error);
}

/** Runs an author's callback that only listens: what it throws is told, and changes no answer. */
export function unharmed(callback: () => void): void {
  try {
    callback();
  } catch (error) {
    console.error('@pickup/receiver: a callback failed:', error);
  }
}
