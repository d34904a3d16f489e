/** Lists of chats: Retell's present filters, and the bare array of older SDKs. */
import { CHAT_FILTERS, fieldsSchema, LIST_FIELDS, parseListBody } from '@pickup/contract';
import { chatBody, slimChatBody } from '../stores/chat-body.ts';
import type { ApiDeps } from './deps.ts';
import { accept } from './failure.ts';
import { oldPage } from './old-page.ts';
import { PAGE_QUERY, renderPage } from './page.ts';
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
      summary: "List chats as a bare array (older SDKs); `pagination_key` is the last one's id",
      access: 'read',
      query: PAGE_QUERY,
      async handle(ask) {
        const { store } = deps;
        const rows = await oldPage(ask, {
          list: (request) => store.listWholeChats(request),
          seek: (request) => store.listChats(request),
          idOf: ({ chat_id }) => chat_id,
          defaultLimit: 50,
        });
        return rows.map(chatBody);
      },
    },
  ];
}
