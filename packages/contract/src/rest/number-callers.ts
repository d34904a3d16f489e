/** Who may call a number over SIP, as a body says it: addresses, and digest credentials. */
import { z } from 'zod';
import type { Issue, Json, JsonObject } from '../inbound.ts';
import { checkedText, type Field, list, nonEmptyText, nullable } from '../settings/field.ts';
import { fault, pointerTo, warning } from '../settings/issue.ts';

/** Reads one address or block; `text` is how it is kept, the `rule` of a failure a sentence's end, "must be …". */
export type PeerReader = (
  text: string,
) => { readonly ok: true; readonly text: string } | { readonly ok: false; readonly rule: string };

const MOST_PEERS = 256;
const LONGEST_USERNAME = 64;
const LONGEST_PASSWORD = 128;
/** Digest can be guessed at leisure by whoever saw one call. */
const STRONG_PASSWORD = 12;

const username = checkedText(
  `1 to ${LONGEST_USERNAME} characters, none of them a colon, a quote, a backslash or a control character`,
  (text) => text.length > 0 && text.length <= LONGEST_USERNAME && !/[:"\\]|\p{C}/u.test(text),
);
const password = checkedText(
  `1 to ${LONGEST_PASSWORD} characters, none of them a control character`,
  (text) => text.length > 0 && text.length <= LONGEST_PASSWORD && !/\p{C}/u.test(text),
);

/** The fields of import and update. */
export const CALLER_FIELDS: Readonly<Record<string, Field>> = {
  sip_peers: nullable(list(nonEmptyText(), { min: 1 })),
  sip_inbound_username: nullable(username),
  // An empty text clears, as it does with the trunk's password.
  sip_inbound_password: nullable((value) => (value === '' ? z.literal('') : password)),
};

/** Puts the peers of a body into the form they are kept in; a fault for each that is none, named by its place. */
export function readPeers(body: Record<string, Json>, readPeer: PeerReader | undefined): Issue[] {
  const sent = body['sip_peers'];
  if (!Array.isArray(sent)) return [];
  if (sent.length > MOST_PEERS) {
    const message = `sip_peers must be a list of at most ${MOST_PEERS}; it has ${sent.length}.`;
    return [fault({ code: 'too_long', pointer: '/sip_peers', message, allowed: { max_items: MOST_PEERS } })];
  }
  const issues: Issue[] = [];
  const kept = sent.map((text, index) => {
    const read = readPeer?.(String(text).trim());
    if (read === undefined) return text;
    if (read.ok) return read.text;
    const message = `sip_peers[${index}] ${read.rule}.`;
    issues.push(fault({ code: 'bad_format', pointer: pointerTo('', 'sip_peers', index), message, sent: text }));
    return text;
  });
  body['sip_peers'] = [...new Set(kept)];
  return issues;
}

/**
 * User name and password come as a pair: of the body, or of the body and what the number has (`hasLogin`). `found` are
 * the faults of single fields: where one is of the pair, nothing is said of the other.
 */
export function checkCallers(
  body: JsonObject,
  { hasLogin, found }: { readonly hasLogin: boolean; readonly found: readonly Issue[] },
): Issue[] {
  if (found.some(({ pointer }) => pointer.startsWith('/sip_inbound_'))) return [];
  const [name, password] = [body['sip_inbound_username'], body['sip_inbound_password']];
  const isNamed = name === undefined ? hasLogin : name !== null;
  const isSecret = password === undefined ? hasLogin && isNamed : password !== null && password !== '';
  const issues: Issue[] = [];
  if (isNamed && !isSecret) {
    issues.push(missing('sip_inbound_password', 'sip_inbound_username', 'sip_inbound_username null lets go of both'));
  }
  if (!isNamed && isSecret) {
    issues.push(missing('sip_inbound_username', 'sip_inbound_password', 'it says whose password that is'));
  }
  return [...issues, ...weaknesses(body)];
}

function weaknesses(body: JsonObject): Issue[] {
  const issues: Issue[] = [];
  const [password, peers] = [body['sip_inbound_password'], body['sip_peers']];
  if (typeof password === 'string' && password !== '' && password.length < STRONG_PASSWORD) {
    const message = `sip_inbound_password has ${password.length} characters; who overhears one call can guess a short one. Use ${STRONG_PASSWORD} or more.`;
    issues.push(warning({ code: 'weak_password', pointer: '/sip_inbound_password', message }, 'degraded'));
  }
  const open = Array.isArray(peers) ? peers.findIndex((peer) => typeof peer === 'string' && /\/0+$/.test(peer)) : -1;
  if (open >= 0) {
    const message = `sip_peers[${open}] is every address: whoever finds this gateway then counts as a peer, and no flood is stopped.`;
    issues.push(warning({ code: 'open_to_all', pointer: pointerTo('', 'sip_peers', open), message }, 'degraded'));
  }
  return issues;
}

function missing(name: string, other: string, why: string): Issue {
  const message = `${name} must be there with ${other}: ${why}.`;
  return fault({ code: 'required', pointer: pointerTo('', name), message });
}
