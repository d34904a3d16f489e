/** Which rule of inbound.md an issue is about, by its code. */

const RULES: Readonly<Record<string, string>> = {
  deprecated: 'D9',
  fallback_number: 'G',
  fallback_number_unreachable: 'G',
  flow_needs_model: 'E10',
  forbidden_key: 'D9',
  html_reply: 'D3',
  lone_surrogate: 'D3',
  misplaced_field: 'D1',
  more_issues: 'H1',
  not_honoured: 'E10',
  not_json: 'D3',
  not_overridable: 'D7',
  not_utf8: 'D3',
  open_to_all: 'A5',
  other_group: 'D2',
  reject_not_boolean: 'D8',
  reply_too_large: 'D1',
  shadows_system_variable: 'E9',
  too_deep: 'D1',
  unknown_agent: 'E6',
  unknown_engine: 'E6',
  unknown_field: 'D9',
  unknown_version: 'E6',
  unset_variable: 'E9',
  variable_not_string: 'D5',
  version_as_string: 'D4',
  voice_only: 'E7',
  weak_password: 'A5',
  weights: 'A7',
  wrong_channel: 'E1',
  wrong_engine_group: 'E7',
};

/** The rule of a code that is about no other: settings are well-formed and available (E5). */
const SETTINGS_RULE = 'E5';

/** The rule an issue with this code is about, such as `D4`, where its maker names none. */
export function ruleOf(code: string): string {
  return (Object.hasOwn(RULES, code) ? RULES[code] : undefined) ?? SETTINGS_RULE;
}
