/** What verification came to, and the words for each step that can fail. */
import type { VerificationFault } from '@pickup/contract';

/** The steps of verification that can fail; also the values of `x-pickup-verification`. */
export type VerificationStep = VerificationFault;

/** A request that is not to be trusted: which step failed, why, and what to do. */
export interface VerificationFailure {
  readonly ok: false;
  readonly step: VerificationStep;
  readonly message: string;
  readonly fix: string;
}

/** A request that was signed with one of the keys, within the tolerance. */
export interface Verified {
  readonly ok: true;
  /** The body's text, as it was signed. */
  readonly body: string;
  /** Epoch ms at which the attempt was signed, by the sender's clock. */
  readonly signedAt: number;
}

/** Told apart by `ok`. */
export type Verification = Verified | VerificationFailure;

/** The request came without the header. */
export function missingSignature(): VerificationFailure {
  return {
    ok: false,
    step: 'missing_signature',
    message: 'The request has no x-retell-signature header.',
    fix: 'Let Pickup send it, which signs each request (pickup call --webhook URL does too); a proxy in between must pass the header on.',
  };
}

/** The header is there and has another form. */
export function malformedSignature(): VerificationFailure {
  return {
    ok: false,
    step: 'malformed_signature',
    message: 'x-retell-signature is not of the form v=<epoch ms>,d=<64 hex digits>.',
    fix: 'Pass on the one header as it came, without cutting, joining or decoding it.',
  };
}

/** The right key signed these bytes, too long ago or in the future. */
export function staleTimestamp(stampMs: number, nowMs: number, toleranceMs: number): VerificationFailure {
  const where = stampMs < nowMs ? 'behind' : 'ahead of';
  return {
    ok: false,
    step: 'stale_timestamp',
    message: `Key and body are right, but the signature's stamp is ${span(Math.abs(nowMs - stampMs))} ${where} this machine's clock; ${span(toleranceMs)} are accepted.`,
    fix: 'Set the clocks of both machines (NTP). A request that was kept must be sent anew: pickup inbounds replay.',
  };
}

/** The right key signed this JSON, written in other bytes. */
export function bodyChanged(): VerificationFailure {
  return {
    ok: false,
    step: 'body_changed',
    message:
      'The key is right, but the body was parsed and written anew on its way: it is the same JSON in other bytes.',
    fix: 'Verify the bytes as they came: take the raw body before any parser (express.json()), and let no proxy rewrite it.',
  };
}

/** No key made this signature. */
export function wrongKey(keys: number, parsed: boolean): VerificationFailure {
  const tried = keys === 1 ? 'The one key of apiKey' : `None of the ${keys} keys of apiKey`;
  const parser = parsed
    ? ' The body came already parsed: if the key is right, a middleware changed it; mount the handler before it.'
    : '';
  return {
    ok: false,
    step: 'wrong_key',
    message: `${tried} ${keys === 1 ? 'did not make' : 'made'} this signature.`,
    fix: `Set apiKey to the key that signs: pickup keys list marks it.${parser}`,
  };
}

function span(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const hours = Math.floor(seconds / 3600);
  const minutes = Math.floor((seconds % 3600) / 60);
  const parts = [hours > 0 && `${hours} h`, minutes > 0 && `${minutes} min`, seconds % 60 > 0 && `${seconds % 60} s`];
  return parts.filter(Boolean).join(' ');
}
