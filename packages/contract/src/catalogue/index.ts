export * from './default-catalogue.ts';
export * from './parse-extension.ts';
