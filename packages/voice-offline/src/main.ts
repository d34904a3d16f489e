/**
 * The built-in voice: text in on stdin, PCM out on stdout.
 *
 * Request:  u32 big-endian length, then that many bytes of JSON:
 *             {"id":1,"text":"Hello.","voice":"en-us","speed":1}   speed 0.5 to 2, default 1
 *             {"id":1,"cancel":true}                               drops it if it was not begun; no reply follows
 * Reply:    u32 big-endian length, then that many bytes of JSON:
 *             {"ready":true,"rate":8000}                           once, when the engine is loaded
 *             {"id":1,"rate":8000,"bytes":16000}                   then `bytes` bytes of signed 16-bit LE mono PCM
 *             {"id":1,"error":"no voice xx"}
 *
 * Requests may be pipelined; they are answered in order. A stream that is not made of frames ends the program with
 * code 2. It ends with code 0 when stdin closes, so it never outlives its host.
 */
import { RequestReader, replyFrame, type VoiceRequest } from './frames.ts';
import { createSynthesiser, OUTPUT_RATE } from './synthesiser.ts';

const synthesiser = await createSynthesiser();
const reader = new RequestReader();
const waiting: Exclude<VoiceRequest, { kind: 'cancel' }>[] = [];
let scheduled = false;

/** One request a turn of the loop, so that cancellations and the end of stdin are seen in between. */
function work(): void {
  scheduled = false;
  const request = waiting.shift();
  if (!request) return;
  process.stdout.write(answer(request));
  schedule();
}

function schedule(): void {
  if (scheduled || waiting.length === 0) return;
  scheduled = true;
  setImmediate(work);
}

function answer(request: Exclude<VoiceRequest, { kind: 'cancel' }>): Buffer {
  if (request.kind === 'faulty') return replyFrame({ id: request.id, error: request.error });
  const spoken = synthesiser.speak(request.text, request.voice, request.speed);
  if (!spoken.ok) return replyFrame({ id: request.id, error: spoken.error });
  return replyFrame({ id: request.id, rate: OUTPUT_RATE }, spoken.samples);
}

function take(request: VoiceRequest): void {
  if (request.kind !== 'cancel') {
    waiting.push(request);
    return;
  }
  const at = waiting.findIndex((other) => other.id === request.id);
  if (at >= 0) waiting.splice(at, 1);
}

process.stdin.on('data', (chunk: Buffer) => {
  try {
    for (const request of reader.push(chunk)) take(request);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
  schedule();
});
process.stdin.on('end', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdout.on('error', () => process.exit(0));
// The host closes stdin to end this program. A Ctrl-C, or a SIGTERM to the whole process group, is for the host to
// handle: it may have callers yet to be spoken to.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.stdout.write(replyFrame({ ready: true, rate: OUTPUT_RATE }));
