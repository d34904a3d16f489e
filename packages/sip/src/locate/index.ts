export { DnsNames, type DnsNamesOptions } from './dns-names.ts';
export { createLocate, type Locate, type LocateTerms, type Place, placeAt } from './locate.ts';
export { type Names, type NaptrRecord, orderSrv, type SrvRecord } from './records.ts';
