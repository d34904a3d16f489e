/** The runners against our own server and media engine: SIPp and baresip as the callers, and the test phone beside them. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAnswer, chooseCodec, createSipServer, type IncomingInvite, type SipServer } from '@pickup/sip';
import { createMedia, type Media, type MediaSession } from '@pickup/sip/media';
import { afterEach, describe, expect, it } from 'vitest';
import { runBaresip } from '../baresip/index.ts';
import { createPhone } from '../phone/index.ts';
import { toolPresent } from '../tool/index.ts';
import { loudness, readWav, speechSpans, writeWav } from '../wav/index.ts';
import { runSipp } from './index.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

const clock = {
  monoMs: () => performance.now(),
  wallMs: () => Date.now(),
  after: (delayMs: number, fire: () => void) => {
    const timer = setTimeout(fire, delayMs);
    return () => clearTimeout(timer);
  },
};

const tone = (seconds: number) =>
  Int16Array.from({ length: seconds * 8_000 }, (_, index) => 9_000 * Math.sin(index * 0.4));

async function serve(onInvite: (invite: IncomingInvite) => void): Promise<number> {
  const server: SipServer = await createSipServer({
    clock,
    random: () => randomBytes(16).toString('hex'),
    admit: () => 'accept',
    listeners: [{ transport: 'udp', host: '127.0.0.1', port: 0 }],
    onInvite,
  });
  cleanups.push(() => server.close());
  return server.addresses[0]!.port;
}

async function engine(first: number): Promise<Media> {
  const media = await createMedia({ host: '127.0.0.1', ports: [first, first + 99] });
  cleanups.push(() => media.close());
  return media;
}

/** Answers as an agent would: a tone of one second at the ACK. */
async function answer(invite: IncomingInvite, media: Media): Promise<MediaSession> {
  const session = (await media.open())!;
  const offer = invite.offer!;
  const choice = chooseCodec(offer)!;
  const connection = offer.description.media[offer.audio!.index]!.connection ?? offer.description.connection;
  const port = offer.description.media[offer.audio!.index]!.port;
  const endpoint = { address: '127.0.0.1', port: session.port, sessionId: '1' };
  const dialog = invite.accept({ sdp: buildAnswer(offer, choice, endpoint) })!;
  dialog.onBye(() => session.close());
  dialog.onAck(() => {
    session.start({ address: connection!.address, port, payloadType: choice.codec === 'PCMU' ? 0 : 8 });
    void session.play(tone(1));
  });
  return session;
}

describe('the test phone against our server', () => {
  it('hears the agent and is refused with its code', async () => {
    const media = await engine(24_000);
    const port = await serve((invite) => {
      if (invite.request.uri.includes('999')) invite.refuse(603, { headers: [['Reason', 'Q.850;cause=21']] });
      else void answer(invite, media);
    });
    const phone = await createPhone();
    cleanups.push(() => phone.close());
    const server = { host: '127.0.0.1', port };
    const call = await phone.call({ to: '+12135550100', from: '+14155550100', server });
    await call.waitFor('answered');
    while (!speechSpans(call.heard(), 8_000).some((span) => span.endMs - span.startMs >= 990)) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await call.hangUp();
    const refused = await phone.call({ to: '+999', from: '+14155550100', server });
    expect(await refused.final).toMatchObject({ code: 603, headers: { reason: 'Q.850;cause=21' } });
    const { portsFree, sessions } = await media.stats();
    expect([portsFree, sessions]).toEqual([50, 0]);
  });
});

describe.skipIf(!toolPresent('sipp'))('SIPp', () => {
  it('counts answered and refused calls, and logs what answered', async () => {
    const media = await engine(24_100);
    const port = await serve((invite) => {
      if (invite.request.uri.includes('999')) invite.refuse(603, { headers: [['Reason', 'Q.850;cause=21']] });
      else void answer(invite, media);
    });
    const remote = `127.0.0.1:${port}`;
    const answered = await runSipp({ scenario: { kind: 'answered', holdMs: 100 }, remote, calls: 20, rate: 40 });
    expect(answered, answered.errors).toMatchObject({ exitCode: 0, successful: 20, failed: 0 });
    expect(answered.log.match(/;200;/g)).toHaveLength(20);
    const refused = await runSipp({ scenario: { kind: 'refused', code: 603 }, remote, to: '+999', calls: 3 });
    expect(refused, refused.errors).toMatchObject({ exitCode: 0, successful: 3 });
    expect(refused.log).toContain('Q.850;cause=21');
    const wrong = await runSipp({ scenario: { kind: 'refused', code: 486 }, remote, to: '+999' });
    expect(wrong).toMatchObject({ exitCode: 1, successful: 0, failed: 1 });
    expect(wrong.errors).toContain('603');
  });

  it('C6 cancels, and is hung up on', async () => {
    let cancelled = 0;
    const media = await engine(24_200);
    const port = await serve((invite) => {
      if (invite.request.uri.includes('888')) {
        const dialog = invite.accept({ sdp: buildAnswer(invite.offer!, chooseCodec(invite.offer!)!, nowhere) })!;
        dialog.onAck(() => void dialog.bye());
        return;
      }
      invite.provisional(180);
      invite.onCancel(() => (cancelled += 1));
    });
    const remote = `127.0.0.1:${port}`;
    const gone = await runSipp({ scenario: { kind: 'cancelled', afterMs: 50 }, remote, calls: 3 });
    expect(gone, gone.errors).toMatchObject({ exitCode: 0, successful: 3 });
    expect(cancelled).toBe(3);
    const ended = await runSipp({ scenario: { kind: 'ended-by-server' }, remote, to: '+888', calls: 3 });
    expect(ended, ended.errors).toMatchObject({ exitCode: 0, successful: 3 });
    await media.close();
  });
});

const nowhere = { address: '127.0.0.1', port: 9, sessionId: '1' };

describe.skipIf(!toolPresent('baresip'))('baresip', () => {
  it('hears the agent, is heard, and hangs up', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'real-peers-'));
    cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const play = join(folder, 'caller.wav');
    await writeWav(play, { rate: 8_000, samples: tone(1) });
    const media = await engine(24_300);
    const said: boolean[] = [];
    const port = await serve((invite) => {
      void answer(invite, media).then((session) => session.onSpeech((speaking) => said.push(speaking)));
    });
    const dial = `sip:+12135550100@127.0.0.1:${port}`;
    const run = await runBaresip({ dial, forMs: 8_000, play, record: join(folder, 'calls'), hangUpAfterMs: 2_500 });
    expect(run, run.output).toMatchObject({ exitCode: 0, established: true });
    const heard = await readWav(run.heard!);
    const longest = Math.max(...speechSpans(heard.samples, heard.rate).map((span) => span.endMs - span.startMs));
    expect(longest).toBeGreaterThan(900);
    expect(loudness(heard.samples)).toBeGreaterThan(-30);
    expect(said).toEqual([true, false]);
    expect((await media.stats()).sessions).toBe(0);
  });
});
