export { createTexts, type Texts } from './texts.ts';
