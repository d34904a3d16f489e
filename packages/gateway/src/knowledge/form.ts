/** Bodies of the type multipart/form-data, taken apart. */

export interface UploadedFile {
  /** The part's name. */
  readonly field: string;
  readonly filename: string;
  /** Media type; may be empty. */
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A form as a route sees it. */
export class Form {
  /** A name with `[]` behind it counts without; what was sent more than once is a list. */
  readonly texts: Readonly<Record<string, string | readonly string[]>>;
  readonly files: readonly UploadedFile[];

  constructor(texts: Readonly<Record<string, string | readonly string[]>>, files: readonly UploadedFile[]) {
    this.texts = texts;
    this.files = files;
  }
}

/** What crosses from the thread that takes forms apart. */
export interface FormParts {
  readonly texts: readonly (readonly [name: string, text: string])[];
  readonly files: readonly UploadedFile[];
}

const MOST_PARTS = 2_000;
/** Of the parts that are no files, as JSON bodies have it. */
const MOST_TEXT_CHARS = 4 * 1024 * 1024;

/** Takes a form apart. Rejects where it is none; `too_large` where its texts are too many or too long. */
export async function parseForm(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<FormParts | 'too_large'> {
  const form = await new Response(body, { headers: { 'content-type': contentType } }).formData();
  const texts: [string, string][] = [];
  const files: UploadedFile[] = [];
  let chars = 0;
  for (const [name, value] of form) {
    if (texts.length + files.length === MOST_PARTS) return 'too_large';
    const field = name.replace(/\[\d*\]$/, '');
    if (typeof value === 'string') {
      chars += name.length + value.length;
      if (chars > MOST_TEXT_CHARS) return 'too_large';
      texts.push([field, value]);
    } else {
      const bytes = new Uint8Array(await value.arrayBuffer());
      files.push({ field, filename: value.name, type: value.type, bytes });
    }
  }
  return { texts, files };
}

/** The form from its parts. */
export function toForm({ texts, files }: FormParts): Form {
  const byName = new Map<string, string | string[]>();
  for (const [name, text] of texts) {
    const before = byName.get(name);
    if (before === undefined) byName.set(name, text);
    else if (typeof before === 'string') byName.set(name, [before, text]);
    else before.push(text);
  }
  return new Form(Object.fromEntries(byName), files);
}
