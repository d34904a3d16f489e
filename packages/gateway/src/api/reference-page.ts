/** The reference of the API as one page without scripts or anything from elsewhere, made from the OpenAPI document. */
import type { Json, JsonObject } from '@pickup/contract';

interface Operation {
  readonly summary: string;
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required: boolean }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: JsonObject }>> };
  readonly responses: Readonly<Record<string, unknown>>;
  readonly 'x-pickup-access': string;
}

/** What `openApi` returns, as far as the page shows it. */
export interface ReferenceDocument {
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

const ACCESS: Readonly<Record<string, string>> = { public: 'no key', read: 'any key that reads', write: 'a full key' };
/** In a path, what follows these words names the resource. */
const VERBS =
  /^(?:v\d\/)?(?:create|get|update|list|delete|import|publish|repair|assign|register|stop|end|simulate|check|promote|revoke|add|clone|search|rerun|replay)-/;

/** HTML of the whole page. */
export function referencePage({ info, paths }: ReferenceDocument): string {
  const groups = new Map<string, string[]>();
  for (const [path, operations] of Object.entries(paths)) {
    const group = resourceOf(path);
    const sections = Object.entries(operations).map(([method, operation]) => operationHtml(method, path, operation));
    groups.set(group, [...(groups.get(group) ?? []), ...sections]);
  }
  const names = [...groups.keys()].sort();
  const links = names.map((name) => `<a href="#${idOf(name)}">${htmlOf(name)}</a>`).join('\n');
  const parts = names.map(
    (name) => `<h2 id="${idOf(name)}">${htmlOf(name)}</h2>\n${(groups.get(name) ?? []).join('\n')}`,
  );
  const title = `${info.title} ${info.version}: API reference`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlOf(title)}</title><style>${STYLE}</style></head>
<body><h1>${htmlOf(title)}</h1>
<p>Send <code>Authorization: Bearer &lt;key&gt;</code>. Failures answer <code>{"status":"error","message":"…"}</code>.
The same as a document: <a href="/openapi.json">/openapi.json</a>.</p>
<nav>${links}</nav>
${parts.join('\n')}
</body></html>
`;
}

/** `/v2/get-call/{call_id}` → `call`; plural and singular are one. */
function resourceOf(path: string): string {
  const first = path.slice(1).replace(/\/\{.*$/, '');
  const noun = first.replace(VERBS, '').replace(/-(?:version|tag)s?$/, '');
  return noun.replaceAll('-', ' ').replace(/(?<!s|statu)s$/, '');
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const { summary, parameters = [], requestBody, responses } = operation;
  const status = Object.keys(responses).find((code) => code !== 'default') ?? '200';
  const schema = requestBody?.content['application/json']?.schema;
  const fields = schema && isObject(schema['properties']) ? schema['properties'] : {};
  const required = new Set(Array.isArray(schema?.['required']) ? schema['required'] : []);
  const rows = [
    ...parameters.map(({ name, in: place, required: must }) => row(name, place, must, '')),
    ...Object.entries(fields).map(([name, of]) => row(name, 'body', required.has(name), typeOf(of))),
  ];
  const table = `<table><tr><th>name</th><th>in</th><th>form</th></tr>${rows.join('')}</table>`;
  return `<details id="${idOf(`${method} ${path}`)}"><summary><b>${method.toUpperCase()}</b> <code>${htmlOf(path)}</code> ${htmlOf(summary)}</summary>
<p>Answers ${htmlOf(status)}; for ${htmlOf(ACCESS[operation['x-pickup-access']] ?? '')}.</p>
${rows.length > 0 ? table : ''}</details>`;
}

function row(name: string, place: string, required: boolean, form: string): string {
  const must = required ? ' <i>required</i>' : '';
  return `<tr><td><code>${htmlOf(name)}</code>${must}</td><td>${htmlOf(place)}</td><td>${htmlOf(form)}</td></tr>`;
}

/** In words: the rule where there is one, else the type. */
function typeOf(schema: Json): string {
  if (!isObject(schema)) return '';
  const { description, type, anyOf } = schema;
  if (typeof description === 'string') return description;
  if (Array.isArray(anyOf)) return anyOf.map(typeOf).filter(Boolean).join(' Or: ');
  if (typeof type !== 'string') return 'anything';
  return type === 'null' ? 'null.' : type;
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function idOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function htmlOf(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
nav{columns:14rem}nav a{display:block}h2{margin-top:2rem;text-transform:capitalize}
details{border-top:1px solid #ccc;padding:.4rem 0}summary{cursor:pointer}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-top:1px solid #eee}
@media (prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8bf}}`;
