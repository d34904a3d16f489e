/** A name server for tests: real UDP on loopback, with the silences and failures of real ones. */
import { createSocket } from 'node:dgram';
import { type DnsRecord, type DnsType, readQuestion, writeAnswer } from './dns-wire.ts';

/** What is said under one name and type. */
export type DnsAnswer = readonly DnsRecord[] | 'silence' | 'servfail';

export interface DnsServer {
  /** `address:port`, as `dns.Resolver.setServers` takes it. */
  readonly address: string;
  /** `NAPTR example.com`, one for each question that came, in order. */
  readonly questions: readonly string[];
  /** Sets what is said; names that were never set do not exist. */
  set(name: string, type: DnsType, answer: DnsAnswer): void;
  /** For records set before and after; default 60. */
  ttlSeconds: number;
  close(): Promise<void>;
}

const servfail = 2;
const noSuchName = 3;

/** Starts a name server on 127.0.0.1. */
export async function createDnsServer(): Promise<DnsServer> {
  const answers = new Map<string, DnsAnswer>();
  const names = new Set<string>();
  const questions: string[] = [];
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const server: DnsServer = {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    set(name, type, answer) {
      answers.set(`${type} ${name.toLowerCase()}`, answer);
      names.add(name.toLowerCase());
    },
    ttlSeconds: 60,
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (query, from) => {
    const question = readQuestion(query);
    if (!question) return;
    const key = `${question.type ?? 'other'} ${question.name}`;
    questions.push(key);
    const answer = answers.get(key) ?? [];
    if (answer === 'silence') return;
    const isFailure = answer === 'servfail';
    const code = isFailure ? servfail : names.has(question.name) ? 0 : noSuchName;
    const { ttlSeconds } = server;
    socket.send(writeAnswer(question, { code, ttlSeconds, records: isFailure ? [] : answer }), from.port, from.address);
  });
  return server;
}
