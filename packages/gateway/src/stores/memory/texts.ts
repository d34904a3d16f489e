/** Texts in memory. */
import { handlingOf, optedOutAfter } from '@pickup/core';
import type { TextCommands, TextOpening, TextPair } from '../port.ts';
import { confirmationPart, pairJob, pairOf, placeOf } from '../texts-of-chat.ts';
import { createMemoryChats } from './chats.ts';
import { copyOf, type MemoryData } from './data.ts';
import { createMemoryInbounds } from './inbounds.ts';
import { addJob } from './jobs.ts';
import { addParts, createMemoryOutgoing } from './outgoing.ts';

/** The text commands over shared data; each runs to its end before another begins. */
export function createMemoryTexts(data: MemoryData): TextCommands {
  const inbounds = createMemoryInbounds(data);
  const chats = createMemoryChats(data);
  const openRun = ({ arrival, facts }: TextOpening) => {
    void inbounds.openInbound(arrival);
    data.textRuns.set(arrival.inbound_id, { inbound_id: arrival.inbound_id, facts: copyOf(facts), version: 0 });
  };
  const isOngoing = (chatId: string, now: number) => {
    const chat = data.chats.get(chatId)?.chat;
    return chat?.chat_status === 'ongoing' && chat.expires_timestamp > now;
  };
  const waitingOf = (pair: string) =>
    [...data.texts.entries()].filter(([, one]) => one.pair === pair && one.done_timestamp === undefined);
  const forgetPair = (name: string) => {
    const pair = data.textPairs.get(name);
    const isKept = pair === undefined || pair.opted_out || pair.chat_id !== undefined;
    const isBusy = data.textRuns.has(pair?.inbound_id ?? '') || waitingOf(name).length > 0;
    const hasParts = [...data.parts.values()].some((one) => one.row.pair === name && one.done_timestamp === undefined);
    if (!isKept && !isBusy && !hasParts) data.textPairs.delete(name);
  };
  return {
    ...createMemoryOutgoing(data),
    async storeText(given, opening) {
      const text = copyOf(given);
      for (const one of data.texts.values()) {
        const same = one.text.edge === text.edge && one.text.provider_message_id === text.provider_message_id;
        if (!same) continue;
        const { inbound_id, chat_id } = one;
        return { stored: false, text_id: one.text.text_id, inbound_id, ...(chat_id !== undefined && { chat_id }) };
      }
      const name = pairOf(text.to_number, text.from_number);
      const pair: TextPair = data.textPairs.get(name) ?? { pair: name, opted_out: false };
      const handling = text.unowned ? 'chat' : handlingOf(text.text, pair.opted_out);
      const place = placeOf(handling, pair, {
        isUndecided: (id) => data.textRuns.has(id),
        isOngoing: (id) => isOngoing(id, text.arrival_timestamp),
      });
      if (place.opens && !opening) return 'needs_opening';
      if (place.opens === 'inbound') void inbounds.openInbound(opening!.arrival);
      if (place.opens === 'run') openRun(opening!);
      const inbound_id = place.inbound_id ?? opening!.arrival.inbound_id;
      const chat = place.chat_id === undefined ? {} : { chat_id: place.chat_id };
      data.texts.set(text.text_id, { pair: name, handling, inbound_id, ...chat, text });
      const { reply_route: _old, ...kept } = pair;
      data.textPairs.set(name, {
        ...kept,
        opted_out: optedOutAfter(handling, pair.opted_out),
        ...(place.opens === 'run' && { inbound_id }),
        edge: text.edge,
        ...(text.reply_route && { reply_route: text.reply_route }),
      });
      addJob(data, pairJob(name), text.arrival_timestamp);
      return { stored: true, text_id: text.text_id, inbound_id, ...chat };
    },
    async nextText(pair) {
      const waiting = waitingOf(pair).map(([, one]) => one);
      const first = waiting.find(({ handling }) => handling !== 'chat') ?? waiting[0];
      return first && { ...first.text, handling: first.handling, inbound_id: first.inbound_id };
    },
    getTextPair: async (pair) => data.textPairs.get(pair),
    async reopenText(textId, opening) {
      const pair = data.texts.get(textId)?.pair;
      if (pair === undefined) throw new Error(`There is no text ${textId}.`);
      const current = data.textPairs.get(pair)?.inbound_id;
      const shared = current !== undefined && data.textRuns.has(current) ? current : undefined;
      const inbound_id = shared ?? opening.arrival.inbound_id;
      if (shared === undefined) openRun(opening);
      data.textPairs.set(pair, { ...data.textPairs.get(pair)!, inbound_id });
      for (const [id, { chat_id: _old, ...text }] of waitingOf(pair))
        if (text.handling === 'chat') data.texts.set(id, { ...text, inbound_id });
    },
    getTextRun: async (inboundId) => data.textRuns.get(inboundId),
    async recordTextProgress(inboundId, fromVersion, progress, now) {
      const run = data.textRuns.get(inboundId);
      if (run?.version !== fromVersion) return false;
      const next = { progress: copyOf(progress), progress_timestamp: now, version: fromVersion + 1 };
      data.textRuns.set(inboundId, { ...run, ...next });
      return true;
    },
    async settleTextInbound({ pair, decision, settlement, chat, silent }) {
      const { inbound_id, outcome_timestamp } = settlement;
      const before = data.inbounds.get(inbound_id)?.settlement;
      const hadRun = data.textRuns.delete(inbound_id);
      if (!hadRun || before) return { won: false, outcome: before?.outcome ?? null };
      void inbounds.recordDecision(decision);
      void inbounds.settleInbound(settlement);
      if (chat) await chats.createChat(chat.chat, chat.plan, chat.messages);
      for (const [id, text] of silent ? waitingOf(pair) : []) {
        const shares = text.handling === 'chat' && text.inbound_id === inbound_id;
        if (shares) data.texts.set(id, { ...text, done_timestamp: outcome_timestamp });
      }
      return { won: true };
    },
    async finishText({ text_id, now, settlement, confirmation }) {
      const text = data.texts.get(text_id);
      if (text === undefined || text.done_timestamp !== undefined) return false;
      data.texts.set(text_id, { ...text, done_timestamp: now });
      if (settlement) void inbounds.settleInbound(settlement);
      if (confirmation) addParts(data, [confirmationPart(text.text, confirmation, now)], now);
      return true;
    },
    async forgetTexts(before, most) {
      const isOld = ([, { done_timestamp: done }]: [string, { done_timestamp?: number }]) =>
        done !== undefined && done < before;
      const texts = [...data.texts].filter(isOld).slice(0, most);
      const parts = [...data.parts].filter(isOld).slice(0, most);
      for (const [id] of texts) data.texts.delete(id);
      for (const [id] of parts) data.parts.delete(id);
      for (const [, { pair }] of texts) forgetPair(pair);
      return texts.length + parts.length;
    },
  };
}
