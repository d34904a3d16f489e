/**
 * Mutated messages against a SipCore on a clock of its own, as fast as they are taken, in a process of its own. Each
 * message is made of the seed and its number alone. Found wrong: anything thrown; a message that takes long; an answer
 * to a sound request that is not sound itself; a transaction or dialog that outlives its time.
 */
import { buildAnswer, chooseCodec, type Dialog, parseMessage, SipCore, type Transport } from '@pickup/sip';
import { ManualClock } from '@pickup/testkit/clock';
import { peer } from '../../packages/sip/test/bench-peer.ts';
import { mutated, samples, seeded } from '../../packages/sip/test/mutate.ts';
import { answerQuestions } from '../parts/answer-questions.ts';
import { settledMemory } from '../parts/usage.ts';
import { callMessage, type KnownCall } from './call-messages.ts';
import { showMessage } from './show-message.ts';

/** Messages in one turn of the process, and the time that passes for the server meanwhile. */
const CHUNK = 500;
const CHUNK_MS = 1_000;
/** Longer than 64·T1 and whatever follows it. */
const DRAIN_MS = 200_000;
/** A busy machine may stop a process for a while; a message that takes this long again is at fault itself. */
const LONG_MS = 500;
const MOST_KNOWN = 50;

const seed = Number(process.env['SOAK_SEED']);
const clock = new ManualClock();
const dialogs = new Set<Dialog>();
const known: KnownCall[] = [];
let messages = 0;
let tokens = 0;
let current: Buffer = Buffer.alloc(0);
let finding: string | undefined;
let halted = false;

function report(what: string): void {
  finding ??= `${what}\n  message ${messages} of seed ${seed}:\n${showMessage(current)}`;
}

let isSound = false;
const transport: Transport = {
  kind: 'udp',
  reliable: false,
  local: { host: '192.0.2.1', port: 5060 },
  send(bytes) {
    if (isSound && !parseMessage(bytes).ok) report(`a sound request got an answer that is not:\n${showMessage(bytes)}`);
  },
  close: () => Promise.resolve(),
};

const core = new SipCore({
  clock,
  random: () => `token${++tokens}`,
  userAgent: 'soak',
  admit: () => 'accept',
  locate: () => Promise.resolve([]),
  onError: (error) => report(`thrown: ${error instanceof Error ? error.stack : String(error)}`),
  onInvite(invite) {
    if (known.length >= MOST_KNOWN) known.shift();
    known.push({ callId: invite.callId, toTag: invite.toTag });
    invite.provisional(180);
    const fate = tokens % 4;
    const choice = invite.offer && chooseCodec(invite.offer);
    if (fate === 0) invite.refuse(603);
    else if (fate === 1) clock.after(CHUNK_MS * (1 + (tokens % 50)), () => invite.refuse(486));
    else if (invite.offer && choice) {
      const dialog = invite.accept({
        sdp: buildAnswer(invite.offer, choice, { address: '192.0.2.1', port: 20_000, sessionId: '1' }),
      });
      if (!dialog) return;
      dialogs.add(dialog);
      dialog.onOffer((offer) => {
        const again = chooseCodec(offer);
        return again && buildAnswer(offer, again, { address: '192.0.2.1', port: 20_000, sessionId: '1', version: 2 });
      });
      dialog.onGone(() => dialogs.delete(dialog));
    } else invite.refuse(488);
  },
});
core.addTransport(transport);

/** Message `n` of the seed, given the calls known by then. */
function messageOf(n: number): Buffer {
  const below = seeded(Math.imul(seed ^ n, 0x9e37_79b1) >>> 0);
  const kind = below(10);
  if (kind < 5) return mutated(below, samples);
  const sound = callMessage(below, known);
  return kind < 8 ? mutated(below, [sound]) : sound;
}

function sendOne(): void {
  messages += 1;
  current = messageOf(messages);
  isSound = parseMessage(current).ok;
  const startedMs = performance.now();
  try {
    core.receive(current, peer, transport);
  } catch (error) {
    report(`thrown: ${error instanceof Error ? error.stack : String(error)}`);
  }
  if (performance.now() - startedMs > LONG_MS && takesLong(current)) report(`it takes more than ${LONG_MS} ms`);
  isSound = false;
}

function takesLong(bytes: Buffer): boolean {
  const startedMs = performance.now();
  parseMessage(bytes);
  return performance.now() - startedMs > LONG_MS;
}

async function run(): Promise<void> {
  while (!halted && finding === undefined) {
    for (let n = 0; n < CHUNK && finding === undefined; n++) sendOne();
    await clock.advance(CHUNK_MS);
  }
}

/** Ends every call and lets every timer run out; then nothing may be left. */
async function drain(): Promise<void> {
  for (const dialog of dialogs) void dialog.bye();
  await clock.advance(DRAIN_MS);
  const { transactions, dialogs: left } = core.stats();
  if (transactions + left > 0) report(`${transactions} transactions and ${left} dialogs were left over; the last`);
}

let running = run();
answerQuestions<object>(
  {},
  {
    status: () => ({ messages, finding }),
    /** Heap with nothing going on. */
    async heap() {
      halted = true;
      await running;
      await drain();
      const { heapBytes } = await settledMemory();
      halted = false;
      running = run();
      return { heapBytes, messages, finding };
    },
  },
);
