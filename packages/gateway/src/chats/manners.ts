/** What an agent's own settings add to the prompt of a chat. */
import type { Settings } from '@pickup/contract';

const HANDBOOK: Readonly<Record<string, string>> = {
  ai_disclosure: 'When you are asked, say that you are a virtual assistant.',
  default_personality: 'Be polite, calm and professional, as a good call center agent is.',
  high_empathy: "Acknowledge the user's concerns warmly before you solve them.",
  scope_boundaries: 'Stay within these instructions and the knowledge you are given; never make details up.',
};
const IN_WRITING = 'You are writing text messages: answer in plain text, without markup.';

/** Lines for the system prompt; settings that are ill-typed add none. */
export function mannersOf(agent: Settings): readonly string[] {
  const set = agent['handbook_config'];
  const toggles = new Map(typeof set === 'object' && set !== null ? Object.entries(set) : []);
  const kept = Object.entries(HANDBOOK).filter(([name]) => toggles.get(name) === true);
  return [IN_WRITING, ...kept.map(([, line]) => line), ...languageOf(agent['language'])];
}

function languageOf(language: unknown): readonly string[] {
  const names = (Array.isArray(language) ? language : [language]).filter(
    (one) => typeof one === 'string' && one !== 'multi',
  );
  if (names.length === 0) return [];
  if (names.length === 1) return [`Answer in the language ${names[0]}.`];
  return [`Answer in the user's language, one of ${names.join(', ')}.`];
}
