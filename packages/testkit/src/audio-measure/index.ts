export { findClicks } from './clicks.ts';
export { type DelayPoint, delayAt, trackDelay } from './delay-track.ts';
export { compareFrames, type FrameFigures } from './frames.ts';
export { intelligibility } from './intelligibility.ts';
export { judgeLine, type LineFigures, type LineLimits, measureLine, TALKABLE } from './line-figures.ts';
export { speechLike } from './speech-like.ts';
