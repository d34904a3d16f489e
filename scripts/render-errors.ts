/** The text of docs/errors.md, from the catalogue of API errors and the codes of the record. */
import { API_ERRORS, type AttemptError, type NotSentCode, type Outcome, VERIFICATION_FAULTS } from '@pickup/contract';

/** What became of an inbound, in a sentence each (inbound.md G). */
const OUTCOME_TEXTS: Readonly<Record<Outcome, string>> = {
  connected: 'An agent took the call, or answers the text.',
  declined: 'The endpoint turned the caller away: `reject: true`, or no agent id on a number without an agent.',
  no_agent: 'The number has neither webhook nor agent.',
  webhook_failed: 'No attempt brought a usable reply, and the number has no agent.',
  invalid_override: 'The override breaks a rule; every fault is among the issues.',
  unknown_agent: 'The agent or version does not exist, or is of the other channel.',
  blocked_caller: '`blocked_callers` or `allowed_callers` of the number.',
  blocked_country: '`allowed_inbound_country_list` of the number.',
  concurrency_limit: 'No slot came free in time.',
  media_rejected: 'The offer has no codec we speak.',
  agent_failed: 'The agent could not start within 2 s; for texts: it could not say a word.',
  overloaded: 'Stopping, no free RTP port, or the store cannot write.',
  caller_abandoned: 'The caller hung up before the answer.',
  interrupted: 'The gateway died, or was stopped at once, while the call rang.',
  opted_out: 'For texts: the sender asked for none.',
  unknown_number: 'A number nobody owns.',
};

/** Why an attempt failed, and whose fault that is taken for. */
const ATTEMPT_TEXTS: Readonly<Record<AttemptError, string>> = {
  timeout: 'Not over at its deadline, in whatever phase.',
  connect_error: 'No connection: refused, unreachable, or not within 3 s.',
  dns_error: 'The name could not be resolved.',
  tls_error: 'The handshake failed, or the certificate is not valid for the host.',
  address_refused: 'The address is not public and nothing allows it, or it is a port of Pickup itself.',
  connection_reset: 'The connection ended before the reply began.',
  incomplete_reply: 'The connection ended before the reply did.',
  malformed_reply: 'What came is not HTTP.',
  reply_too_large: 'The reply is over the limit.',
  http_status: 'A status that is neither 2xx nor a redirect.',
  redirect: 'A redirect, which is never followed.',
  aborted: 'The caller hung up, or Pickup was stopped.',
  internal_error: 'A fault of Pickup.',
};

/** Codes of issues: of a reply, an override, a session, settings, or a REST body. */
export const ISSUE_TEXTS: Readonly<Record<string, string>> = {
  answers_differ: 'The same request, sent twice, was answered differently.',
  asr_language: 'No speech recogniser, or not the one chosen, understands these languages.',
  bad_format: 'A text of the wrong form, such as a number that is not E.164.',
  custom_stt_config_required: '`stt_mode: custom` needs `custom_stt_config`.',
  deprecated: 'An older field of Retell was read as the new one, or ignored beside it.',
  duplicate: 'A list repeats an entry.',
  expressive_mode_provider: 'Expressive mode has no effect on this voice.',
  fallback_number: 'A number cannot be its own fallback.',
  fallback_number_unreachable: '`fallback_number` needs `redirects: true` on this trunk.',
  fallback_voice_provider: 'A fallback voice must be of another provider than the voice.',
  first_line_only: 'The agent says its first line; what else it would take to answer is named.',
  flow_needs_model:
    'Only the first line of the conversation flow is said; the message names the nodes that need a model.',
  forbidden_key: '`__proto__`, `constructor` and `prototype` are never accepted.',
  html_reply: 'The reply is a web page, not JSON.',
  ignored_field: 'A field that has no effect here; the message says why.',
  invalid: 'Not valid; the message has the rule.',
  lone_surrogate: 'The reply holds half a character.',
  media_refused: 'A link that came with a text points where Pickup may not go; it was dropped.',
  misplaced_field: 'A field at the root belongs inside `call_inbound` or `chat_inbound`.',
  model_exclusive: '`model` and `s2s_model` exclude each other.',
  model_without_key: 'The model is known, but its provider has no key here.',
  more_issues: 'There are more than 300 issues.',
  no_start_node: 'The flow has no start node: no call can begin in it.',
  not_allowed_value: 'None of the allowed values.',
  not_an_integer: 'A whole number is needed.',
  not_honoured: 'The runtime that answers cannot act on this field.',
  not_json: 'The reply is not JSON.',
  not_nullable: 'The field cannot be null.',
  not_overridable: 'A known field that cannot be changed for one call.',
  not_utf8: 'The reply is not plain UTF-8.',
  open_to_all: '`sip_peers` names every address: everybody counts as a peer.',
  other_group: 'The group of the other channel was ignored.',
  other_voice: 'The built-in voice does not speak the agent’s language; one that does speaks in its place.',
  out_of_range: 'A number below or above its range.',
  pronunciation_alphabet: 'The alphabet needs another voice or language.',
  reject_not_boolean: 'Only `reject: true` refuses.',
  reply_too_large: 'The reply is over 256 KiB.',
  required: 'A field is missing.',
  shadows_system_variable: 'A system variable cannot be replaced.',
  too_deep: 'Nested deeper than 32 levels.',
  too_large: '`dynamic_variables` or `metadata` are over their size.',
  too_long: 'A text or list is too long.',
  too_short: 'A text or list is too short.',
  unknown_agent: 'There is no such agent.',
  unknown_engine: 'The response engine does not exist.',
  unknown_field: 'A field nobody knows; the message names the nearest one.',
  unknown_knowledge_base: 'There is no such knowledge base.',
  unknown_model: 'A model nobody knows, or one of the other kind.',
  unknown_node: 'A way out of a flow’s node leads to a node that is not there, or the start does.',
  unknown_version: 'The agent has no such version.',
  unknown_voice: 'A voice nobody knows.',
  unknown_voice_model: 'A voice model nobody knows.',
  unreachable_node: 'No way leads from the start of the flow to these nodes.',
  unsafe_url: 'The URL points where webhooks may not go.',
  unset_variable: 'A text of the agent uses a variable that nobody sets.',
  variable_not_string: 'A variable was turned into a string.',
  version_as_string: 'A version in a string was read as a number.',
  vocab_specialization_language: 'The medical vocabulary is for English.',
  voice_emotion_provider: '`voice_emotion` needs a voice of another provider.',
  voice_language: 'The voice does not speak the language.',
  voice_model_language: 'The voice model does not speak the language.',
  voice_model_provider: 'The voice model belongs to another provider than the voice.',
  voice_only: 'A setting of voice agents has no effect on a chat.',
  voice_without_key: 'The voice is known, but its provider has no key here.',
  weak_password: '`sip_inbound_password` is short enough to be guessed.',
  weights: 'The weights of the agents do not sum to 1.',
  wrong_channel: 'An agent of the other channel.',
  wrong_engine_group: 'The group is for another engine than the target has.',
  wrong_type: 'A value of the wrong type.',
};

/** Why a text of ours was not sent, where no provider says it by a code of its own. */
export const NOT_SENT_TEXTS: Readonly<Record<NotSentCode, string>> = {
  no_edge:
    'Nothing here sends texts by the way it came, or for this number: the provider’s account is not set up. Tried again.',
  no_route: 'No way back to the SIP peer is known.',
  opted_out: 'Its receiver has sent STOP (A8).',
  too_long: 'Too long for a SIP peer that takes UDP alone.',
  unknown:
    'It is not known whether the provider took it: a time-out, or a cut connection. The provider is asked, or it is sent again.',
  unreachable: 'The provider, or the SIP peer, was not reached. Tried again.',
};

const ISSUE_EFFECTS = [
  '| effect | |',
  '|---|---|',
  '| `refuses` | the call is refused, the REST request answered with 400 |',
  '| `falls_back` | the reply is a bad one: as if the webhook had failed |',
  '| `degraded` | the session uses something else than was asked for |',
  '| `not_applied` | the value is kept, and has no effect |',
  '| `ignored` | the value is left out |',
];

function codes(texts: Readonly<Record<string, string>>): readonly string[] {
  const rows = Object.entries(texts).map(([code, text]) => `| \`${code}\` | ${text} |`);
  return ['| code | |', '|---|---|', ...rows];
}

function apiErrors(): readonly string[] {
  const rows = Object.entries(API_ERRORS).map(
    ([code, { status, message, retry, when }]) =>
      `| \`${code}\` | ${status} | ${message} | ${retry ? 'yes' : 'no'} | ${when} |`,
  );
  return ['| code | status | message | retry | when |', '|---|---|---|---|---|', ...rows];
}

/** The whole page. `node scripts/write-docs.ts` writes it, a test proves the file equal. */
export function renderErrorsDocs(): string {
  return [
    '# Errors and codes',
    '',
    'This page is written by `node scripts/write-docs.ts` from the tables of the code. Codes are stable: branch on them,',
    'never on a message.',
    '',
    '## Errors of the REST API',
    '',
    'Every error has the body `{"status": "error", "message", "code"}`. `invalid_request` has `issues` too where it is about',
    'members of the body: every fault with its JSON pointer. The official SDK repeats what is answered with 408, 409, 429 or',
    '5xx by itself, so these answers have the header `x-should-retry`, `true` or `false` as the column retry says; the others',
    'have no such header.',
    '',
    ...apiErrors(),
    '',
    '## Outcomes',
    '',
    'What became of an inbound: `outcome` of the record. SIP codes are in [inbound-rules.md](inbound-rules.md#the-end-of-it).',
    '',
    ...codes(OUTCOME_TEXTS),
    '',
    '## Errors of an attempt',
    '',
    '`attempts[].error` of the record. `fault` beside it says whose it was; what is unknown counts as the gateway’s.',
    '`reason` is more exact where more is known: the code of a connection, name or TLS error (`ECONNREFUSED`, `ENOTFOUND`,',
    '`DEPTH_ZERO_SELF_SIGNED_CERT`), where a time-out ended (`queue`, `dns`, `connect`, `tls`, `sent`, `headers`, `body`), or',
    'why an address was refused (`not_public`, `own_port`). `verification` is why the endpoint refused the signature, where its',
    `answer says so in \`x-pickup-verification\`: ${VERIFICATION_FAULTS.map((fault) => `\`${fault}\``).join(', ')}.`,
    '',
    ...codes(ATTEMPT_TEXTS),
    '',
    '## Issues',
    '',
    'What was found in a reply, an override, a session, or a REST body. `severity` is `error` or `warning`; `pointer` is the',
    'place (RFC 6901), empty where it is not about a field that was sent. `rule` is the rule of this project it is about, such',
    'as `E5` ([inbound-rules.md](inbound-rules.md)). Where they are known, `sent` is what was sent (cut to a printable length), `allowed`',
    'the values or bounds that are, and `nearest` the known name or value most likely meant.',
    '',
    ...ISSUE_EFFECTS,
    '',
    ...codes(ISSUE_TEXTS),
    '',
    '## Why a text of ours was not sent',
    '',
    '`outgoing_texts[].error_code` of `GET /get-chat` for a chat by texts, and `code` of `text_not_sent` in the log. A number is',
    'the code of the provider, or the status of the SIP peer. `state` beside it is `failed` once nothing is tried any more.',
    '',
    ...codes(NOT_SENT_TEXTS),
    '',
  ].join('\n');
}
