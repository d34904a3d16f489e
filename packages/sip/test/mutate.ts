import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '../test-data/rfc4475');

/** The messages of RFC 4475. */
export const samples: readonly Buffer[] = readdirSync(folder)
  .filter((name) => name.endsWith('.dat'))
  .map((name) => readFileSync(join(folder, name)));

/** A small seeded generator: the same messages on every run. */
export function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** One of the messages, by default of the samples, with one to three random changes. */
export function mutated(below: (limit: number) => number, messages: readonly Buffer[] = samples): Buffer {
  let bytes = messages[below(messages.length)]!;
  for (let times = 1 + below(3); times > 0 && bytes.length > 0; times--) bytes = mutate(bytes, below);
  return bytes;
}

function mutate(bytes: Buffer, below: (limit: number) => number): Buffer {
  const out = Buffer.from(bytes);
  const at = below(out.length);
  switch (below(5)) {
    case 0:
      out[at] = below(256);
      return out;
    case 1:
      return out.subarray(0, at);
    case 2:
      return Buffer.concat([out.subarray(0, at), out.subarray(at + 1 + below(20))]);
    case 3:
      return Buffer.concat([out.subarray(0, at), Buffer.from('\r\n ;,"<>@:=%[]'[below(14)]!), out.subarray(at)]);
    default:
      return Buffer.concat([out.subarray(0, at), out.subarray(below(out.length))]);
  }
}
