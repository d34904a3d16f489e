/** The baseline of `sip`: the SIP package alone in a process, which answers every call at once, asks nobody, keeps nothing. */
import { randomBytes } from 'node:crypto';
import { buildAnswer, chooseCodec, createSipServer } from '@pickup/sip';
import { answerQuestions } from './answer-questions.ts';
import { usage } from './usage.ts';

const clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs: number, fire: () => void) {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

const server = await createSipServer({
  clock,
  random: () => randomBytes(16).toString('hex'),
  listeners: [{ transport: 'udp', host: '127.0.0.1', port: 0 }],
  admit: () => 'accept',
  onInvite(invite) {
    const choice = invite.offer && chooseCodec(invite.offer);
    if (!invite.offer || !choice) return void invite.refuse(488);
    invite.provisional(180);
    invite.accept({ sdp: buildAnswer(invite.offer, choice, { address: '127.0.0.1', port: 20_000, sessionId: '1' }) });
  },
});

answerQuestions<object>({ sip: `127.0.0.1:${server.addresses[0]?.port}` }, { usage });
