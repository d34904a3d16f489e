/** UDP ports as the kernel sees them, so that a leak shows whatever the process believes. */
import { readFileSync } from 'node:fs';

/** Bound UDP ports of this machine from `first` to `last`. */
export function boundPorts(first: number, last: number): readonly number[] {
  return readFileSync('/proc/net/udp', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => Number.parseInt(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4})/.exec(line)?.[1] ?? '', 16))
    .filter((port) => port >= first && port <= last);
}
