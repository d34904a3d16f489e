/** The built-in voices of the catalogue by the names that espeak-ng knows them by. */

/** What a session uses when nothing better is available. */
export const DEFAULT_BUILTIN_VOICE = 'builtin-en-us';

/** espeak-ng's British voice is called `en`. Retell's locales where espeak-ng's name is not the language alone; without a voice: Filipino, Galician. */
const NAMES: Readonly<Record<string, string>> = {
  'en-us': 'en-us',
  'en-gb': 'en',
  'en-au': 'en',
  'en-nz': 'en',
  'en-in': 'en',
  'es-419': 'es-419',
  'pt-br': 'pt-br',
  'zh-cn': 'cmn',
  'no-no': 'nb',
  en: 'en-us',
  zh: 'cmn',
  no: 'nb',
};
/** Languages espeak-ng speaks among those an agent can have. */
const LANGUAGES =
  'af ar az bg bs ca cs cy da de el en es fa fi fr he hi hr hu hy id is it ja kk kn ko lt lv mk mr ms ne nl no pl pt ro ru sk sl sr sv sw ta th tr uk ur vi yue zh';
const SPOKEN: ReadonlySet<string> = new Set(LANGUAGES.split(' '));

/** espeak-ng's voice of a locale (`de-DE` → `de`), or undefined where it has none. */
export function espeakLanguage(locale: string): string | undefined {
  const lowered = locale.toLowerCase();
  const base = lowered.split('-')[0] ?? '';
  if (!SPOKEN.has(base)) return undefined;
  return Object.hasOwn(NAMES, lowered) ? NAMES[lowered] : Object.hasOwn(NAMES, base) ? NAMES[base] : base;
}

/** espeak-ng's name of a voice of the catalogue (`builtin-en-gb`, with a timbre `builtin-en-gb-f3`), if it is one. */
export function espeakVoice(voiceId: string): string | undefined {
  const parts = /^builtin-([a-z]{2,3}(?:-(?:[a-z]{2}|\d{3}))?)(?:-([fm][1-5]))?$/i.exec(voiceId);
  const language = parts?.[1] && espeakLanguage(parts[1]);
  if (!language) return undefined;
  return parts?.[2] ? `${language}+${parts[2].toLowerCase()}` : language;
}

/** The language of a built-in voice or a locale, for comparing: `en`. */
export function baseLanguage(locale: string): string {
  return locale.toLowerCase().split('-')[0] ?? '';
}
