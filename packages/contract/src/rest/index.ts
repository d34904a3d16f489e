export * from './agent-version-bodies.ts';
export * from './body.ts';
export * from './call-bodies.ts';
export * from './key-bodies.ts';
export * from './list-body.ts';
export * from './number-bodies.ts';
export * from './simulate-body.ts';
