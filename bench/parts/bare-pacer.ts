/** The baseline of `media`: a process that does nothing but send, from as many sockets as there are calls. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { answerQuestions } from './answer-questions.ts';
import { addTo, advance, beat, rtpPacket, type Slots } from './slots.ts';
import { usage } from './usage.ts';

const to = Number(process.env['BENCH_RTP_PEER']);
const count = Number(process.env['BENCH_CALLS']);
const slots: Slots<{ readonly socket: Socket; readonly packet: Buffer }> = [[], [], [], []];
for (let n = 0; n < count; n++) {
  const socket = createSocket({ type: 'udp4', lookup: (name, _options, done) => done(null, name, 4) });
  // Listened for first: with a synchronous lookup the event comes during bind.
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await listening;
  addTo(slots, { socket, packet: rtpPacket(n) });
}
beat(slots, ({ socket, packet }) => {
  advance(packet);
  socket.send(packet, to, '127.0.0.1');
});
answerQuestions<object>({}, { usage });
