/** As much of the DNS wire format (RFC 1035, 2782, 3403, 3596) as a name server for tests needs. */

/** A record, without the name it stands under. */
export type DnsRecord =
  | { readonly type: 'A'; readonly address: string }
  | { readonly type: 'AAAA'; readonly address: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | {
      readonly type: 'NAPTR';
      readonly order: number;
      readonly preference: number;
      readonly flags: string;
      readonly service: string;
      readonly replacement: string;
    };

export type DnsType = DnsRecord['type'];

const types: Readonly<Record<DnsType, number>> = { A: 1, AAAA: 28, SRV: 33, NAPTR: 35 };

export interface DnsQuestion {
  readonly id: number;
  /** Lower-case, without the last dot. */
  readonly name: string;
  /** undefined for a type that is not known here. */
  readonly type: DnsType | undefined;
  /** As it stood in the query. */
  readonly bytes: Buffer;
}

/** Reads the question of a query; undefined where there is none. */
export function readQuestion(query: Buffer): DnsQuestion | undefined {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]; length !== undefined && length > 0; length = query[at]) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
  const end = at + 5;
  if (query.length < end) return undefined;
  const number = query.readUInt16BE(at + 1);
  const type = (Object.keys(types) as DnsType[]).find((name) => types[name] === number);
  const name = labels.join('.').toLowerCase();
  return { id: query.readUInt16BE(0), name, type, bytes: query.subarray(12, end) };
}

/** Writes the answer to a question. `code`: 0 no error, 2 SERVFAIL, 3 no such name. */
export function writeAnswer(
  question: DnsQuestion,
  answer: { readonly code: number; readonly ttlSeconds: number; readonly records: readonly DnsRecord[] },
): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(question.id, 0);
  // A response, authoritative, recursion desired and available.
  head.writeUInt16BE(0x8580 | answer.code, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(answer.records.length, 6);
  const records = answer.records.map((record) => writeRecord(record, answer.ttlSeconds));
  return Buffer.concat([head, question.bytes, ...records]);
}

function writeRecord(record: DnsRecord, ttlSeconds: number): Buffer {
  const data = writeData(record);
  const head = Buffer.alloc(12);
  // The name is that of the question.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(types[record.type], 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(ttlSeconds, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function writeData(record: DnsRecord): Buffer {
  switch (record.type) {
    case 'A':
      return Buffer.from(record.address.split('.').map(Number));
    case 'AAAA':
      return writeIpv6(record.address);
    case 'SRV':
      return Buffer.concat([numbers(record.priority, record.weight, record.port), writeName(record.target)]);
    case 'NAPTR': {
      const texts = [record.flags, record.service, ''].map(writeText);
      return Buffer.concat([numbers(record.order, record.preference), ...texts, writeName(record.replacement)]);
    }
  }
}

function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, at * 2);
  return bytes;
}

function writeText(text: string): Buffer {
  return Buffer.concat([Buffer.from([text.length]), Buffer.from(text, 'latin1')]);
}

function writeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([...labels.map(writeText), Buffer.from([0])]);
}

function writeIpv6(address: string): Buffer {
  const [left = '', right] = address.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const [before, after] = [groups(left), groups(right ?? '')];
  const between = right === undefined ? [] : Array<number>(8 - before.length - after.length).fill(0);
  return numbers(...before, ...between, ...after);
}
