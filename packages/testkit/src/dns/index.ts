export { createDnsServer, type DnsAnswer, type DnsServer } from './dns-server.ts';
export type { DnsRecord, DnsType } from './dns-wire.ts';
