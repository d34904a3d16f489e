/** The offline voice: a few processes of the built-in voice program behind one queue each. */
import type { Clock, Log, OfflineVoice } from './port.ts';
import { VoiceChild } from './voice-child.ts';
import { builtinVoiceCommand, type VoiceCommand } from './voice-program.ts';

export interface OfflineVoiceOptions {
  /** Default: the built-in voice, under the Node that runs this. */
  readonly command?: VoiceCommand;
  readonly clock: Clock;
  readonly log: Log;
  /** Default 1; further ones start when every running one has work waiting. */
  readonly maxChildren?: number;
  /** For one request, from the asking; default 1,500 ms. */
  readonly timeoutMs?: number;
}

/** Texts waiting at one process; the next is `busy`. At 3 to 5 ms a clause this is what fits the time-out. */
const MAX_PENDING = 300;
/** Waiting texts at which one more process is worth its 150 ms and 120 MB. */
const CROWDED = 4;
const WARM_UP_LIMIT_MS = 10_000;

/** Starts the first process at once (the engine takes 150 to 300 ms to load). */
export function createOfflineVoice(options: OfflineVoiceOptions): OfflineVoice & { readonly pids: readonly number[] } {
  const command = options.command ?? builtinVoiceCommand();
  const { clock, log, maxChildren = 1, timeoutMs = 1_500 } = options;
  const open = () => new VoiceChild({ command, clock, log, timeoutMs, maxPending: MAX_PENDING });
  const first = open();
  const children = [first];
  let closed = false;

  const pick = (): VoiceChild => {
    const calmest = children.reduce((best, child) => (child.load < best.load ? child : best));
    if (!closed && calmest.load >= CROWDED && children.length < maxChildren) children.push(open());
    return calmest;
  };

  return {
    engineVersion: command.version,
    synthesise: (request) => pick().synthesise(request),
    async warmUp() {
      if (!(await first.up(WARM_UP_LIMIT_MS))) return false;
      // The first words load a dictionary and compile the engine's hot paths.
      return (await first.synthesise({ text: 'Hello.', voice: 'en-us', speed: 1 })).ok;
    },
    async close() {
      closed = true;
      await Promise.all(children.map((child) => child.close()));
    },
    get pids() {
      return children.flatMap((child) => (child.pid === undefined ? [] : [child.pid]));
    },
  };
}
