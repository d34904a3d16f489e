import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { headerList, headerValue, headerValues, parseMessage, parseNameAddr, parseUri } from '../src/index.ts';
import { createBenchPeer, valueIn } from './bench-peer.ts';

const folder = join(import.meta.dirname, '../test-data/rfc4475');
const read = (name: string) => readFileSync(join(folder, `${name}.dat`));

// A code is the first final answer, or 100 where the call is handed on; undefined is silence.
const expected: Readonly<Record<string, number | undefined>> = {
  // Well-formed; its To has a tag, and there is no such dialog.
  wsinv: 481,
  intmeth: 501,
  esc01: 100,
  escnull: 405,
  esc02: 501,
  lwsdisp: 200,
  longreq: 100,
  dblreq: 405,
  semiuri: 200,
  transports: 200,
  mpart01: 405,
  unreason: undefined,
  noreason: undefined,
  badinv01: 400,
  clerr: 400,
  ncl: 400,
  scalar02: 400,
  scalarlg: undefined,
  quotbal: 400,
  ltgtruri: 400,
  lwsruri: 400,
  lwsstart: 400,
  trws: 400,
  escruri: 400,
  baddate: 100,
  regbadct: 400,
  badaspec: 200,
  baddn: 400,
  badvers: 505,
  mismatch01: 400,
  mismatch02: 400,
  bigcode: undefined,
  badbranch: 200,
  insuf: undefined,
  unkscm: 416,
  novelsc: 416,
  unksm2: 405,
  bext01: 420,
  invut: 415,
  regaut01: 405,
  multi01: 400,
  mcl01: 400,
  bcast: undefined,
  zeromf: 200,
  cparam01: 405,
  cparam02: 405,
  regescrt: 405,
  sdp01: 406,
  inv2543: 100,
};

describe('case 58 the torture messages of RFC 4475', () => {
  it('has an expectation for each of the 49 files', () => {
    const files = readdirSync(folder).filter((name) => name.endsWith('.dat'));
    expect(files.map((name) => name.slice(0, -4)).sort()).toEqual(Object.keys(expected).sort());
    expect(files).toHaveLength(49);
  });

  for (const [name, status] of Object.entries(expected)) {
    it(`case 58 ${name} → ${status ?? 'silence'}`, () => {
      const bench = createBenchPeer();
      bench.receiveBytes(read(name));
      expect(bench.names()).toEqual(status === undefined ? [] : [status]);
      expect(bench.invites).toHaveLength(status === 100 ? 1 : 0);
    });
  }

  it('case 58 the refusals carry what RFC 3261 asks for', () => {
    const answer = (name: string) => {
      const bench = createBenchPeer();
      bench.receiveBytes(read(name));
      return bench.last().message;
    };
    expect(valueIn(answer('bext01'), 'unsupported')).toBe('nothingSupportsThis, nothingSupportsThisEither');
    expect(valueIn(answer('invut'), 'accept')).toContain('application/sdp');
    expect(valueIn(answer('regaut01'), 'allow')).toContain('INVITE');
    expect(valueIn(answer('regaut01'), 'to')).toMatch(/;tag=/);
  });

  it('case 58 badbranch matches no other transaction with the same empty branch', () => {
    const bench = createBenchPeer();
    bench.receiveBytes(read('badbranch'));
    bench.receiveBytes(Buffer.from(read('badbranch').toString('latin1').replace('badbranch.', 'other.'), 'latin1'));
    expect(bench.names()).toEqual([200, 200]);
    expect(bench.sent.map(({ message }) => valueIn(message, 'call-id'))[1]).toMatch(/^other/);
  });

  it('case 58 wsinv is read as meant: folds, compact names, odd spacing', () => {
    const parsed = parseMessage(read('wsinv'));
    if (!parsed.ok) throw new Error(parsed.reason);
    const { message, head } = parsed;
    expect(head.from).toMatchObject({ display: 'J Rosenberg \\"', uri: 'sip:jdrosen@example.com' });
    expect(head.to.params).toEqual([{ name: 'tag', value: '1918181833n' }]);
    expect(head.cseq).toEqual({ seq: 9, method: 'INVITE' });
    expect(head.via).toMatchObject({ transport: 'UDP', host: '192.0.2.2' });
    expect(headerList(message, 'via')).toHaveLength(3);
    expect(headerValue(message, 'subject')).toBe('');
    expect(headerValue(message, 'NewFangledHeader')).toBe('newfangled value continued newfangled value');
    expect(parseNameAddr(headerValue(message, 'contact') ?? '')?.display).toBe('Quoted string ""');
    expect(message.body).toHaveLength(150);
  });

  it('case 58 escapes are not decoded before comparison', () => {
    const parsed = parseMessage(read('esc02'));
    if (!parsed.ok || parsed.message.kind !== 'request') throw new Error('not a request');
    expect(parsed.message.method).toBe('RE%47IST%45R');
    expect(headerValues(parsed.message, 'contact')).toHaveLength(2);
    const esc01 = parseMessage(read('esc01'));
    if (!esc01.ok || esc01.message.kind !== 'request') throw new Error('not a request');
    expect(parseUri(esc01.message.uri)).toMatchObject({ user: 'sips%3Auser%40example.com', host: 'example.net' });
  });

  it('case 58 semiuri and intmeth keep their strange user parts', () => {
    expect(parseUri('sip:user;par=u%40example.net@example.com')).toMatchObject({ user: 'user;par=u%40example.net' });
    const parsed = parseMessage(read('intmeth'));
    if (!parsed.ok || parsed.message.kind !== 'request') throw new Error('not a request');
    expect(parseUri(parsed.message.uri)).toMatchObject({ host: 'example.com', password: expect.any(String) });
    expect(parsed.head.from.uri).toBe('sip:mundane@example.com');
  });
});
