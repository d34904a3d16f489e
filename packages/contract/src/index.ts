export * from './agent.ts';
export * from './inbound.ts';
export * from './phone-number.ts';
