/** Analyses chats that are over: as a job after their end, and anew when somebody asks. */
import type { JsonObject, Settings } from '@pickup/contract';
import { analysisModel, analysisRequest, readAnalysis } from '@pickup/conversation';
import type { JobHandler } from '../jobs/job-runner.ts';
import type { Log } from '../observe/index.ts';
import type { ChatFindings, Store, WholeChat } from '../stores/port.ts';
import type { ModelDirectory } from './model-directory.ts';

export type Analyzed =
  | { readonly kind: 'analyzed'; readonly whole: WholeChat }
  /** Public: what is missing, or what went wrong. */
  | { readonly kind: 'cannot'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly retry: boolean };

export interface ChatAnalyst {
  readonly handle: JobHandler;
  analyze(whole: WholeChat, signal?: AbortSignal): Promise<Analyzed>;
}

export interface AnalystDeps {
  readonly store: Pick<Store, 'getAgent' | 'getWholeChat' | 'settleChatAnalysis'>;
  readonly models: ModelDirectory;
  readonly log: Log;
}

const FIELDS = ['post_chat_analysis_data', 'post_chat_analysis_model'] as const;

/** What of an agent an analysis goes by; undefined where its model cannot be asked. */
export function analysisTask(models: ModelDirectory, agent: Settings): JsonObject | undefined {
  if ('missing' in models.find(analysisModel(agent))) return undefined;
  const kept = FIELDS.flatMap((name) => (agent[name] === undefined ? [] : [[name, agent[name]] as const]));
  return Object.fromEntries(kept);
}

export function createChatAnalyst(deps: AnalystDeps): ChatAnalyst {
  const { store, models, log } = deps;
  const analyze = async (whole: WholeChat, signal = new AbortController().signal): Promise<Analyzed> => {
    const { chat, messages } = whole;
    const task = chat.analysis_task ?? (await store.getAgent(chat.agent_id, chat.agent_version))?.settings ?? {};
    const found = models.find(analysisModel(task));
    if ('missing' in found) return { kind: 'cannot', reason: `that takes a model, and ${found.missing}` };
    if (!messages.some(({ role }) => role === 'user')) return { kind: 'cannot', reason: 'the user said nothing in it' };
    const result = await found.ask(analysisRequest(task, messages), signal);
    const { prompt: prompt_tokens, completion: completion_tokens } = result.use;
    const told = { chat_id: chat.chat_id, tries: result.tries, prompt_tokens, completion_tokens };
    if (!result.ok) {
      log.warn('chat_analysis_failed', { ...told, reason: result.reason, detail: result.detail });
      return { kind: 'failed', reason: result.reason, retry: result.retry };
    }
    const findings = readAnalysis(task, result.reply);
    if (!findings) return { kind: 'failed', reason: 'the model recorded no analysis', retry: true };
    const settled = await store.settleChatAnalysis(chat.chat_id, findings as ChatFindings);
    log.info('chat_analyzed', told);
    return settled ? { kind: 'analyzed', whole: settled } : { kind: 'cannot', reason: 'it was deleted meanwhile' };
  };
  return {
    analyze,
    async handle({ payload, attempts, max_attempts }, signal) {
      const chatId = payload['chat_id'];
      const whole = typeof chatId === 'string' ? await store.getWholeChat(chatId) : undefined;
      if (!whole || whole.chat.chat_status === 'ongoing') return;
      const analyzed = await analyze(whole, signal);
      if (analyzed.kind === 'analyzed') return;
      const isWorthMore = analyzed.kind === 'failed' && analyzed.retry && attempts < max_attempts;
      if (isWorthMore) throw new Error(analyzed.reason);
      // chat_analyzed is told in any case; of what could not be analysed it says nothing.
      await store.settleChatAnalysis(whole.chat.chat_id, {});
    },
  };
}
