export { createSipMessageEdge } from './sip-message-edge.ts';
export { TextTaker, type TextTakerDeps } from './text-taker.ts';
