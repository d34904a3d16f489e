/** Colours of a terminal; plain functions that add nothing where there is none. */
import type { Env } from '@pickup/gateway/config';

export interface Style {
  readonly dim: (text: string) => string;
  readonly bold: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly accent: (text: string) => string;
}

const same = (text: string): string => text;

/** No colours. */
export const PLAIN: Style = { dim: same, bold: same, good: same, bad: same, warn: same, accent: same };

const code = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;

const COLOURED: Style = {
  dim: code(2, 22),
  bold: code(1, 22),
  good: code(32, 39),
  bad: code(31, 39),
  warn: code(33, 39),
  accent: code(36, 39),
};

/** Colours on a terminal, unless NO_COLOR is set to anything or TERM is dumb. */
export function styleFor(isTty: boolean, env: Env): Style {
  return isTty && !env['NO_COLOR'] && env['TERM'] !== 'dumb' ? COLOURED : PLAIN;
}

/** Control characters, line separators, and marks that turn the direction of text around. */
const ACTING = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** What came from a wire must not move the terminal's cursor, nor turn its text around. */
export function printable(text: string): string {
  return text.replace(ACTING, (char) => (char === '\n' ? ' ' : '�'));
}
