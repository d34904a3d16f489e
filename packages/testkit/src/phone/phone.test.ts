import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import {
  buildResponse,
  type HeaderInput,
  headerValue,
  headerValues,
  parseMessage,
  type SipRequest,
  serializeMessage,
} from '@pickup/sip';
import { createMedia } from '@pickup/sip/media';
import { afterEach, describe, expect, it } from 'vitest';
import { loudness, speechSpans } from '../wav/index.ts';
import { createPhone, type Phone, type PhoneCall } from './index.ts';
import { readSdp, writeSdp } from './sdp.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean();
});

type Answer = { readonly headers?: HeaderInput; readonly body?: string };

/** A user agent server as a script: every request goes to `on`, which answers as it likes. */
class ScriptedServer {
  readonly requests: SipRequest[] = [];
  readonly #socket: Socket;
  #peer: { address: string; port: number } | undefined;

  constructor(socket: Socket, on: (server: ScriptedServer, request: SipRequest, count: number) => void) {
    this.#socket = socket;
    socket.on('message', (bytes, from) => {
      const parsed = parseMessage(bytes);
      if (!parsed.ok || parsed.message.kind !== 'request') return;
      const { message } = parsed;
      this.#peer = from;
      this.requests.push(message);
      on(this, message, this.of(message.method).length);
    });
  }

  get port(): number {
    return this.#socket.address().port;
  }

  of(method: string): SipRequest[] {
    return this.requests.filter((request) => request.method === method);
  }

  answer(request: SipRequest, code: number, options: Answer = {}): void {
    const contact = ['Contact', `<sip:uas@127.0.0.1:${this.port}>`] as const;
    const headers = [contact, ...(options.headers ?? [])];
    const body = options.body === undefined ? {} : { body: options.body };
    this.send(serializeMessage(buildResponse(request, code, { headers, ...body, toTag: 'uas' })));
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#peer!.port, this.#peer!.address);
  }
}

async function serve(
  on: (server: ScriptedServer, request: SipRequest, count: number) => void,
): Promise<ScriptedServer> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  cleanups.push(() => socket.close());
  return new ScriptedServer(socket, on);
}

async function call(server: ScriptedServer, more: Partial<Parameters<Phone['call']>[0]> = {}): Promise<PhoneCall> {
  const phone = await createPhone();
  cleanups.push(() => phone.close());
  const to = { host: '127.0.0.1', port: server.port };
  return phone.call({ to: '+12135550100', from: '+14155550100', server: to, ...more });
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}

const nowhere = writeSdp({ host: '127.0.0.1', port: 9 }, [0]);

describe('the test phone', () => {
  it('reports 100, 180 and 200, acknowledges each 200 along the route set, and hangs up', async () => {
    const routes: HeaderInput = [['Record-Route', '<sip:127.0.0.1:PORT;lr;n=2>, <sip:127.0.0.1:PORT;lr;n=1>']];
    const server = await serve((uas, request, count) => {
      const headers = routes.map(([name, value]) => [name, value.replaceAll('PORT', String(uas.port))] as const);
      if (request.method === 'BYE') return uas.answer(request, 200);
      if (request.method === 'ACK' && count === 1)
        return uas.answer(uas.of('INVITE')[0]!, 200, { headers, body: nowhere });
      if (request.method !== 'INVITE') return;
      uas.answer(request, 100);
      uas.answer(request, 180);
      uas.answer(request, 200, { headers, body: nowhere });
    });
    const one = await call(server, { headers: { 'X-Shop': 'green' } });
    await one.waitFor('answered');
    await until(() => server.of('ACK').length === 2);
    await one.hangUp();
    expect(one.states.map((state) => state.kind)).toEqual(['trying', 'ringing', 'answered', 'ended']);
    expect(one.provisionals.map((seen) => seen.code)).toEqual([100, 180]);
    expect(await one.ended).toEqual({ by: 'us' });
    expect(headerValue(server.of('INVITE')[0]!, 'x-shop')).toBe('green');
    const bye = server.of('BYE')[0]!;
    expect(bye.uri).toBe(`sip:uas@127.0.0.1:${server.port}`);
    expect(headerValues(bye, 'route').map((route) => route.slice(-4))).toEqual(['n=1>', 'n=2>']);
    expect(headerValue(bye, 'to')).toContain('tag=uas');
    expect(headerValue(bye, 'cseq')).toBe('2 BYE');
  });

  it('acknowledges a refusal, and its retransmission, inside the transaction', async () => {
    const server = await serve((uas, request, count) => {
      const reason: HeaderInput = [['Reason', 'Q.850;cause=21']];
      if (request.method === 'INVITE' || count === 1) uas.answer(uas.of('INVITE')[0]!, 603, { headers: reason });
    });
    const one = await call(server);
    const final = await one.final;
    expect([final.code, final.headers['reason']]).toEqual([603, 'Q.850;cause=21']);
    expect(await one.ended).toEqual({ by: 'them' });
    await until(() => server.of('ACK').length === 2);
    expect(headerValue(server.of('ACK')[0]!, 'via')).toBe(headerValue(server.of('INVITE')[0]!, 'via'));
    await expect(one.waitFor('answered')).rejects.toThrow('without "answered"');
  });

  it('C6 cancels while ringing and waits for the 487', async () => {
    const server = await serve((uas, request) => {
      if (request.method === 'INVITE') uas.answer(request, 180);
      if (request.method !== 'CANCEL') return;
      uas.answer(request, 200);
      uas.answer(uas.of('INVITE')[0]!, 487);
    });
    const one = await call(server);
    await one.waitFor('ringing');
    await one.hangUp();
    expect((await one.final).code).toBe(487);
    expect(await one.ended).toEqual({ by: 'us' });
    await until(() => server.of('ACK').length === 1);
    expect(server.of('BYE')).toHaveLength(0);
  });

  it('C6 ends with a BYE when the 200 crosses its CANCEL', async () => {
    const server = await serve((uas, request) => {
      if (request.method === 'INVITE') return uas.answer(request, 180);
      if (request.method === 'CANCEL') uas.answer(uas.of('INVITE')[0]!, 200, { body: nowhere });
      if (request.method !== 'ACK') uas.answer(request, 200);
    });
    const one = await call(server);
    await one.waitFor('ringing');
    await one.hangUp();
    expect(server.requests.map((request) => request.method)).toEqual(['INVITE', 'CANCEL', 'ACK', 'BYE']);
  });

  it('sends the INVITE again while nothing comes, and no more after a 100', async () => {
    const server = await serve((uas, request, count) => {
      if (request.method === 'INVITE' && count === 2) uas.answer(request, 100);
      if (request.method === 'OPTIONS') uas.answer(request, 200);
    });
    const one = await call(server);
    const { atMs } = await one.waitFor('trying');
    expect(atMs).toBeGreaterThanOrEqual(495);
    const [first, second] = server.of('INVITE');
    expect(serializeMessage(second!).equals(serializeMessage(first!))).toBe(true);
  });

  it('leaves nothing waiting when it is closed, though the server is dead', async () => {
    const server = await serve((uas, request) => request.method === 'INVITE' && uas.answer(request, 180));
    const phone = await createPhone();
    const to = { to: '+12135550100', from: '+14155550100', server: { host: '127.0.0.1', port: server.port } };
    const one = await phone.call(to);
    await one.waitFor('ringing');
    const leaving = one.hangUp();
    await until(() => server.of('CANCEL').length === 1);
    await phone.close();
    await leaving;
    expect((await one.final).code).toBe(408);
    expect(await one.ended).toEqual({ by: 'us' });
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(server.of('CANCEL')).toHaveLength(1);
  });

  it('answers OPTIONS and BYE of the server', async () => {
    const answers: string[] = [];
    const server = await serve((uas, request) => {
      if (request.method === 'INVITE') uas.answer(request, 200, { body: nowhere });
    });
    const one = await call(server);
    await one.waitFor('answered');
    const invite = server.of('INVITE')[0]!;
    for (const method of ['OPTIONS', 'BYE']) {
      const head = `${method} sip:phone@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${server.port};branch=z9hG4bK${method}`;
      const ids = `From: <sip:uas@127.0.0.1>;tag=uas\r\nTo: ${headerValue(invite, 'from')}\r\nCall-ID: ${one.callId}`;
      server.send(
        Buffer.from(`${head}\r\n${ids}\r\nMax-Forwards: 70\r\nCSeq: 7 ${method}\r\nContent-Length: 0\r\n\r\n`),
      );
    }
    expect(await one.ended).toEqual({ by: 'them' });
    for (const { direction, summary } of one.messages) if (direction === 'out') answers.push(summary);
    expect(answers.filter((summary) => summary === '200 OK')).toHaveLength(2);
  });

  it('presses keys that the media engine hears once each, and speaks on afterwards (RFC 4733)', async () => {
    const media = await createMedia({ host: '127.0.0.1', ports: [23_100, 23_199] });
    cleanups.push(() => media.close());
    const session = (await media.open())!;
    const heard: (readonly [string, number])[] = [];
    session.onDigit((digit, durationMs) => heard.push([digit, durationMs]));
    const server = await serve((uas, request) => {
      const remote = readSdp(Buffer.from(request.body).toString(), [0]);
      if (remote !== undefined) session.start(remote);
      const own = writeSdp({ host: '127.0.0.1', port: session.port }, [0]);
      if (request.method !== 'ACK') uas.answer(request, 200, request.method === 'INVITE' ? { body: own } : {});
    });
    const one = await call(server);
    await expect(one.sendDigits('1')).rejects.toThrow('takes telephone events');
    await one.waitFor('answered');
    await expect(one.sendDigits('1x')).rejects.toThrow('can be pressed');
    await one.sendDigits('112#');
    await one.sendDigits('A');
    await until(() => heard.length === 5);
    expect(heard.map(([digit]) => digit).join('')).toBe('112#A');
    expect(heard.every(([, durationMs]) => durationMs === 100)).toBe(true);
    await one.say(new Int16Array(320));
    const cut = one.sendDigits('999999');
    await one.hangUp();
    await cut;
  });

  it('talks and listens with the media engine, normal and delayed offer alike', async () => {
    const media = await createMedia({ host: '127.0.0.1', ports: [23_000, 23_099] });
    cleanups.push(() => media.close());
    for (const offer of ['normal', 'delayed'] as const) {
      const session = (await media.open())!;
      const callerSpeaks = Promise.withResolvers<void>();
      session.onSpeech((speaking) => speaking && callerSpeaks.resolve());
      const server = await serve((uas, request) => {
        const sdp = Buffer.from(request.body).toString();
        const remote = readSdp(sdp, [8]);
        if (remote !== undefined) session.start(remote);
        const own = writeSdp({ host: '127.0.0.1', port: session.port }, [8]);
        if (request.method !== 'ACK') uas.answer(request, 200, request.method === 'INVITE' ? { body: own } : {});
      });
      const tone = Int16Array.from({ length: 4_000 }, (_, index) => 9_000 * Math.sin(index * 0.4));
      const one = await call(server, { offer, speak: tone, codecs: [8, 0] });
      await one.waitFor('answered');
      await callerSpeaks.promise;
      await session.play(tone);
      await until(() => speechSpans(one.heard(), 8_000).some((span) => span.endMs - span.startMs >= 490));
      await one.hangUp();
      expect(loudness(one.heard())).toBeGreaterThan(-40);
      expect(headerValue(server.of('INVITE')[0]!, 'content-type')).toBe(
        offer === 'normal' ? 'application/sdp' : undefined,
      );
    }
  });
});
