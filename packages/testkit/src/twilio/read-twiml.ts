/** TwiML as far as a call needs it: verbs with their attributes, and the nouns inside. */

/** An element: its name, its attributes, and what is in it. */
export interface TwimlVerb {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly text: string;
  readonly children: readonly TwimlVerb[];
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The verbs of a `<Response>`. Throws where the document is none: Twilio would say "application error". */
export function readTwiml(xml: string): readonly TwimlVerb[] {
  const [root, ...others] = readElements(xml.replace(/^<\?xml[^>]*\?>/, '').trim());
  if (root?.name !== 'Response' || others.length > 0) throw new Error(`not TwiML: ${xml.slice(0, 200)}`);
  return root.children;
}

function readElements(xml: string): readonly TwimlVerb[] {
  const found: TwimlVerb[] = [];
  const element = /<(\w+)((?:\s+[\w:-]+="[^"]*")*)\s*(?:\/>|>([\s\S]*?)<\/\1>)/g;
  for (const [, name = '', attributes = '', inner = ''] of xml.matchAll(element)) {
    const pairs = [...attributes.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, key, value]) => [key, decode(value!)]);
    const children = readElements(inner);
    found.push({
      name,
      attributes: Object.fromEntries(pairs),
      text: children.length === 0 ? decode(inner.trim()) : '',
      children,
    });
  }
  return found;
}

function decode(text: string): string {
  return text.replaceAll(/&(\w+);/g, (whole, name: string) => ENTITIES[name] ?? whole);
}
