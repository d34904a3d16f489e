/** What an agent does apart from its voice: the course of the call, storage, analysis, webhooks, its engine. */
import {
  byType,
  checkedText,
  choice,
  type Field,
  type Fields,
  field,
  flag,
  integer,
  list,
  nullable,
  number,
  optional,
  orNull,
  required,
  savedOnly,
  shape,
  tag,
  text,
} from './field.ts';
import { CALL_EVENTS, CHAT_EVENTS, HANDBOOK_SWITCHES, OUTPUT_TOPICS, PII_CATEGORIES } from './values.ts';
import { languageSchema, VOICE_FIELDS } from './voice-fields.ts';

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

const described = {
  name: text(),
  description: text(),
  conditional_prompt: optional(text()),
  required: optional(flag()),
};

function analysisItems(presets: readonly string[]) {
  return list(
    byType([
      shape({ type: tag('string'), ...described, examples: optional(list(text())) }),
      shape({ type: tag('enum'), ...described, choices: list(text(), { min: 1 }) }),
      shape({ type: tag('boolean'), ...described }),
      shape({ type: tag('number'), ...described }),
      shape({ type: tag('system-presets'), ...described, name: choice(presets), description: optional(text()) }),
    ]),
  );
}

/** The rest of an address that holds variables is judged once they are rendered (E5). */
function isSocketUrl(url: string): boolean {
  return /^wss?:\/\//i.test(url) && (url.includes('{{') || URL.canParse(url));
}

const socketUrl = checkedText('a URL that begins with ws:// or wss://', isSocketUrl);

const responseEngine = byType([
  shape({ type: tag('retell-llm'), llm_id: text(), version: optional(orNull(integer({ min: 0 }))) }),
  shape({ type: tag('custom-llm'), llm_websocket_url: socketUrl }),
  shape({
    type: tag('conversation-flow'),
    conversation_flow_id: text(),
    version: optional(orNull(integer({ min: 0 }))),
  }),
]);

const STORAGE = ['everything', 'everything_except_pii', 'basic_attributes_only'] as const;
const storage = choice(STORAGE);
const timeOutMs = integer({ min: 0, unit: 'ms' });
const detectionPrompt = optional(orNull(text(2000)));

/** Fields voice agents and chat agents share. */
const COMMON_FIELDS: Readonly<Record<string, Field>> = {
  agent_name: nullable(text()),
  version_title: nullable(text()),
  response_engine: required(field(responseEngine)),
  data_storage_retention_days: nullable(integer({ min: 1, max: 730, unit: 'days' })),
  opt_in_signed_url: field(flag()),
  signed_url_expiration_ms: nullable(timeOutMs),
  pii_config: field(shape({ categories: list(choice(PII_CATEGORIES)), mode: tag('post_call') })),
  guardrail_config: field(
    shape({
      input_topics: optional(orNull(list(choice(['platform_integrity_jailbreaking'])))),
      output_topics: optional(orNull(list(choice(OUTPUT_TOPICS)))),
    }),
  ),
  handbook_config: field(shape(Object.fromEntries(HANDBOOK_SWITCHES.map((name) => [name, optional(flag())])))),
  timezone: nullable(checkedText('an IANA time zone such as America/Los_Angeles', isTimeZone)),
  webhook_url: nullable(text()),
  webhook_timeout_ms: field(timeOutMs),
};

const CALL_FIELDS: Readonly<Record<string, Field>> = {
  version_description: nullable(text()),
  data_storage_setting: field(storage),
  allow_dtmf_interruption: field(flag()),
  allow_user_dtmf: field(flag()),
  user_dtmf_options: nullable(
    shape({
      digit_limit: optional(orNull(number({ min: 1, max: 50 }))),
      termination_key: optional(orNull(choice(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '#', '*']))),
      timeout_ms: optional(integer({ min: 1000, max: 15_000, unit: 'ms' })),
    }),
  ),
  begin_message_delay_ms: field(integer({ min: 0, max: 5000, unit: 'ms' })),
  ring_duration_ms: field(integer({ min: 5000, max: 300_000, unit: 'ms' })),
  end_call_after_silence_ms: field(integer({ min: 10_000, unit: 'ms' })),
  max_call_duration_ms: field(integer({ min: 60_000, max: 7_200_000, unit: 'ms' })),
  reminder_trigger_ms: field(number({ above: 0, unit: 'ms' })),
  reminder_max_count: field(integer({ min: 0 })),
  call_screening_option: nullable(shape({ agent_identity: text(), call_purpose: text() })),
  ivr_option: nullable(shape({ action: shape({ type: tag('hangup') }), detection_prompt: detectionPrompt })),
  voicemail_option: nullable(
    shape({
      action: byType([
        shape({ type: tag('prompt'), text: text() }),
        shape({ type: tag('static_text'), text: text() }),
        shape({ type: tag('hangup') }),
        shape({ type: tag('bridge_transfer') }),
      ]),
      detection_prompt: detectionPrompt,
    }),
  ),
  post_call_analysis_data: nullable(analysisItems(['call_summary', 'call_successful', 'user_sentiment'])),
  post_call_analysis_model: nullable(text()),
  webhook_events: nullable(list(choice(CALL_EVENTS))),
};

/** Fields of voice agents: the 55 of Retell's override type. */
export const VOICE_AGENT_FIELDS: Fields = new Map(
  Object.entries({ ...COMMON_FIELDS, ...VOICE_FIELDS, ...CALL_FIELDS }),
);

/** Fields of chat agents, for create and update. */
export const CHAT_AGENT_FIELDS: Fields = new Map(
  Object.entries({
    ...COMMON_FIELDS,
    version_description: nullable(text()),
    data_storage_setting: nullable(storage),
    language: field(languageSchema),
    auto_close_message: savedOnly(nullable(text())),
    end_chat_after_silence_ms: savedOnly(nullable(integer({ min: 120_000, max: 259_200_000, unit: 'ms' }))),
    post_chat_analysis_data: savedOnly(nullable(analysisItems(['chat_summary', 'chat_successful', 'user_sentiment']))),
    post_chat_analysis_model: savedOnly(nullable(text())),
    webhook_events: nullable(list(choice(CHAT_EVENTS))),
  }),
);

/** A voice agent's field to the chat agent's field of the same meaning (E7). */
export const CHAT_TWINS: ReadonlyMap<string, string> = new Map([
  ['post_call_analysis_data', 'post_chat_analysis_data'],
  ['post_call_analysis_model', 'post_chat_analysis_model'],
]);

/** Fields Retell returns with an agent or engine; sent back, they are ignored. */
export const READ_ONLY_FIELDS: ReadonlySet<string> = new Set([
  'agent_id',
  'llm_id',
  'conversation_flow_id',
  'channel',
  'version',
  'base_version',
  'is_published',
  'assigned_tags',
  'last_modification_timestamp',
]);
