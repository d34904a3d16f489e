import { describe, expect, test } from 'vitest';
import type { TwoConnections } from '../conformance.ts';
import type { ChatRow, NewText, PartToSend, Store, TextOpening, TextSettlement } from '../port.ts';
import { arrival, attempt, byTurns, decision, NOW } from './samples.ts';

const [OURS, THEIRS] = ['+12137771235', '+12137771234'];
const PAIR = `${OURS}|${THEIRS}`;
const text = (id: string, over: Partial<NewText> = {}): NewText => ({
  text_id: id,
  edge: 'twilio',
  provider_message_id: `SM_${id}`,
  from_number: THEIRS,
  to_number: OURS,
  text: `words of ${id}`,
  arrival_timestamp: NOW,
  ...over,
});
const opening = (id: string): TextOpening => ({
  arrival: arrival(`inb_${id}`, { channel: 'sms', edge: 'twilio', session_id: `chat_${id}` }),
  facts: { of: id },
});
const store = async (to: Store, id: string, over: Partial<NewText> = {}) => {
  const stored = await to.storeText(text(id, over), opening(id));
  if (stored === 'needs_opening') throw new Error(stored);
  return stored;
};
const chat = (id: string, over: Partial<ChatRow> = {}): ChatRow => ({
  chat_id: id,
  chat_type: 'sms_chat',
  chat_status: 'ongoing',
  agent_id: 'agent_1',
  agent_version: 0,
  from_number: THEIRS,
  to_number: OURS,
  data_storage_setting: 'everything',
  start_timestamp: NOW,
  turn: 0,
  expires_timestamp: NOW + 60_000,
  ...over,
});
const user = (id: string) => ({
  message_id: id,
  role: 'user' as const,
  content: `words of ${id}`,
  created_timestamp: NOW,
});
const agent = (id: string, content = `reply ${id}`) => ({
  message_id: id,
  role: 'agent' as const,
  content,
  created_timestamp: NOW + 1,
});
const connected = (id: string, over: Partial<ChatRow> = {}): TextSettlement => ({
  pair: PAIR,
  decision: decision(`inb_${id}`),
  settlement: { inbound_id: `inb_${id}`, outcome: 'connected', outcome_timestamp: NOW + 30 },
  chat: { chat: chat(`chat_${id}`, over), plan: { of: id }, messages: [user(id), agent(`m_${id}`)] },
  silent: false,
});
const refused = (id: string): TextSettlement => ({
  pair: PAIR,
  decision: decision(`inb_${id}`, { intended: 'declined' }),
  settlement: { inbound_id: `inb_${id}`, outcome: 'declined', outcome_timestamp: NOW + 30 },
  silent: true,
});
const waiting = async (from: Store) => (await from.nextText(PAIR))?.text_id;
const jobs = (of: Store, now = NOW + 60) => of.takeJobs({ node_id: 'node-1', now, limit: 10, lease_ms: 1_000 });

/** S11 to S15. */
export function textCases(stores: () => TwoConnections): void {
  describe('texts', () => {
    test('S11 case 76 a message that comes again, from two connections at once, is stored once and told of alike', async () => {
      const { a, b } = stores();
      const results = await byTurns(a, b, 8, (to, nth) => store(to, `t${nth}`, { provider_message_id: 'SM_1' }));
      expect(results.filter(({ stored }) => stored)).toHaveLength(1);
      expect(new Set(results.map(({ inbound_id }) => inbound_id)).size).toBe(1);
      const [{ inbound_id }] = results as [(typeof results)[0]];
      expect((await a.listInbounds({})).items.map((one) => one.inbound_id)).toEqual([inbound_id]);
      expect(await store(a, 'other', { edge: 'telnyx', provider_message_id: 'SM_1' })).toMatchObject({ stored: true });
    });

    test('S13 A6 texts of a pair share the inbound that is being decided, stand in order and make one job', async () => {
      const { a, b } = stores();
      for (const [nth, to] of [a, b, a].entries()) {
        expect(await store(to, `t${nth}`)).toEqual({ stored: true, text_id: `t${nth}`, inbound_id: 'inb_t0' });
      }
      expect(await b.nextText(PAIR)).toEqual({ ...text('t0'), handling: 'chat', inbound_id: 'inb_t0' });
      expect(await b.getTextRun('inb_t0')).toEqual({ inbound_id: 'inb_t0', facts: { of: 't0' }, version: 0 });
      expect(await a.getInbound('inb_t0')).toMatchObject({ channel: 'sms', chat_id: 'chat_t0', outcome: null });
      expect(await jobs(b)).toMatchObject([{ task: 'answer_texts', payload: { pair: PAIR }, queue: `pair:${PAIR}` }]);
    });

    test('A6 without an opening only what needs none is stored', async () => {
      const { a, b } = stores();
      expect(await a.storeText(text('t0'))).toBe('needs_opening');
      expect(await waiting(b)).toBeUndefined();
      await store(a, 't0');
      expect(await b.storeText(text('t1'))).toMatchObject({ stored: true, inbound_id: 'inb_t0' });
      expect(await a.storeText(text('t0'))).toMatchObject({ stored: false, inbound_id: 'inb_t0' });
      expect(await b.storeText(text('t2', { text: 'stop' }))).toBe('needs_opening');
    });

    test('S15 of several who go on from one version, one does (C8)', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      const went = await byTurns(a, b, 6, (on, nth) => on.recordTextProgress('inb_t0', 0, { by: nth }, NOW + 5));
      expect(went.filter(Boolean)).toHaveLength(1);
      expect(await a.getTextRun('inb_t0')).toMatchObject({
        version: 1,
        progress: { by: went.indexOf(true) },
        progress_timestamp: NOW + 5,
      });
      expect(await b.recordTextProgress('inb_none', 0, {}, NOW)).toBe(false);
    });

    test('S2 S12 S14 a settlement makes chat, answer and parts at once, and only the first one does', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      await store(a, 't1');
      const results = await byTurns(a, b, 4, (by) => by.settleTextInbound(connected('t0')));
      expect(results.filter(({ won }) => won)).toHaveLength(1);
      expect(results.filter(({ won }) => !won)).toContainEqual({ won: false, outcome: 'connected' });
      expect(await b.getInbound('inb_t0')).toMatchObject({
        outcome: 'connected',
        agent_id: 'agent_1',
        attempts: [{ attempt: 1 }],
      });
      expect(await b.getTextRun('inb_t0')).toBeUndefined();
      expect((await b.getWholeChat('chat_t0'))?.messages).toHaveLength(2);
      expect(await b.getChatPlan('chat_t0')).toEqual({ of: 't0' });
      expect(await waiting(a)).toBe('t1');
      expect(await a.listOutgoing('chat_t0')).toMatchObject([
        { part_id: 'm_t0.1', state: 'queued', body: 'reply m_t0', from_number: OURS, to_number: THEIRS },
      ]);
      expect((await jobs(b)).map(({ queue }) => queue)).toEqual([`pair:${PAIR}`, `send:${PAIR}`]);
    });

    test('S12 S14 a turn that answers a text finishes it, long answers in parts; what is behind finishes nothing', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      await a.settleTextInbound(connected('t0'));
      expect(await store(b, 't1')).toMatchObject({ inbound_id: 'inb_t0', chat_id: 'chat_t0' });
      const answer = (from_turn: number) => ({
        chat_id: 'chat_t0',
        from_turn,
        messages: [user('t1'), agent('m_1', `${'x'.repeat(1_599)}. ${'y'.repeat(50)}.`)],
      });
      expect(await b.advanceChat(answer(3))).toMatchObject({ advanced: false });
      expect(await waiting(a)).toBe('t1');
      await b.advanceChat(answer(0));
      expect(await waiting(a)).toBeUndefined();
      expect((await a.listOutgoing('chat_t0')).map(({ body }) => body?.length)).toEqual([10, 1_600, 51]);
    });

    test('what is not kept is sent all the same', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      await a.settleTextInbound(connected('t0', { data_storage_setting: 'basic_attributes_only' }));
      expect((await b.getWholeChat('chat_t0'))?.messages).toEqual([]);
      expect(await b.listOutgoing('chat_t0')).toMatchObject([{ body: 'reply m_t0' }]);
      expect(await waiting(a)).toBeUndefined();
    });

    test('A6 a refusal finishes the texts that shared it; the next text asks again', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      await store(b, 't1');
      expect(await b.settleTextInbound(refused('t0'))).toEqual({ won: true });
      expect(await waiting(a)).toBeUndefined();
      expect(await store(a, 't2')).toMatchObject({ inbound_id: 'inb_t2' });
      expect(await b.getTextRun('inb_t2')).toMatchObject({ facts: { of: 't2' } });
    });

    test('A6 a chat that is over, or silent for too long, is continued by nobody', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      await a.settleTextInbound(connected('t0'));
      expect(await store(b, 't1', { arrival_timestamp: NOW + 60_000 })).toMatchObject({ inbound_id: 'inb_t1' });
      expect(await b.getTextRun('inb_t1')).toBeDefined();
    });

    test('a text whose chat ended before its answer gets an inbound of its own, which the later ones share', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      await a.settleTextInbound(connected('t0'));
      for (const id of ['t1', 't2']) await store(a, id);
      await b.reopenText('t1', opening('again'));
      expect(await a.nextText(PAIR)).toMatchObject({ text_id: 't1', inbound_id: 'inb_again' });
      await b.settleTextInbound({ ...refused('again') });
      expect(await waiting(a)).toBeUndefined();
    });

    test('a text whose chat ended shares the inbound that a later one has opened; none is left behind', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      await a.settleTextInbound(connected('t0'));
      await store(a, 't1');
      // Its chat is silent for too long by now.
      await store(b, 't2', { arrival_timestamp: NOW + 60_000 });
      for (const by of [a, b]) await by.reopenText('t1', opening('again'));
      expect(await a.nextText(PAIR)).toMatchObject({ text_id: 't1', inbound_id: 'inb_t2' });
      expect(await b.getInbound('inb_again')).toBeUndefined();
      expect(await b.getTextRun('inb_again')).toBeUndefined();
      await b.settleTextInbound(refused('t2'));
      expect(await waiting(a)).toBeUndefined();
    });

    test('S2 one that has another outcome already goes on no more', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      await b.settleInbound({ inbound_id: 'inb_t0', outcome: 'interrupted', outcome_timestamp: NOW });
      expect(await a.settleTextInbound(connected('t0'))).toEqual({ won: false, outcome: 'interrupted' });
      expect(await a.getTextRun('inb_t0')).toBeUndefined();
      expect(await a.listOutgoing('chat_t0')).toEqual([]);
      expect(await waiting(b)).toBe('t0');
    });

    test('case 78 words are handed out before what waits for an agent, in their own order', async () => {
      const { a, b } = stores();
      for (const [id, words] of [
        ['t0', 'Hi'],
        ['h', 'HELP'],
        ['t1', 'You there?'],
        ['s', 'STOP'],
        ['l', 'Hey'],
      ] as const)
        await store(a, id, { text: words });
      const order: (string | undefined)[] = [];
      for (let nth = 0; nth < 5; nth++) {
        const next = await b.nextText(PAIR);
        order.push(next?.text_id);
        await a.finishText({ text_id: next!.text_id, now: NOW, why: 'test' });
      }
      expect(order).toEqual(['h', 's', 'l', 't0', 't1']);
    });

    test('a chat that begins with a text of ours is its pair’s: the first part goes out, the answers continue it', async () => {
      const { a, b } = stores();
      await a.createChat(chat('chat_ours'), {}, [agent('m_1', 'Hello from us')]);
      expect(await b.beginPart(PAIR, NOW)).toMatchObject({
        part: { body: 'Hello from us', to_number: THEIRS },
        pair: { chat_id: 'chat_ours' },
      });
      expect(await b.storeText(text('t1'))).toMatchObject({
        stored: true,
        inbound_id: 'chat_ours',
        chat_id: 'chat_ours',
      });
      await a.advanceChat({ chat_id: 'chat_ours', from_turn: 0, messages: [user('t1'), agent('m_2')] });
      expect(await waiting(a)).toBeUndefined();
    });

    test('A8 STOP and START hold from their storage on; each has an inbound of its own and one confirmation', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      expect(await store(b, 'stop', { text: ' Stop ' })).toMatchObject({ inbound_id: 'inb_stop' });
      expect(await store(b, 'later', { text: 'hello?' })).toMatchObject({ inbound_id: 'inb_later' });
      expect(await a.getTextPair(PAIR)).toMatchObject({ opted_out: true, inbound_id: 'inb_t0' });
      await a.settleTextInbound(connected('t0'));
      expect(await b.nextText(PAIR)).toMatchObject({ text_id: 'stop', handling: 'stop' });
      const finished = {
        text_id: 'stop',
        now: NOW + 5,
        why: 'STOP',
        settlement: {
          inbound_id: 'inb_stop',
          outcome: 'opted_out' as const,
          outcome_timestamp: NOW + 5,
          steps: ['STOP'],
        },
        confirmation: { part_id: 'stop.1', body: 'You are out.' },
      };
      expect((await byTurns(a, b, 4, (by) => by.finishText(finished))).filter(Boolean)).toHaveLength(1);
      expect(await a.getInbound('inb_stop')).toMatchObject({ outcome: 'opted_out', decision: ['STOP'], attempts: [] });
      expect(await b.nextText(PAIR)).toMatchObject({ text_id: 'later', handling: 'opted_out' });
      await store(a, 'yes', { text: 'YES' });
      expect(await a.getTextPair(PAIR)).toMatchObject({ opted_out: false });
      expect(await store(a, 'unowned', { text: 'STOP', unowned: true, to_number: '+1999' })).toMatchObject({
        inbound_id: 'inb_unowned',
      });
      expect(await b.getTextRun('inb_unowned')).toBeDefined();
    });
  });

  describe('the record of a text', () => {
    const word = (id: string) => ({
      ...{ text_id: id, now: NOW + 5, why: 'STOP' },
      settlement: { inbound_id: `inb_${id}`, outcome: 'opted_out' as const, outcome_timestamp: NOW + 5, steps: [] },
    });

    test('S16 its end is numbered like every other, be it a decision, a word or that of a call', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      await b.settleTextInbound(connected('t0'));
      await a.settleTextInbound(connected('t0'));
      await a.openInbound(arrival('inb_call'));
      await b.settleInbound({ inbound_id: 'inb_call', outcome: 'declined', outcome_timestamp: NOW });
      await store(a, 'stop', { text: 'STOP' });
      await byTurns(a, b, 2, (by) => by.finishText(word('stop')));
      const { items, up_to } = await a.inboundsEndedAfter({ after: 0, limit: 10 });
      expect(items.map(({ inbound }) => inbound.inbound_id)).toEqual(['inb_t0', 'inb_call', 'inb_stop']);
      expect(new Set(items.map(({ ended }) => ended)).size).toBe(3);
      expect(await b.lastEndedInbound()).toBe(up_to);
    });

    test('H1 it has the request, and the attempts of before that the decision does not mention', async () => {
      const { a, b } = stores();
      await store(a, 't0');
      await a.recordAttempt('inb_t0', attempt(1));
      const { decision: decided, ...settlement } = refused('t0');
      const request = '{"event":"chat_inbound"}';
      await b.settleTextInbound({ ...settlement, decision: { ...decided, request, attempts: [attempt(2)] } });
      expect(await a.getInbound('inb_t0')).toMatchObject({
        request: { event: 'chat_inbound' },
        attempts: [{ attempt: 1 }, { attempt: 2 }],
      });
    });
  });

  describe('outgoing parts', () => {
    const parts = async (to: Store, ...contents: string[]) => {
      await store(to, 't0', { reply_route: { peer: 'first' } });
      const settlement = connected('t0');
      const messages = contents.map((content) => agent(`m_${content}`, content));
      await to.settleTextInbound({ ...settlement, chat: { ...settlement.chat!, messages: [user('t0'), ...messages] } });
    };
    const shown = (next: PartToSend | undefined) => next && [next.part.body, next.part.state, next.again];
    const sent = { state: 'sent', edge: 'twilio', provider_message_id: 'SM_out' } as const;

    test('S14 one after the other, each begun once; what was begun before is told so', async () => {
      const { a, b } = stores();
      await parts(a, 'one', 'two');
      const begun = await byTurns(a, b, 4, (by) => by.beginPart(PAIR, NOW + 9));
      expect(begun.filter((one) => one?.again === false)).toHaveLength(1);
      expect(begun[1]).toMatchObject({
        part: { body: 'one', sending_timestamp: NOW + 9 },
        pair: { edge: 'twilio', reply_route: { peer: 'first' } },
      });
      expect(shown(await b.finishPart('m_one.1', sent, NOW + 10))).toEqual(['two', 'sending', false]);
      const [first] = await a.listOutgoing('chat_t0');
      expect(first).toMatchObject({ state: 'sent', provider_message_id: 'SM_out', accepted_timestamp: NOW + 10 });
      expect(first).not.toHaveProperty('body');
      expect(await a.finishPart('m_two.1', { ...sent, provider_message_id: 'SM_2' }, NOW + 11)).toBeUndefined();
      expect(await b.beginPart(PAIR, NOW + 12)).toBeUndefined();
    });

    test('S14 one that is only accepted holds the next until its status, or until its time is over', async () => {
      const { a, b } = stores();
      await parts(a, 'one', 'two', 'three');
      await jobs(a);
      await a.beginPart(PAIR, NOW);
      expect(await a.finishPart('m_one.1', { ...sent, state: 'accepted' }, NOW + 1)).toBeUndefined();
      expect(shown(await b.beginPart(PAIR, NOW + 2))).toEqual([undefined, 'accepted', true]);
      const told = { edge: 'twilio', provider_message_id: 'SM_out', now: NOW + 3 } as const;
      expect(await b.recordTextStatus({ ...told, edge: 'telnyx', status: 'sent' })).toBeUndefined();
      const said = await byTurns(a, b, 4, (to) => to.recordTextStatus({ ...told, status: 'sent' }));
      expect(said.filter((pair) => pair === PAIR)).toHaveLength(1);
      expect(await a.recordTextStatus({ ...told, status: 'delivered' })).toBeUndefined();
      expect(await a.recordTextStatus({ ...told, status: 'sent' })).toBeUndefined();
      expect((await a.listOutgoing('chat_t0'))[0]).toMatchObject({ state: 'delivered' });
      expect(shown(await b.beginPart(PAIR, NOW + 4))).toEqual(['two', 'sending', false]);
      await b.finishPart('m_two.1', { ...sent, state: 'accepted', provider_message_id: 'SM_2' }, NOW + 5);
      expect(shown(await a.finishPart('m_two.1', { state: 'sent' }, NOW + 40_000))).toEqual([
        'three',
        'sending',
        false,
      ]);
    });

    test('a failure: known, unknown, final', async () => {
      const { a, b } = stores();
      await parts(a, 'one', 'two');
      await a.beginPart(PAIR, NOW);
      const failed = (final: boolean, known: boolean) =>
        b.finishPart('m_one.1', { state: 'failed', final, known, code: '21610', message: 'no' }, NOW + 1);
      expect(await failed(false, true)).toBeUndefined();
      expect(await a.beginPart(PAIR, NOW + 2)).toMatchObject({
        again: false,
        part: { failures: 1, sending_timestamp: NOW },
      });
      await failed(false, false);
      expect(await a.beginPart(PAIR, NOW + 3)).toMatchObject({ again: true, part: { body: 'one', failures: 2 } });
      expect(shown(await failed(true, true))).toEqual(['two', 'sending', false]);
      const [first] = await a.listOutgoing('chat_t0');
      expect(first).toMatchObject({ state: 'failed', error_code: '21610', error_message: 'no', failures: 3 });
      expect(first).not.toHaveProperty('body');
    });

    test('a status that names its part tells of a message that nobody wrote down', async () => {
      const { a, b } = stores();
      await parts(a, 'one', 'two');
      await a.beginPart(PAIR, NOW);
      const told = { edge: 'twilio', provider_message_id: 'SM_lost', part_id: 'm_one.1', status: 'sent' } as const;
      expect(await b.recordTextStatus({ ...told, now: NOW + 3 })).toBe(PAIR);
      expect(await a.findOutgoing('twilio', 'SM_lost')).toMatchObject({ part_id: 'm_one.1', state: 'sent' });
      expect(await a.findOutgoing('telnyx', 'SM_lost')).toBeUndefined();
      expect(shown(await a.beginPart(PAIR, NOW + 4))).toEqual(['two', 'sending', false]);
      expect(
        await b.recordTextStatus({ ...told, part_id: 'm_nobody.1', provider_message_id: 'x', now: NOW }),
      ).toBeUndefined();
    });

    test('what was done long ago is forgotten, what waits is not', async () => {
      const { a, b } = stores();
      await parts(a, 'one', 'two');
      await store(a, 't1');
      await a.beginPart(PAIR, NOW);
      await a.finishPart('m_one.1', sent, NOW + 10);
      expect(await b.forgetTexts(NOW + 100, 10)).toBe(2);
      expect(await waiting(a)).toBe('t1');
      expect((await a.listOutgoing('chat_t0')).map(({ part_id }) => part_id)).toEqual(['m_two.1']);
    });

    test('forgets so many at once; of pairs those that nothing is known of', async () => {
      const { a, b } = stores();
      const from = (nth: number) => ({ from_number: `+1213777000${nth}`, pair: `${OURS}|+1213777000${nth}` });
      const done = async (id: string, nth: number, over: Partial<NewText> = {}) => {
        await store(a, id, { from_number: from(nth).from_number, ...over });
        if (over.text === undefined) await a.settleTextInbound({ ...refused(id), pair: from(nth).pair });
        else await a.finishText({ text_id: id, now: NOW, why: 'a word' });
      };
      for (const nth of [1, 2, 3]) await done(`t${nth}`, nth);
      await done('out', 4, { text: 'STOP' });
      await done('t5', 5);
      await store(a, 'waits', { from_number: from(5).from_number });
      const told: number[] = [];
      for (let nth = 0; nth < 4; nth++) told.push(await b.forgetTexts(NOW + 100, 2));
      expect(told).toEqual([2, 2, 1, 0]);
      const known = await Promise.all([1, 2, 3, 4, 5].map((nth) => a.getTextPair(from(nth).pair)));
      expect(known.map((pair) => pair?.opted_out)).toEqual([undefined, undefined, undefined, true, false]);
    });
  });
}
