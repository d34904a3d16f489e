/** Generated from the rule set by packages/receiver/types/write-override-types.ts; a test keeps it equal. */

/** A language and the region it is spoken in. */
export type Locale =
  | 'en-US'
  | 'en-IN'
  | 'en-GB'
  | 'en-AU'
  | 'en-NZ'
  | 'de-DE'
  | 'es-ES'
  | 'es-419'
  | 'hi-IN'
  | 'fr-FR'
  | 'fr-CA'
  | 'ja-JP'
  | 'pt-PT'
  | 'pt-BR'
  | 'zh-CN'
  | 'ru-RU'
  | 'it-IT'
  | 'ko-KR'
  | 'nl-NL'
  | 'nl-BE'
  | 'pl-PL'
  | 'tr-TR'
  | 'vi-VN'
  | 'ro-RO'
  | 'bg-BG'
  | 'ca-ES'
  | 'th-TH'
  | 'da-DK'
  | 'fi-FI'
  | 'el-GR'
  | 'hu-HU'
  | 'id-ID'
  | 'no-NO'
  | 'sk-SK'
  | 'sv-SE'
  | 'lt-LT'
  | 'lv-LV'
  | 'cs-CZ'
  | 'ms-MY'
  | 'af-ZA'
  | 'ar-SA'
  | 'az-AZ'
  | 'bs-BA'
  | 'cy-GB'
  | 'fa-IR'
  | 'fil-PH'
  | 'gl-ES'
  | 'he-IL'
  | 'hr-HR'
  | 'hy-AM'
  | 'is-IS'
  | 'kk-KZ'
  | 'kn-IN'
  | 'mk-MK'
  | 'mr-IN'
  | 'ne-NP'
  | 'sl-SI'
  | 'sr-RS'
  | 'sw-KE'
  | 'ta-IN'
  | 'ur-IN'
  | 'yue-CN'
  | 'uk-UA';

/** A language model. Any other name is taken too: a gateway may know more. */
export type LlmModel =
  | 'gpt-4.1'
  | 'gpt-4.1-mini'
  | 'gpt-4.1-nano'
  | 'gpt-5'
  | 'gpt-5-mini'
  | 'gpt-5-nano'
  | 'gpt-5.1'
  | 'gpt-5.2'
  | 'gpt-5.4'
  | 'gpt-5.4-mini'
  | 'gpt-5.4-nano'
  | 'gpt-5.5'
  | 'gpt-5.6-terra'
  | 'gpt-5.6-luna'
  | 'claude-4.5-sonnet'
  | 'claude-4.6-sonnet'
  | 'claude-5-sonnet'
  | 'claude-4.5-haiku'
  | 'gemini-3.0-flash'
  | 'gemini-3.1-flash-lite'
  | 'gemini-3.5-flash'
  | 'gemini-3.5-flash-lite'
  | 'gemini-3.6-flash'
  | (string & {});

/** A speech-to-speech model. Any other name is taken too: a gateway may know more. */
export type SpeechModel =
  | 'gpt-realtime-2.1'
  | 'gpt-realtime-2.1-mini'
  | 'gpt-realtime-2'
  | 'gpt-realtime-1.5'
  | 'gpt-realtime'
  | 'gpt-realtime-mini'
  | (string & {});

/** A voice provider's model. Any other name is taken too: a gateway may know more. */
export type VoiceModel =
  | 'eleven_flash_v2'
  | 'eleven_flash_v2_5'
  | 'eleven_multilingual_v2'
  | 'eleven_v3'
  | 'sonic-3'
  | 'sonic-3-latest'
  | 'sonic-3.5'
  | 'sonic-3.6'
  | 'tts-1'
  | 'gpt-4o-mini-tts'
  | 'speech-02-turbo'
  | 'speech-2.8-turbo'
  | 's1'
  | 's2-pro'
  | 's2.1-pro'
  | 'inworld-tts-2'
  | 'inworld-tts-2-flash'
  | (string & {});

/** Settings of the agent, for this session only. */
export interface AgentSettings {
  /** A name for your own reference. */
  readonly agent_name?: string | null;
  /** A pressed key interrupts the agent even where `interruption_sensitivity` is 0. */
  readonly allow_dtmf_interruption?: boolean;
  /** Whether the caller's keys are listened to. */
  readonly allow_user_dtmf?: boolean;
  /** A background sound; null removes it. */
  readonly ambient_sound?:
    | 'coffee-shop'
    | 'convention-hall'
    | 'summer-outdoor'
    | 'mountain-outdoor'
    | 'static-noise'
    | 'call-center'
    | null;
  /** How loud the background sound is. Must be a number from 0 to 2. */
  readonly ambient_sound_volume?: number;
  /** How often the agent says "uh-huh", where `enable_backchannel` is true. Must be a number from 0 to 1. */
  readonly backchannel_frequency?: number;
  /** The words it says then; null: the built-in ones. */
  readonly backchannel_words?: readonly string[] | null;
  /** Silence before the first sentence, where the agent speaks first. Must be a whole number from 0 to 5000 ms. */
  readonly begin_message_delay_ms?: number;
  /** Names and terms the recogniser should expect; entries may hold `{{variables}}`. */
  readonly boosted_keywords?: readonly string[] | null;
  /** What the agent tells a call screener; null turns it off. */
  readonly call_screening_option?: { readonly agent_identity: string; readonly call_purpose: string } | null;
  /** The recogniser to use; asked for where `stt_mode` is `custom`. */
  readonly custom_stt_config?: {
    readonly endpointing_ms: number;
    readonly provider: 'azure' | 'deepgram' | 'soniox' | 'assemblyai';
  } | null;
  /** Days until what is stored of the call is deleted; null: kept. Must be a whole number from 1 to 730 days. */
  readonly data_storage_retention_days?: number | null;
  /** How much of the call is stored. */
  readonly data_storage_setting?: 'everything' | 'everything_except_pii' | 'basic_attributes_only';
  /** Which noise is taken out of the caller's audio. */
  readonly denoising_mode?: 'no-denoise' | 'noise-cancellation' | 'noise-and-background-speech-cancellation';
  /** Whether the agent says "uh-huh" while the caller speaks. */
  readonly enable_backchannel?: boolean;
  /** Adapt the pace of answers to the caller's. */
  readonly enable_dynamic_responsiveness?: boolean;
  /** Adapt the voice's speed to the caller's. */
  readonly enable_dynamic_voice_speed?: boolean;
  /** Let the voice express emotions; platform voices only. */
  readonly enable_expressive_mode?: boolean;
  /** Hang up after the caller has been silent for so long. Must be a whole number of at least 10000 ms. */
  readonly end_call_after_silence_ms?: number;
  /** The emotions it may use, where `enable_expressive_mode` is true. */
  readonly expressive_emotion_tags?: readonly (
    | 'empathetic'
    | 'excited'
    | 'happy'
    | 'curious'
    | 'surprised'
    | 'sigh'
    | 'clear throat'
    | 'pause'
    | 'long pause'
    | 'emphasis'
  )[];
  /** Guidance for the expressive voice; null or blank: the built-in one. */
  readonly expressive_mode_prompt?: string | null;
  /** Voices to use while `voice_id`'s provider is down, of other providers than it; null: none. */
  readonly fallback_voice_ids?: readonly string[] | null;
  /** Topics to keep out of what is said and heard. */
  readonly guardrail_config?: {
    readonly input_topics?: readonly 'platform_integrity_jailbreaking'[] | null;
    readonly output_topics?:
      | readonly (
          | 'harassment'
          | 'self_harm'
          | 'sexual_exploitation'
          | 'violence'
          | 'defense_and_national_security'
          | 'illicit_and_harmful_activity'
          | 'gambling'
          | 'regulated_professional_advice'
          | 'child_safety_and_exploitation'
        )[]
      | null;
  };
  /** Ready-made manners to switch on or off. */
  readonly handbook_config?: {
    readonly ai_disclosure?: boolean;
    readonly conversational_personality?: boolean;
    readonly default_personality?: boolean;
    readonly echo_verification?: boolean;
    readonly high_empathy?: boolean;
    readonly nato_phonetic_alphabet?: boolean;
    readonly natural_filler_words?: boolean;
    readonly scope_boundaries?: boolean;
    readonly smart_matching?: boolean;
    readonly speech_normalization?: boolean;
  };
  /** How easily the caller interrupts the agent; 0: never. Must be a number from 0 to 1. */
  readonly interruption_sensitivity?: number;
  /** What to do when a machine with a menu answers; null turns detection off. */
  readonly ivr_option?: {
    readonly action: { readonly type: 'hangup' };
    readonly detection_prompt?: string | null;
  } | null;
  /** A locale, or several for an agent that understands all of them. */
  readonly language?: Locale | 'multi' | readonly Locale[];
  /** The call is ended after so long. Must be a whole number from 60000 to 7200000 ms. */
  readonly max_call_duration_ms?: number;
  /** Links to recordings and logs carry a signature and expire. */
  readonly opt_in_signed_url?: boolean;
  /** Which personal data is scrubbed after the call. */
  readonly pii_config?: {
    readonly categories: readonly (
      | 'person_name'
      | 'address'
      | 'email'
      | 'phone_number'
      | 'ssn'
      | 'passport'
      | 'driver_license'
      | 'credit_card'
      | 'bank_account'
      | 'password'
      | 'pin'
      | 'medical_id'
      | 'date_of_birth'
      | 'customer_account_number'
    )[];
    readonly mode: 'post_call';
  };
  /** What to read out of the finished call. */
  readonly post_call_analysis_data?:
    | readonly (
        | {
            readonly type: 'string';
            readonly name: string;
            readonly description: string;
            readonly conditional_prompt?: string;
            readonly required?: boolean;
            readonly examples?: readonly string[];
          }
        | {
            readonly type: 'enum';
            readonly name: string;
            readonly description: string;
            readonly conditional_prompt?: string;
            readonly required?: boolean;
            readonly choices: readonly string[];
          }
        | {
            readonly type: 'boolean';
            readonly name: string;
            readonly description: string;
            readonly conditional_prompt?: string;
            readonly required?: boolean;
          }
        | {
            readonly type: 'number';
            readonly name: string;
            readonly description: string;
            readonly conditional_prompt?: string;
            readonly required?: boolean;
          }
        | {
            readonly type: 'system-presets';
            readonly name: 'call_summary' | 'call_successful' | 'user_sentiment';
            readonly description?: string;
            readonly conditional_prompt?: string;
            readonly required?: boolean;
          }
      )[]
    | null;
  /** The model that analyses the finished call. */
  readonly post_call_analysis_model?: LlmModel | null;
  /** How to pronounce words. */
  readonly pronunciation_dictionary?:
    | readonly {
        readonly alphabet: 'ipa' | 'cmu' | 'pinyin' | 'jyutping';
        readonly phoneme: string;
        readonly word: string;
      }[]
    | null;
  /** How often a silent caller is reminded; 0: never. Must be a whole number of at least 0. */
  readonly reminder_max_count?: number;
  /** A reminder after so much silence. Must be a number above 0 ms. */
  readonly reminder_trigger_ms?: number;
  /** Another engine for this call. Applied before the engine groups. */
  readonly response_engine?:
    | { readonly type: 'retell-llm'; readonly llm_id: string; readonly version?: number | null }
    | { readonly type: 'custom-llm'; readonly llm_websocket_url: string }
    | { readonly type: 'conversation-flow'; readonly conversation_flow_id: string; readonly version?: number | null };
  /** How quickly the agent answers; 1 is quickest. Must be a number from 0 to 1. */
  readonly responsiveness?: number;
  /** How long a transfer rings. Must be a whole number from 5000 to 300000 ms. */
  readonly ring_duration_ms?: number;
  /** How long signed links live. Must be a whole number of at least 0 ms. */
  readonly signed_url_expiration_ms?: number | null;
  /** Fast or accurate recognition, or `custom` with `custom_stt_config`. */
  readonly stt_mode?: 'fast' | 'accurate' | 'custom';
  /** The IANA time zone of `{{current_time}}`, such as America/Los_Angeles. Must be an IANA time zone such as America/Los_Angeles. */
  readonly timezone?: string | null;
  /** How keys are read together. */
  readonly user_dtmf_options?: {
    readonly digit_limit?: number | null;
    readonly termination_key?: '0' | '1' | '2' | '3' | '4' | '5' | '6' | '7' | '8' | '9' | '#' | '*' | null;
    readonly timeout_ms?: number;
  } | null;
  /** A description of the version; of no effect on a call. */
  readonly version_description?: string | null;
  /** A title of the version; of no effect on a call. */
  readonly version_title?: string | null;
  /** The vocabulary to expect; English only. */
  readonly vocab_specialization?: 'general' | 'medical';
  /** The emotion of the voice, where its provider knows emotions; null: none. */
  readonly voice_emotion?: 'calm' | 'sympathetic' | 'happy' | 'sad' | 'angry' | 'fearful' | 'surprised' | null;
  /** The voice, such as `11labs-Adrian`. */
  readonly voice_id?: string;
  /** The voice provider's model; null: its default. */
  readonly voice_model?: VoiceModel | null;
  /** How fast it speaks. Must be a number from 0.5 to 2. */
  readonly voice_speed?: number;
  /** How varied it speaks, where the provider knows this. Must be a number from 0 to 2. */
  readonly voice_temperature?: number;
  /** What to do when a voicemail answers; null turns detection off. */
  readonly voicemail_option?: {
    readonly action:
      | { readonly type: 'prompt'; readonly text: string }
      | { readonly type: 'static_text'; readonly text: string }
      | { readonly type: 'hangup' }
      | { readonly type: 'bridge_transfer' };
    readonly detection_prompt?: string | null;
  } | null;
  /** How loud the agent is. Must be a number from 0 to 2. */
  readonly volume?: number;
  /** Which events of the call are sent; null: the default ones. */
  readonly webhook_events?:
    | readonly (
        | 'call_started'
        | 'call_ended'
        | 'call_analyzed'
        | 'transcript_updated'
        | 'transfer_started'
        | 'transfer_bridged'
        | 'transfer_cancelled'
        | 'transfer_ended'
      )[]
    | null;
  /** How long an event webhook may take. Must be a whole number of at least 0 ms. */
  readonly webhook_timeout_ms?: number;
  /** Where this call's events go; may hold `{{variables}}`; null: the account's address. */
  readonly webhook_url?: string | null;
}

/** Settings of a prompted LLM; ignored with a warning where the agent has another engine. */
export interface RetellLlmSettings {
  /** Where the user starts: speak after so much silence; null: wait. Must be a whole number of at least 0 ms. */
  readonly begin_after_user_silence_ms?: number | null;
  /** The first sentence; may hold `{{variables}}`. "": wait for the user. null: the model writes it. */
  readonly begin_message?: string | null;
  /** How knowledge bases are searched. */
  readonly kb_config?: { readonly filter_score?: number; readonly top_k?: number } | null;
  /** The knowledge bases of this session, in place of the agent's; null: none. */
  readonly knowledge_base_ids?: readonly string[] | null;
  /** The model; exclusive with `s2s_model`. */
  readonly model?: LlmModel | null;
  /** Use the faster, dearer tier of the model. */
  readonly model_high_priority?: boolean | null;
  /** The model's temperature. Must be a number from 0 to 1. */
  readonly model_temperature?: number;
  /** A speech-to-speech model; exclusive with `model`. */
  readonly s2s_model?: SpeechModel | null;
  /** Who speaks first. */
  readonly start_speaker?: 'user' | 'agent';
  /** Hold tool calls to their schema, where the model can. */
  readonly tool_call_strict_mode?: boolean | null;
}

/** Settings of a conversation flow; ignored with a warning where the agent has another engine. */
export interface ConversationFlowSettings {
  /** Where the user starts: speak after so much silence; null: wait. Must be a whole number of at least 0 ms. */
  readonly begin_after_user_silence_ms?: number | null;
  /** The first sentence; may hold `{{variables}}`. */
  readonly begin_message?: string | null;
  /** How knowledge bases are searched. */
  readonly kb_config?: { readonly filter_score?: number; readonly top_k?: number };
  /** The knowledge bases of this session, in place of the flow's; null: none. */
  readonly knowledge_base_ids?: readonly string[] | null;
  /** The model of the flow. */
  readonly model_choice?: { readonly type: 'cascading'; readonly model: LlmModel; readonly high_priority?: boolean };
  /** The model's temperature; null: the default. Must be a number from 0 to 1. */
  readonly model_temperature?: number | null;
  /** Who speaks first. */
  readonly start_speaker?: 'user' | 'agent';
  /** Hold tool calls to their schema, where the model can. */
  readonly tool_call_strict_mode?: boolean | null;
}
