import { readFileSync, statSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';

const lookAgainMs = 5_000;

/** The system's own table of names. It goes before DNS, and is read again when it changed. */
export class HostsTable {
  readonly #path: string;
  readonly #monoMs: () => number;
  #lookedAtMs: number | undefined;
  #changed = '';
  #names = new Map<string, string[]>();

  constructor(path: string, monoMs: () => number) {
    this.#path = path;
    this.#monoMs = monoMs;
  }

  /** Addresses of a lower-case name, IPv4 first; empty where it is not in the table. */
  find(name: string): readonly string[] {
    const now = this.#monoMs();
    if (this.#lookedAtMs === undefined || now - this.#lookedAtMs >= lookAgainMs) {
      this.#lookedAtMs = now;
      this.#read();
    }
    return this.#names.get(name) ?? [];
  }

  #read(): void {
    try {
      const { mtimeMs, size } = statSync(this.#path);
      if (this.#changed === `${mtimeMs} ${size}`) return;
      this.#names = readTable(readFileSync(this.#path, 'utf8'));
      this.#changed = `${mtimeMs} ${size}`;
    } catch {
      this.#names.clear();
      this.#changed = '';
    }
  }
}

function readTable(text: string): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const line of text.split(/\r?\n/)) {
    const [address, ...own] = (line.split('#', 1)[0] ?? '').split(/\s+/).filter((word) => word !== '');
    if (address === undefined || isIP(address) === 0) continue;
    for (const name of own) {
      const known = names.get(name.toLowerCase()) ?? [];
      names.set(name.toLowerCase(), isIPv4(address) ? [address, ...known] : [...known, address]);
    }
  }
  return names;
}
