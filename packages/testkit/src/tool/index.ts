export { toolPresent } from './tool-present.ts';
