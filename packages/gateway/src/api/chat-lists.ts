/** Lists of chats: Retell's present filters, and the bare array of older SDKs. */
import { CHAT_FILTERS, fieldsSchema, LIST_FIELDS, parseListBody } from '@pickup/contract';
import { chatBody, slimChatBody } from '../stores/chat-body.ts';
import type { ApiDeps } from './deps.ts';
import { accept } from './failure.ts';
import { renderPage, WHOLE } from './page.ts';
import type { Route } from './route.ts';

/** The list routes of chats. */
export function chatListRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/v3/list-chats',
      summary: 'List chats by their start, without what was said',
      access: 'read',
      body: fieldsSchema(LIST_FIELDS, true),
      async handle({ body, warn }) {
        const list = accept(parseListBody(body, CHAT_FILTERS), warn);
        return renderPage(await deps.store.listChats(list), slimChatBody);
      },
    },
    {
      method: 'GET',
      path: '/list-chat',
      summary: 'List the newest 1,000 chats as a bare array (older SDKs)',
      access: 'read',
      handle: async () => (await deps.store.listWholeChats(WHOLE)).items.map(chatBody),
    },
  ];
}
