/** Single chats: begin, talk, read, change, end, delete. */
import {
  apiError,
  CHAT_COMPLETION_FIELDS,
  CREATE_CHAT_FIELDS,
  type CreateChatBody,
  fieldsSchema,
  parseChatCompletion,
  parseCreateChat,
  parseUpdateChat,
  UPDATE_CHAT_FIELDS,
  type UpdateChatBody,
} from '@pickup/contract';
import { type PlannedChat, planChat } from '../chats/plan-chat.ts';
import { chatBody } from '../stores/chat-body.ts';
import type { ChatChange, ChatRow, OutgoingRow, WholeChat } from '../stores/port.ts';
import { eventBody } from './calls.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, badReference, invalid, refuseFaults, unknownAsset } from './failure.ts';
import type { Turns } from './one-at-a-time.ts';
import type { Route } from './route.ts';

/** From the loosest to the tightest. */
const STORAGE = ['everything', 'everything_except_pii', 'basic_attributes_only'];

/** The routes of single chats. */
export function chatRoutes(deps: ApiDeps, turns: Turns): readonly Route[] {
  return [
    createRoute(deps),
    completionRoute(deps),
    {
      method: 'GET',
      path: '/get-chat/{chat_id}',
      summary: 'Read a chat with its messages',
      access: 'read',
      async handle({ params }) {
        const whole = await findChat(deps, params['chat_id']!);
        if (whole.chat.chat_type !== 'sms_chat') return chatBody(whole);
        const sent = await deps.store.listOutgoing(whole.chat.chat_id);
        return { ...chatBody(whole), outgoing_texts: sent.map(outgoingBody) };
      },
    },
    updateRoute(deps, turns),
    {
      method: 'PATCH',
      path: '/end-chat/{chat_id}',
      summary: 'End a chat; one that is over stays as it is',
      access: 'write',
      status: 204,
      async handle({ params }) {
        if (!(await deps.chats.end(params['chat_id']!))) throw unknownAsset();
      },
    },
    {
      method: 'DELETE',
      path: '/delete-chat/{chat_id}',
      summary: 'Delete a chat with its messages and events, be it over or not',
      access: 'write',
      status: 204,
      async handle({ params }) {
        if (!(await deps.store.deleteChat(params['chat_id']!))) throw unknownAsset();
      },
    },
    {
      method: 'GET',
      path: '/list-chat-events/{chat_id}',
      summary: 'List the event webhooks of a chat, with every attempt to deliver them',
      access: 'read',
      async handle({ params }) {
        const { chat } = await findChat(deps, params['chat_id']!);
        const events = await deps.store.listEvents(chat.chat_id);
        return { items: events.map(eventBody), has_more: false };
      },
    },
    analysisRoute(deps),
  ];
}

/** How far a text of ours is; what it said stands in the messages. */
function outgoingBody(part: OutgoingRow) {
  const { body: _body, pair: _pair, chat_id: _chat, from_number: _from, to_number: _to, ...shown } = part;
  return shown;
}

function createRoute(deps: ApiDeps): Route {
  const checkUrl = (url: string) => deps.checkUrl(url, 'agent_webhook');
  return {
    method: 'POST',
    path: '/create-chat',
    summary: 'Begin a chat; where the agent speaks first, its first message is in the answer',
    access: 'write',
    audited: false,
    status: 201,
    body: fieldsSchema(CREATE_CHAT_FIELDS, true),
    async handle({ body, warn }) {
      const read = accept(parseCreateChat(body, { catalogue: deps.catalogue, checkUrl }), warn);
      const plan = acceptPlan(await planned(deps, read), warn);
      const begun = await deps.chats.start(plan);
      if (begun.kind === 'failed') throw modelFailure('The chat', begun.reason);
      if (begun.missing !== undefined) warn(`This chat cannot be answered here: ${begun.missing}.`);
      return chatBody(begun);
    },
  };
}

function planned(deps: ApiDeps, read: CreateChatBody): Promise<PlannedChat> {
  const { store, catalogue, clock, newId } = deps;
  const checkUrl = (url: string) => deps.checkUrl(url, 'agent_webhook');
  return planChat({ store, catalogue, checkUrl }, read, { id: `chat_${newId()}`, now: clock.wallMs() });
}

function acceptPlan(result: PlannedChat, warn: (message: string) => void) {
  if (result.planned) {
    for (const { message } of result.warnings) warn(message);
    return result.plan;
  }
  if (result.why === 'unfit') throw badReference(result.message);
  if (result.why === 'faulty') refuseFaults(result.faults);
  throw unknownAsset();
}

function completionRoute(deps: ApiDeps): Route {
  return {
    method: 'POST',
    path: '/create-chat-completion',
    summary: "Send a message of the user's; the answer has what the agent says to it, once that is stored",
    access: 'write',
    audited: false,
    status: 201,
    body: fieldsSchema(CHAT_COMPLETION_FIELDS, true),
    async handle({ body, warn }) {
      const { chat_id: id, content } = accept(parseChatCompletion(body), warn);
      const answer = await deps.chats.answer(id, content);
      switch (answer.kind) {
        case 'answered':
          return { messages: answer.messages };
        case 'unknown':
          throw unknownAsset();
        case 'over':
          throw new ApiFailure(apiError('chat_over', { id }));
        case 'cannot_answer':
          throw new ApiFailure(apiError('cannot_answer', { reason: `${id} cannot be answered: ${answer.reason}.` }));
        case 'failed':
          throw modelFailure(id, answer.reason);
      }
    },
  };
}

/** The failure of whoever the agent asks. */
export function modelFailure(id: string, reason: string): ApiFailure {
  return new ApiFailure(apiError('model_failed', { id, reason }));
}

function updateRoute(deps: ApiDeps, turns: Turns): Route {
  return {
    method: 'PATCH',
    path: '/update-chat/{chat_id}',
    summary: "Change a chat's metadata, attributes or variables, or tighten its data storage",
    access: 'write',
    body: fieldsSchema(UPDATE_CHAT_FIELDS, true),
    handle: ({ params, body, warn }) =>
      turns(`chat ${params['chat_id']}`, async () => {
        const { chat } = await findChat(deps, params['chat_id']!);
        const after = await deps.store.updateChat(chat.chat_id, changeOf(chat, accept(parseUpdateChat(body), warn)));
        if (after === undefined) throw unknownAsset();
        return chatBody(after);
      }),
  };
}

function analysisRoute(deps: ApiDeps): Route {
  return {
    method: 'PUT',
    path: '/rerun-chat-analysis/{chat_id}',
    summary: 'Analyse a chat that is over anew, which takes a model',
    access: 'write',
    audited: false,
    status: 201,
    async handle({ params }) {
      const whole = await findChat(deps, params['chat_id']!);
      const { chat_id: id, chat_status } = whole.chat;
      if (chat_status === 'ongoing') throw badReference(`${id} is ongoing; end it first.`);
      const analyzed = await deps.analyzeChat(whole);
      if (analyzed.kind === 'analyzed') return chatBody(analyzed.whole);
      if (analyzed.kind === 'failed') throw modelFailure(`The analysis of ${id}`, analyzed.reason);
      throw new ApiFailure(apiError('cannot_answer', { reason: `${id} cannot be analysed: ${analyzed.reason}.` }));
    },
  };
}

async function findChat(deps: ApiDeps, chatId: string): Promise<WholeChat> {
  const whole = await deps.store.getWholeChat(chatId);
  if (whole === undefined) throw unknownAsset();
  return whole;
}

/** What is stored narrows with the setting: the tightest empties what was kept before. */
function changeOf(before: ChatRow, sent: UpdateChatBody): ChatChange {
  const { data_storage_setting: storage = before.data_storage_setting } = sent;
  if (STORAGE.indexOf(storage) < STORAGE.indexOf(before.data_storage_setting)) {
    throw invalid(`data_storage_setting may only be tightened; it is ${before.data_storage_setting}.`);
  }
  const basic = storage === 'basic_attributes_only';
  const unkept = basic && (['metadata', 'custom_attributes'] as const).find((name) => sent[name] !== undefined);
  if (unkept) throw invalid(`${unkept} is not kept with data_storage_setting basic_attributes_only.`);
  return { ...sent, ...(basic && EMPTIED) };
}

const EMPTIED = { metadata: {}, custom_attributes: {}, retell_llm_dynamic_variables: {} };
