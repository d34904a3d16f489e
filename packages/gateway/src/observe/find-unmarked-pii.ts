/**
 * Finds calls of the log whose fields would carry a person's data outside `pii.`. A guard for tests, not a
 * parser: it reads the text of each call and judges the keys and the names in it.
 */

/** One place in a source. */
export interface UnmarkedField {
  readonly line: number;
  readonly field: string;
}

const LOG_CALL = /\b(?:log|logger)\??\.(?:debug|info|warn|error|with)\(/gi;

/** Names that carry numbers, texts, variables or metadata, in snake_case; camelCase is folded into it. */
const PERSONAL =
  /(^|_)(from|to|phone|caller|callee|called|from_user|to_user|user|number|phone_number|from_number|to_number|user_number|agent_number|fallback_number|display_name|text|utterance|transcript|content|said|message_body|body|reply|reply_body|payload|variables|dynamic_variables|metadata|headers|custom_sip_headers|uri|request_uri|contact|from_header|to_header|p_asserted_identity)$/;

const fold = (name: string): string => name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase();
const isPersonal = (name: string): boolean => PERSONAL.test(fold(name));

/** The fields in `source` that log personal data under a key that does not say so. */
export function findUnmarkedPii(source: string): readonly UnmarkedField[] {
  const found: UnmarkedField[] = [];
  for (const call of source.matchAll(LOG_CALL)) {
    const start = call.index + call[0].length;
    const text = source.slice(start, endOfCall(source, start));
    const line = source.slice(0, call.index).split('\n').length;
    for (const field of unmarkedIn(text)) found.push({ line, field });
  }
  return found;
}

function unmarkedIn(text: string): readonly string[] {
  const found = [...text.matchAll(/\$\{([^}]*)\}/g)].flatMap((part) => namesIn(part[1] ?? ''));
  // Marked fields are cut out, value and all, up to the next key.
  const bare = text
    .replace(/(['"])pii\.[\w.]+\1\s*:[^,}]*/g, '')
    .replace(/`(?:[^`\\]|\\.)*`/g, '``')
    .replace(/:\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")/g, ': 0');
  for (const key of bare.matchAll(/(?:^|[{,]\s*)(?:\.\.\.)?['"]?([A-Za-z_][\w.]*)['"]?\s*(?=[:,}])/g)) {
    if (key[1] && isPersonal(key[1].split('.').at(-1) ?? '')) found.push(key[1]);
  }
  // Values: `number: call.from_number` under a harmless key.
  for (const value of bare.matchAll(/:\s*([A-Za-z_#][\w.?#]*)/g)) found.push(...namesIn(value[1] ?? ''));
  return [...new Set(found)];
}

function namesIn(expression: string): readonly string[] {
  return [...expression.matchAll(/[A-Za-z_][\w]*/g)]
    .map((name) => name[0])
    .filter((name) => /number|metadata|variables|transcript|utterance/i.test(name) && isPersonal(name));
}

function endOfCall(source: string, start: number): number {
  let depth = 1;
  let quote = '';
  for (let at = start; at < source.length; at++) {
    const char = source[at]!;
    if (quote !== '') {
      if (char === '\\') at++;
      else if (char === quote) quote = '';
    } else if (char === "'" || char === '"' || char === '`') quote = char;
    else if (char === '(') depth++;
    else if (char === ')' && --depth === 0) return at;
  }
  return source.length;
}
