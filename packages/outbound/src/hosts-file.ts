import { readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';

const CHECK_MS = 1_000;

/** Names of the hosts file with their addresses; looks for a changed file at most once a second. */
export class HostsFile {
  readonly #path: string;
  readonly #monoMs: () => number;
  #checkedAtMs = Number.NEGATIVE_INFINITY;
  #version = '';
  #entries: ReadonlyMap<string, readonly string[]> = new Map();

  constructor(path: string, monoMs: () => number) {
    this.#path = path;
    this.#monoMs = monoMs;
  }

  lookup(name: string): readonly string[] | undefined {
    if (this.#monoMs() - this.#checkedAtMs >= CHECK_MS) this.#refresh();
    return this.#entries.get(name);
  }

  #refresh(): void {
    this.#checkedAtMs = this.#monoMs();
    try {
      const { mtimeMs, size, ino } = statSync(this.#path);
      const version = `${mtimeMs}/${size}/${ino}`;
      if (version === this.#version) return;
      this.#entries = parseHosts(readFileSync(this.#path, 'utf8'));
      this.#version = version;
    } catch {
      // No hosts file is an empty one.
      this.#entries = new Map();
      this.#version = '';
    }
  }
}

function parseHosts(text: string): Map<string, string[]> {
  const entries = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [address = '', ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    if (isIP(address) === 0) continue;
    for (const name of names.map((each) => each.toLowerCase())) {
      const known = entries.get(name);
      if (known) known.push(address);
      else entries.set(name, [address]);
    }
  }
  return entries;
}
