/** What the start of a text's chat says of its plan, the same whether the chat is begun or only tried. */
import type { Issue } from '@pickup/contract';
import type { RehearsedStart, SessionPlan } from '@pickup/core';
import type { Clock } from '../runners/clock.ts';
import { unheard } from './plan-chat.ts';
import { BEGINNING, type ChatTalker } from './talker.ts';

/** An agent that lacks what it takes to answer must at least say its first line; else the chat cannot be (F4). */
export function judgeStart(
  plan: SessionPlan,
  { missing, speaks }: { readonly missing: string | undefined; readonly speaks: boolean },
): RehearsedStart {
  if (missing !== undefined && !speaks) return { ready: false, message: missing };
  const found = missing === undefined ? [] : [onlyFirstLine(missing)];
  return { ready: true, runtime: 'chat', issues: [...unheard(plan), ...found] };
}

/** The same without a chat: no model, tool or server is asked, so what they would fail at is not known. */
export function createRehearsedChat(deps: {
  readonly talkerOf: (plan: SessionPlan) => ChatTalker;
  readonly clock: Pick<Clock, 'wallMs'>;
}): (plan: SessionPlan) => Promise<RehearsedStart> {
  return async (plan) => {
    const talker = deps.talkerOf(plan);
    const { missing } = talker;
    if (missing === undefined) return judgeStart(plan, { missing, speaks: true });
    const now = deps.clock.wallMs();
    const opened = await talker.open({ plan, now, startedAt: now, turn: BEGINNING }, AbortSignal.abort(), 'a_message');
    if (!opened.ok) return { ready: false, message: opened.reason };
    return judgeStart(plan, { missing, speaks: opened.turn.entries.some(({ role }) => role === 'agent') });
  };
}

function onlyFirstLine(missing: string): Issue {
  return {
    severity: 'warning',
    effect: 'degraded',
    code: 'first_line_only',
    rule: 'E10',
    pointer: '',
    message: `The agent says its first line and cannot answer: ${missing}.`,
  };
}
