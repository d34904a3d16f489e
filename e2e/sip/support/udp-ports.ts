/** UDP ports as the kernel sees them, so that a leak shows whatever the process believes. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The UDP ports a process has bound, from `first` to `last`. */
export function boundPorts(pid: number, first: number, last: number): readonly number[] {
  const inodes = new Set(readdirSync(`/proc/${pid}/fd`).map((fd) => socketInode(`/proc/${pid}/fd/${fd}`)));
  return readFileSync(`/proc/${pid}/net/udp`, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((cells) => inodes.has(cells[9]))
    .map((cells) => Number.parseInt(cells[1]?.split(':')[1] ?? '', 16))
    .filter((port) => port >= first && port <= last);
}

function socketInode(path: string): string | undefined {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1];
  } catch {
    // Closed since it was listed.
    return undefined;
  }
}
