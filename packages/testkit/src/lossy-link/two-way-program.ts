/**
 * Run as a process, for a network that is impaired itself: two sessions talk over loopback for `argv[2]` seconds, and
 * what each heard comes out as one line of JSON.
 */
import { speechLike } from '../audio-measure/index.ts';
import { seededRandom } from './seeded-random.ts';
import { talkBothWays } from './two-way.ts';

const seconds = Number(process.argv[2]);
const { toFar, toNear } = await talkBothWays({
  near: speechLike(seconds, seededRandom(1)),
  far: speechLike(seconds, seededRandom(2)),
  seed: 1,
  ports: [23_800, 23_899],
});
process.stdout.write(`${JSON.stringify({ toFar, toNear })}\n`);
