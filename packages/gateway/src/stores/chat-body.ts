/** Chats as others see them, in answers and events: Retell's chat object. */
import type { ChatMessage, ChatRow, WholeChat } from './port.ts';

const EMPTIABLE = [
  'metadata',
  'custom_attributes',
  'retell_llm_dynamic_variables',
  'collected_dynamic_variables',
] as const;

/** The whole object; empty metadata and variables are left out. */
export function chatBody({ chat, messages }: WholeChat): Record<string, unknown> {
  return {
    ...slimChatBody(chat),
    transcript: transcriptOf(messages),
    message_with_tool_calls: messages,
  };
}

/** A list's item: nothing of what was said. */
export function slimChatBody(chat: ChatRow): Record<string, unknown> {
  const body: Record<string, unknown> = {
    chat_id: chat.chat_id,
    chat_type: chat.chat_type,
    chat_status: chat.chat_status,
    agent_id: chat.agent_id,
    version: chat.agent_version,
    agent_tag: chat.agent_tag,
    start_timestamp: chat.start_timestamp,
    end_timestamp: chat.end_timestamp,
    disconnection_reason: chat.disconnection_reason,
  };
  for (const name of EMPTIABLE) {
    const value = chat[name];
    if (value !== undefined && Object.keys(value).length > 0) body[name] = value;
  }
  const analysis = analysisOf(chat);
  if (Object.keys(analysis).length > 0) body['chat_analysis'] = analysis;
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

function analysisOf({ chat_summary, user_sentiment, chat_successful, custom_analysis_data }: ChatRow) {
  return {
    ...(chat_summary !== undefined && { chat_summary }),
    ...(user_sentiment !== undefined && { user_sentiment }),
    ...(chat_successful !== undefined && { chat_successful }),
    ...(custom_analysis_data && { custom_analysis_data }),
  };
}

function transcriptOf(messages: readonly ChatMessage[]): string {
  const lines = messages.flatMap((message) => {
    if (message.role === 'agent') return [`Agent: ${message.content}`];
    return message.role === 'user' ? [`User: ${message.content}`] : [];
  });
  return lines.join('\n');
}
