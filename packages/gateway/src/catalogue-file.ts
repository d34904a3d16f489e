/**
 * The catalogue in use: the built-in one with the operator's file `catalogue.json` laid over it (E5). The file is
 * looked at now and then and at SIGHUP; calls and requests see what it says from their next one on. A file that cannot
 * be used is said, with the place of each fault, and what was in use stays.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Catalogue,
  type CatalogueModel,
  defaultCatalogue,
  extendCatalogue,
  type Issue,
  parseCatalogueExtension,
} from '@pickup/contract';
import type { Log } from './observe/index.ts';
import type { Clock } from './runners/clock.ts';

/** How often the file is looked at unasked. */
const LOOK_EVERY_MS = 5_000;

export interface CatalogueFile {
  /** In use now; ask anew for each request. */
  readonly current: Catalogue;
  /** Looks now, because somebody asked (SIGHUP): the log has an answer in any case. */
  look(): void;
  stop(): void;
}

export interface CatalogueFileDeps {
  readonly home: string;
  readonly log: Log;
  readonly clock: Clock;
  /** Whether there is what it takes to ask a text model (E5). Default: by its provider's key. */
  readonly hasKey?: (model: CatalogueModel) => boolean;
}

/**
 * Reads `<home>/catalogue.json`, where there is one, and looks at it from then on. Throws where it is no JSON; of one
 * with faults the rest is used, for the start.
 */
export function openCatalogueFile(given: CatalogueFileDeps): CatalogueFile {
  const file = join(given.home, 'catalogue.json');
  const text = readText(file);
  if (text instanceof Error) throw new Error(`${file} cannot be read: ${text.message}`);
  return new Watched(file, text, given);
}

class Watched implements CatalogueFile {
  readonly #file: string;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #hasKey: CatalogueFileDeps['hasKey'];
  /** The file as it was last judged; undefined: there was none. */
  #judged: string | undefined;
  #current: Catalogue;
  #cancel = () => {};

  constructor(file: string, text: string | undefined, { log, clock, hasKey }: CatalogueFileDeps) {
    this.#file = file;
    this.#log = log;
    this.#clock = clock;
    this.#hasKey = hasKey;
    this.#judged = text;
    const read = readCatalogue(text);
    if (read instanceof Error) throw new Error(`${file} cannot be read: ${read.message}`);
    this.#tell('catalogue_issue', read.issues);
    this.#current = this.#withKeys(read.catalogue);
    this.#later();
  }

  get current(): Catalogue {
    return this.#current;
  }

  look(): void {
    this.#look(true);
  }

  stop(): void {
    this.#cancel();
  }

  #later(): void {
    this.#cancel = this.#clock.after(LOOK_EVERY_MS, () => {
      this.#look(false);
      this.#later();
    });
  }

  #look(isAsked: boolean): void {
    const text = readText(this.#file);
    if (text instanceof Error) return void (isAsked && this.#keep(text));
    if (text === this.#judged && !isAsked) return;
    const isSame = text === this.#judged;
    this.#judged = text;
    const read = readCatalogue(text);
    if (read instanceof Error) return this.#keep(read);
    this.#tell('catalogue_kept', read.issues);
    if (read.issues.length > 0) return;
    this.#current = this.#withKeys(read.catalogue);
    this.#log.info(isSame ? 'catalogue_unchanged' : 'catalogue_reloaded', { file: this.#file });
  }

  #withKeys(catalogue: Catalogue): Catalogue {
    const hasKey = this.#hasKey;
    if (!hasKey) return catalogue;
    const models = [...catalogue.models].map(([name, model]): [string, CatalogueModel] =>
      model.kind === 'llm' ? [name, { ...model, available: hasKey(model) }] : [name, model],
    );
    return { ...catalogue, models: new Map(models) };
  }

  #keep(error: Error): void {
    this.#log.warn('catalogue_kept', { file: this.#file, reason: error.message });
  }

  #tell(event: string, issues: readonly Issue[]): void {
    for (const { pointer, message } of issues) this.#log.warn(event, { file: this.#file, pointer, message });
  }
}

/** Undefined where there is no file. */
function readText(file: string): string | undefined | Error {
  try {
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  } catch (error) {
    return error as Error;
  }
}

function readCatalogue(
  text: string | undefined,
): { readonly catalogue: Catalogue; readonly issues: readonly Issue[] } | Error {
  if (text === undefined) return { catalogue: defaultCatalogue(), issues: [] };
  try {
    const { extension, issues } = parseCatalogueExtension(JSON.parse(text));
    return { catalogue: extendCatalogue(defaultCatalogue(), extension), issues };
  } catch (error) {
    return error as Error;
  }
}
