/** A NAPTR record (RFC 3403), as far as SIP needs it. */
export interface NaptrRecord {
  readonly order: number;
  readonly preference: number;
  /** `s`: the replacement is the name of SRV records. */
  readonly flags: string;
  /** `SIP+D2U`, `SIP+D2T`, `SIPS+D2T`. */
  readonly service: string;
  readonly replacement: string;
}

/** A SRV record (RFC 2782). */
export interface SrvRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly name: string;
}

/** Where names are looked up. An empty list: there are none. Rejects where nobody could tell. */
export interface Names {
  naptr(name: string): Promise<readonly NaptrRecord[]>;
  srv(name: string): Promise<readonly SrvRecord[]>;
  ipv4(name: string): Promise<readonly string[]>;
  ipv6(name: string): Promise<readonly string[]>;
}

/**
 * The order in which SRV records are tried (RFC 2782): by priority, and by lot within one, the chance of each as its
 * weight. `draw` gives a whole number below `below`.
 */
export function orderSrv(records: readonly SrvRecord[], draw: (below: number) => number): readonly SrvRecord[] {
  const priorities = [...new Set(records.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) =>
    byLot(
      records.filter((record) => record.priority === priority),
      draw,
    ),
  );
}

function byLot(records: readonly SrvRecord[], draw: (below: number) => number): readonly SrvRecord[] {
  // Those without weight first, so that they have a very small chance.
  const left = [...records].sort((a, b) => Math.sign(a.weight) - Math.sign(b.weight));
  const ordered: SrvRecord[] = [];
  while (left.length > 0) {
    const total = left.reduce((sum, { weight }) => sum + weight, 0);
    let ticket = draw(total + 1);
    const at = left.findIndex(({ weight }) => {
      ticket -= weight;
      return ticket <= 0;
    });
    ordered.push(...left.splice(Math.max(at, 0), 1));
  }
  return ordered;
}
