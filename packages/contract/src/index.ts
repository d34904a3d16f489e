export * from './agent.ts';
export * from './catalogue/index.ts';
export * from './errors/index.ts';
export * from './inbound.ts';
export * from './phone-number.ts';
export * from './reply/index.ts';
export * from './rest/index.ts';
export * from './settings/index.ts';
