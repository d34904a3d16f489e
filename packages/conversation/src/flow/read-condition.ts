/**
 * Transition conditions. Retell has two kinds, equations and prompts; a prompt needs a model unless it does no more
 * than name keys, and then it is read as that.
 */
import type { Condition, Equation, EquationOperator } from './flow-graph.ts';
import { fieldsOf, listOf, own, textIn } from './read-json.ts';

const OPERATORS: ReadonlySet<string> = new Set<EquationOperator>([
  '==',
  '!=',
  '>',
  '>=',
  '<',
  '<=',
  'contains',
  'not_contains',
  'exists',
  'not_exist',
]);
/** Longer prompts are not a key's name, and are not worth looking at. */
const MAX_KEY_PROMPT = 120;

const WHO = /^(?:(?:if|when|once)\s+)?(?:(?:the\s+)?(?:user|caller|customer)\s+)?(?:has\s+|have\s+)?/;
const VERB =
  /^(?:press(?:es|ed)?|dial(?:s|ed|led)?|enter(?:s|ed)?|hit(?:s)?|push(?:es|ed)?|types?|typed|input(?:s|ted)?)\s+/;
const NOUN = /^(?:the\s+)?(?:(?:digits?|keys?|numbers?|buttons?)\s+)?/;
const NO_KEYS =
  /^(?:no (?:input|digits?|keys?|key press|response)(?: (?:was|were) (?:pressed|received|entered|given))?|nothing (?:was )?(?:pressed|entered)|(?:the\s+)?(?:user|caller|customer) (?:pressed|entered|presses|enters) nothing|time-?out|timed out)$/;
const NAMED_KEYS: Readonly<Record<string, string>> = {
  star: '*',
  asterisk: '*',
  pound: '#',
  hash: '#',
  zero: '0',
  one: '1',
  two: '2',
  three: '3',
  four: '4',
  five: '5',
  six: '6',
  seven: '7',
  eight: '8',
  nine: '9',
};

/** Never throws, whatever the JSON. */
export function readCondition(json: unknown): Condition {
  const fields = fieldsOf(json);
  const type = own(fields, 'type');
  if (type === 'equation') return readEquations(own(fields, 'equations'), own(fields, 'operator'));
  const prompt = textIn(fields, 'prompt');
  return type === 'prompt' && prompt !== undefined ? readPrompt(prompt) : { kind: 'unreadable' };
}

/** "User pressed 1", "press 2 or 3", "digit 4", "#", "No input"; anything else stays a prompt. */
export function readPrompt(prompt: string): Condition {
  const keys = prompt.length > MAX_KEY_PROMPT ? undefined : readKeys(prompt);
  if (keys === 'none') return { kind: 'no_keys' };
  return keys ? { kind: 'keys', entries: keys } : { kind: 'prompt', text: prompt };
}

/** The keys an instruction like "Press 12#" names, in order; undefined where it takes a model to know. */
export function readPressedKeys(instruction: string): string | undefined {
  const keys = instruction.length > MAX_KEY_PROMPT ? undefined : readKeys(instruction);
  return keys && keys !== 'none' && keys.length === 1 ? keys[0] : undefined;
}

function readKeys(prompt: string): readonly string[] | 'none' | undefined {
  const said = prompt
    .trim()
    .replace(/[.!]+$/, '')
    .toLowerCase();
  if (NO_KEYS.test(said)) return 'none';
  const named = said.replace(WHO, '').replace(VERB, '').replace(NOUN, '');
  const entries = named.split(/\s*,\s*or\s+|\s*,\s*|\s+or\s+|\s*\/\s*/).map(readEntry);
  return entries.every((entry) => entry !== undefined) ? entries : undefined;
}

function readEntry(written: string): string | undefined {
  const bare = written
    .trim()
    .replace(NOUN, '')
    .replace(/\s+key$/, '')
    .replace(/^(["'`])(.*)\1$/, '$2');
  if (/^[0-9*#]+$/.test(bare)) return bare;
  return Object.hasOwn(NAMED_KEYS, bare) ? NAMED_KEYS[bare] : undefined;
}

function readEquations(json: unknown, operator: unknown): Condition {
  const equations = listOf(json).map(readEquation);
  if (equations.length === 0 || !equations.every((equation) => equation !== undefined)) return { kind: 'unreadable' };
  return { kind: 'equations', all: operator !== '||', equations };
}

function readEquation(json: unknown): Equation | undefined {
  const fields = fieldsOf(json);
  const left = textIn(fields, 'left');
  const operator = textIn(fields, 'operator');
  if (left === undefined || operator === undefined || !OPERATORS.has(operator)) return undefined;
  const right = own(fields, 'right');
  // The SDK has strings here; a number can mean nothing else.
  const written = typeof right === 'number' || typeof right === 'boolean' ? String(right) : right;
  return { left, operator: operator as EquationOperator, right: typeof written === 'string' ? written : '' };
}
