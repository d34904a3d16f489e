/** A question in OpenAI's words. */
import type { OpenAI } from 'openai';
import type { ModelMessage, ModelRequest, ModelTool } from '../talk/model.ts';

type Body = OpenAI.Chat.Completions.ChatCompletionCreateParamsStreaming;

/** `fixedTemperature`: the model takes none of ours. */
export function wireRequest(request: ModelRequest, model: string, fixedTemperature: boolean): Body {
  const { messages, tools = [], toolChoice, temperature, highPriority } = request;
  return {
    model,
    messages: messages.map(wireMessage),
    stream: true,
    stream_options: { include_usage: true },
    ...(tools.length > 0 && { tools: tools.map(wireTool) }),
    ...(tools.length > 0 &&
      toolChoice !== undefined &&
      toolChoice !== 'auto' && { tool_choice: wireChoice(toolChoice) }),
    ...(temperature !== undefined && !fixedTemperature && { temperature }),
    ...(highPriority && { service_tier: 'priority' as const }),
  };
}

function wireChoice(choice: 'none' | { readonly name: string }) {
  return choice === 'none' ? 'none' : ({ type: 'function', function: { name: choice.name } } as const);
}

function wireTool({ name, description, parameters, strict }: ModelTool) {
  return {
    type: 'function' as const,
    function: { name, description, parameters: parameters as Record<string, unknown>, ...(strict && { strict }) },
  };
}

function wireMessage(message: ModelMessage): OpenAI.Chat.Completions.ChatCompletionMessageParam {
  if (message.role === 'tool') {
    return { role: 'tool', tool_call_id: message.toolCallId, content: message.content };
  }
  if (message.role !== 'assistant') return { role: message.role, content: message.content };
  const calls = message.toolCalls ?? [];
  return {
    role: 'assistant',
    content: message.content === '' && calls.length > 0 ? null : message.content,
    ...(calls.length > 0 && {
      tool_calls: calls.map(({ id, name, arguments: text }) => ({
        id,
        type: 'function' as const,
        function: { name, arguments: text },
      })),
    }),
  };
}
