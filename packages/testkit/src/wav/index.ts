export { loudness, type Span, speechSpans } from './measure.ts';
export { decodeWav, encodeWav, readWav, type Wav, writeWav } from './wav-file.ts';
