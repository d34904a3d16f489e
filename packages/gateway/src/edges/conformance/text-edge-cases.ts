/**
 * What every edge for texts has to do, whoever the provider is: one suite, run with each. A bench is the edge on real
 * sockets, with the provider's side played by a fake or by a peer.
 */
import { afterEach, describe, expect, test } from 'vitest';
import type { ArrivedText, OnTextStatus, OutgoingPart, TakeText, TextEdge, TextTaken } from '../text-port.ts';

export const OURS = '+12137771234';
export const THEIRS = '+14155550100';

/** How the provider fared with one text. */
export interface Delivered {
  /** It heard that the text is stored, or that there is nothing to do. */
  readonly isAcknowledged: boolean;
  /** Tries, with the provider's own rules for more. */
  readonly tries: number;
  /** The last answer. */
  readonly status: number;
}

/** What the provider's side does with the next things we send. */
export type ProviderMood = 'takes' | 'refuses_for_good' | 'refuses_for_now' | 'is_silent';

export interface TextEdgeBench {
  readonly edge: TextEdge;
  /** A text reaches our number; `id` is the provider's. */
  deliver(text: {
    readonly id: string;
    readonly from: string;
    readonly to: string;
    readonly body: string;
  }): Promise<Delivered>;
  setMood(mood: ProviderMood): void;
  /** What the provider's side took, in order. */
  taken(): readonly { readonly from: string; readonly to: string; readonly body: string }[];
  /** Resolves once the provider has told all it has to tell. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

export type OpenTextEdge = (given: {
  readonly takeText: TakeText;
  readonly onStatus: OnTextStatus;
}) => Promise<TextEdgeBench>;

export interface TextEdgeTraits {
  readonly open: OpenTextEdge;
  /** What the provider hears of a number nobody owns: 2xx over HTTP, 404 over SIP (G). */
  readonly unknownNumber: number;
  /** How often the provider comes with a text while it is turned away, at least. */
  readonly triesAtLeast: number;
  /** A status follows what was accepted; else it is sent by then. */
  readonly tellsStatus: boolean;
  /** Whether it can be asked what it took. */
  readonly findsSent: boolean;
  /** Nobody stands behind it who could send again, refuse or be silent. */
  readonly isAlone?: true;
}

const never = new AbortController().signal;

/** Runs the suite. */
export function describeTextEdge(name: string, traits: TextEdgeTraits): void {
  describe(`the edge ${name}`, { timeout: 30_000 }, () => {
    const open: TextEdgeBench[] = [];
    afterEach(async () => {
      for (const bench of open.splice(0)) await bench.close();
    });

    async function start(answer: (text: ArrivedText) => TextTaken | Promise<TextTaken> = () => ({ kind: 'stored' })) {
      const arrived: ArrivedText[] = [];
      const told: Parameters<OnTextStatus>[0][] = [];
      const bench = await traits.open({
        takeText: async (text) => {
          arrived.push(text);
          return answer(text);
        },
        onStatus: async (status) => void told.push(status),
      });
      open.push(bench);
      return { ...bench, arrived, told };
    }

    const hello = { id: 'hello-1', from: THEIRS, to: OURS, body: 'Hello' };
    const partFor = (arrived: ArrivedText | undefined, over: Partial<OutgoingPart> = {}): OutgoingPart => ({
      part_id: 'part_0001',
      chat_id: 'chat_1',
      from_number: OURS,
      to_number: THEIRS,
      body: 'Hi, how can I help?',
      ...(arrived?.reply_route && { reply_route: JSON.parse(JSON.stringify(arrived.reply_route)) }),
      ...over,
    });

    test('F2 a text is acknowledged once it is stored, and not before', async () => {
      let store = () => {};
      const stored = new Promise<void>((resolve) => {
        store = resolve;
      });
      const { deliver, arrived, edge } = await start(async () => {
        await stored;
        return { kind: 'stored' };
      });
      let isOver = false;
      const delivery = deliver(hello).finally(() => {
        isOver = true;
      });
      while (arrived.length === 0) await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(isOver).toBe(false);
      store();
      expect(await delivery).toMatchObject({ isAcknowledged: true, tries: 1 });
      expect(arrived).toMatchObject([{ edge: edge.name, from: THEIRS, to: OURS, text: 'Hello' }]);
    });

    test.each([
      'Grüße, 你好 👩‍👩‍👧‍👦 — ok?',
      'a+b=c & 100% "quoted" <tag>',
      'two\nlines',
      '  spaces around  ',
      '{{user_number}}',
    ])('a text comes as it was written: %j', async (body) => {
      const { deliver, arrived } = await start();
      expect(await deliver({ ...hello, body })).toMatchObject({ isAcknowledged: true });
      expect(arrived[0]?.text).toBe(body);
    });

    test.runIf(!traits.isAlone)('case 76 a resend bears the same id and is acknowledged like the first', async () => {
      const seen = new Set<string>();
      const { deliver, arrived } = await start(({ provider_message_id: id }) => {
        const kind = seen.has(id) ? 'resent' : 'stored';
        seen.add(id);
        return { kind };
      });
      expect(await deliver(hello)).toMatchObject({ isAcknowledged: true });
      expect(await deliver(hello)).toMatchObject({ isAcknowledged: true });
      expect(await deliver({ ...hello, id: 'hello-2' })).toMatchObject({ isAcknowledged: true });
      const ids = arrived.map(({ provider_message_id }) => provider_message_id);
      expect(ids[1]).toBe(ids[0]);
      expect(ids[2]).not.toBe(ids[0]);
      expect(seen.size).toBe(2);
    });

    test('G a number nobody owns: the provider does not come again', async () => {
      const { deliver, arrived } = await start(() => ({ kind: 'unknown_number' }));
      expect(await deliver(hello)).toMatchObject({ status: traits.unknownNumber, tries: 1 });
      expect(arrived).toHaveLength(1);
    });

    test('G while nothing can be stored the provider is told to send it again, and its retry is taken', async () => {
      let left = traits.triesAtLeast - 1;
      const { deliver, arrived } = await start(() => (left-- > 0 ? { kind: 'unavailable' } : { kind: 'stored' }));
      const first = await deliver(hello);
      if (traits.triesAtLeast > 1) expect(first).toMatchObject({ isAcknowledged: true, tries: traits.triesAtLeast });
      expect(new Set(arrived.map(({ provider_message_id }) => provider_message_id)).size).toBe(1);
    });

    test('G turned away every time, the text is not acknowledged', async () => {
      const { deliver, arrived } = await start(() => ({ kind: 'unavailable' }));
      expect(await deliver(hello)).toMatchObject({ isAcknowledged: false, status: 503 });
      expect(arrived.length).toBeGreaterThanOrEqual(traits.triesAtLeast);
    });

    test('what is sent arrives as it was written, from our number, and is accepted once', async () => {
      const { deliver, arrived, edge, taken } = await start();
      await deliver(hello);
      const body = 'Grüße 👋 & 100% — "ok"\nsecond line';
      const outcome = await edge.send(partFor(arrived[0], { body }), never);
      expect(outcome).toEqual({
        kind: 'accepted',
        provider_message_id: expect.stringMatching(/\S/),
        sent: !traits.tellsStatus,
      });
      expect(taken()).toEqual([{ from: OURS, to: THEIRS, body }]);
    });

    test.runIf(!traits.isAlone)('a refusal for good, and one that may pass', async () => {
      const { deliver, arrived, edge, setMood, taken } = await start();
      await deliver(hello);
      setMood('refuses_for_good');
      const refused = { kind: 'refused', code: expect.any(String), message: expect.stringMatching(/\S/) };
      expect(await edge.send(partFor(arrived[0]), never)).toMatchObject({ ...refused, permanent: true });
      setMood('refuses_for_now');
      expect(await edge.send(partFor(arrived[0]), never)).toMatchObject({ ...refused, permanent: false });
      expect(taken()).toEqual([]);
      setMood('takes');
      expect(await edge.send(partFor(arrived[0]), never)).toMatchObject({ kind: 'accepted' });
    });

    test.runIf(!traits.isAlone)('who waits no longer hears of no outcome: it may have been taken', async () => {
      const { deliver, arrived, edge, setMood } = await start();
      await deliver(hello);
      setMood('is_silent');
      const signal = AbortSignal.timeout(200);
      await expect(edge.send(partFor(arrived[0]), signal)).rejects.toThrow();
    });

    test.runIf(traits.tellsStatus)('the provider tells how far it is, in order, and of which part', async () => {
      const { deliver, arrived, edge, told, settled } = await start();
      await deliver(hello);
      const outcome = await edge.send(partFor(arrived[0]), never);
      if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
      await settled();
      const of = { edge: edge.name, provider_message_id: outcome.provider_message_id, part_id: 'part_0001' };
      expect(told).toEqual([
        { ...of, status: 'sent' },
        { ...of, status: 'delivered' },
      ]);
    });

    test.runIf(traits.findsSent)('what nobody wrote down is found, and nothing else', async () => {
      const { deliver, arrived, edge } = await start();
      await deliver(hello);
      const sinceMs = Date.now();
      const part = partFor(arrived[0]);
      expect(await edge.findSent!(part, sinceMs, never)).toBeUndefined();
      const outcome = await edge.send(part, never);
      if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
      expect(await edge.findSent!(part, sinceMs, never)).toMatchObject({
        provider_message_id: outcome.provider_message_id,
      });
      expect(await edge.findSent!({ ...part, body: 'Another text' }, sinceMs, never)).toBeUndefined();
      expect(await edge.findSent!({ ...part, to_number: '+14155550199' }, sinceMs, never)).toBeUndefined();
      expect(await edge.findSent!(part, sinceMs + 60_000, never)).toBeUndefined();
    });
  });
}
