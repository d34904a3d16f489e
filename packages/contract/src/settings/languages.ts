/**
 * Which languages a voice provider, a voice model and a speech recogniser can serve.
 * Planning data of Retell's page "Supported languages by provider"; providers without a column
 * (`inworld`, `builtin`, an operator's own) are not restricted by it.
 */
function table(
  rows: readonly (readonly [providers: string, languages: string])[],
): ReadonlyMap<string, ReadonlySet<string>> {
  const byProvider = new Map<string, Set<string>>();
  for (const [providers, languages] of rows) {
    for (const provider of providers.split(' ')) {
      const covered = byProvider.get(provider) ?? new Set<string>();
      for (const language of languages.split(' ')) covered.add(language);
      byProvider.set(provider, covered);
    }
  }
  return byProvider;
}

/** Voice provider to the languages at least one of its models speaks. */
export const VOICE_LANGUAGES = table([
  [
    'cartesia elevenlabs fish_audio minimax openai platform',
    'ar-SA bg-BG zh-CN hr-HR cs-CZ da-DK nl-NL nl-BE en-US en-IN en-GB en-AU en-NZ fi-FI fr-FR fr-CA de-DE el-GR he-IL hi-IN hu-HU id-ID it-IT ja-JP ko-KR ms-MY no-NO pl-PL pt-PT pt-BR ro-RO ru-RU sk-SK es-ES es-419 sv-SE ta-IN th-TH tr-TR uk-UA vi-VN',
  ],
  ['elevenlabs fish_audio openai', 'hy-AM az-AZ bs-BA gl-ES is-IS kk-KZ lv-LV lt-LT ne-NP sr-RS sw-KE ur-IN cy-GB'],
  ['elevenlabs fish_audio minimax openai platform', 'af-ZA ca-ES fa-IR'],
  ['cartesia elevenlabs fish_audio openai', 'kn-IN mr-IN'],
  ['minimax platform', 'yue-CN'],
  ['cartesia elevenlabs minimax openai platform', 'fil-PH'],
  ['elevenlabs openai', 'mk-MK'],
  ['elevenlabs minimax openai platform', 'sl-SI'],
]);

/** Speech recogniser to the languages it understands. */
export const ASR_LANGUAGES = table([
  [
    'assemblyai azure deepgram soniox',
    'ar-SA zh-CN da-DK nl-NL nl-BE en-US en-IN en-GB en-AU en-NZ fi-FI fr-FR fr-CA de-DE hi-IN it-IT ja-JP no-NO pt-PT pt-BR es-ES es-419 tr-TR vi-VN',
  ],
  [
    'azure deepgram soniox',
    'bg-BG yue-CN ca-ES cs-CZ el-GR hu-HU id-ID ko-KR lv-LV lt-LT ms-MY pl-PL ro-RO ru-RU sk-SK sv-SE th-TH uk-UA',
  ],
  ['azure soniox', 'af-ZA az-AZ bs-BA hr-HR gl-ES kn-IN kk-KZ mk-MK mr-IN fa-IR sr-RS sl-SI sw-KE ta-IN ur-IN cy-GB'],
  ['azure', 'hy-AM fil-PH is-IS ne-NP'],
  ['assemblyai azure soniox', 'he-IL'],
]);

/** Recognisers that keep to one language per agent. */
export const ONE_LANGUAGE_ASR: ReadonlySet<string> = new Set(['azure']);

/** Voice models that speak fewer languages than their provider; a model not listed speaks its provider's whole column. */
export const VOICE_MODEL_LANGUAGES: ReadonlyMap<string, ReadonlySet<string>> = new Map<string, ReadonlySet<string>>([
  [
    'eleven_flash_v2_5',
    new Set(
      'en-US en-IN en-GB en-AU en-NZ de-DE es-ES es-419 hi-IN fr-FR fr-CA ja-JP pt-PT pt-BR zh-CN ru-RU it-IT ko-KR nl-NL nl-BE pl-PL tr-TR vi-VN ro-RO bg-BG da-DK fi-FI el-GR hu-HU id-ID no-NO sk-SK sv-SE cs-CZ ms-MY ar-SA fil-PH hr-HR ta-IN uk-UA'.split(
        ' ',
      ),
    ),
  ],
  [
    'eleven_multilingual_v2',
    new Set(
      'en-US en-IN en-GB en-AU en-NZ de-DE es-ES es-419 hi-IN fr-FR fr-CA ja-JP pt-PT pt-BR zh-CN ru-RU it-IT ko-KR nl-NL nl-BE pl-PL tr-TR ro-RO bg-BG da-DK fi-FI el-GR id-ID sk-SK sv-SE cs-CZ ms-MY ar-SA fil-PH hr-HR ta-IN uk-UA'.split(
        ' ',
      ),
    ),
  ],
  ['eleven_flash_v2', new Set('en-US en-IN en-GB en-AU en-NZ'.split(' '))],
  [
    's1',
    new Set(
      'en-US en-IN en-GB en-AU en-NZ de-DE es-ES es-419 fr-FR fr-CA ja-JP pt-PT pt-BR zh-CN ru-RU it-IT ko-KR nl-NL nl-BE pl-PL ar-SA'.split(
        ' ',
      ),
    ),
  ],
]);
