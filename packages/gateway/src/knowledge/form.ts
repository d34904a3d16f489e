/** Forms with files, as routes see them. */
import { readMultipart } from './multipart.ts';

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
const MOST_TEXT_BYTES = 4 * 1024 * 1024;

/** Takes a form apart. Throws where it is none; `too_large` where its texts are too many or too long. */
export function parseForm(body: Uint8Array<ArrayBuffer>, contentType: string): FormParts | 'too_large' {
  const texts: [string, string][] = [];
  const files: UploadedFile[] = [];
  let textBytes = 0;
  for (const part of readMultipart(Buffer.from(body.buffer, body.byteOffset, body.length), contentType)) {
    if (texts.length + files.length === MOST_PARTS) return 'too_large';
    const { filename, type, bytes } = part;
    const field = part.name.replace(/\[\d*\]$/, '');
    if (filename === undefined) {
      textBytes += part.name.length + bytes.length;
      if (textBytes > MOST_TEXT_BYTES) return 'too_large';
      texts.push([field, bytes.toString('utf8')]);
    } else if (filename !== '' || bytes.length > 0) {
      // A browser's empty field for a file is none.
      files.push({ field, filename, type, bytes: new Uint8Array(bytes) });
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
