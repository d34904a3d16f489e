/** The words by which a person stops, starts or asks about texts (A8). */

/** What a text asks for by its one word. */
export type OptOutWord = 'stop' | 'start' | 'help';
/** How a text is to be taken: to its agent; by its word; or not at all, for its sender wants no texts. */
export type TextHandling = 'chat' | OptOutWord | 'opted_out';

const STOP = new Set(['STOP', 'STOPALL', 'UNSUBSCRIBE', 'CANCEL', 'END', 'QUIT', 'REVOKE', 'OPTOUT']);
const START = new Set(['START', 'UNSTOP']);
const HELP = new Set(['HELP', 'INFO']);

/** The whole trimmed text counts, in any case; YES is a word only while its sender has opted out. */
export function readOptOutWord(text: string, optedOut: boolean): OptOutWord | undefined {
  const word = text.trim().toUpperCase();
  if (STOP.has(word)) return 'stop';
  if (START.has(word) || (optedOut && word === 'YES')) return 'start';
  return HELP.has(word) ? 'help' : undefined;
}

/** Whoever has opted out gets no answer, and nobody is asked, until a START. */
export function handlingOf(text: string, optedOut: boolean): TextHandling {
  return readOptOutWord(text, optedOut) ?? (optedOut ? 'opted_out' : 'chat');
}

/** Whether the pair of numbers is opted out after this word. */
export function optedOutAfter(handling: TextHandling, before: boolean): boolean {
  return handling === 'stop' || (before && handling !== 'start');
}

const CONFIRMATIONS: Readonly<Record<OptOutWord, string>> = {
  stop: 'You have been unsubscribed and will receive no more messages from this number. Reply START to resubscribe.',
  start: 'You have been resubscribed and will receive messages from this number again. Reply STOP to unsubscribe.',
  help: 'Reply STOP to receive no more messages from this number, START to receive them again.',
};

/** The one confirmation of a word, where the provider sends none itself. */
export function confirmationOf(word: OptOutWord): string {
  return CONFIRMATIONS[word];
}
