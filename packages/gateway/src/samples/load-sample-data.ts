/** Sample data with the ids of the seed's samples, so that its replies connect byte for byte (E5). */
import type { PhoneNumberSettings } from '@pickup/contract';
import type { Store } from '../stores/port.ts';
import { loadSampleChat, SAMPLE_FLOW_AGENT, SAMPLE_PROMPT_AGENT } from './sample-chat.ts';

/** The sample number: its webhook is asked, and its agent answers where the webhook fails. */
export const SAMPLE_NUMBER = '+12137771235';
export const SAMPLE_AGENT = 'agent_12345';
const SAMPLE_LLM = 'llm_12345';

/**
 * Writes what is not there yet; the sample number's webhook always becomes the URL given, and its texts are answered by
 * a model where one is set up.
 */
export async function loadSampleData(
  store: Store,
  options: { readonly webhookUrl: string; readonly hasModel: boolean; readonly now: number },
): Promise<void> {
  const { now, webhookUrl, hasModel } = options;
  await store.createEngine({
    kind: 'retell-llm',
    id: SAMPLE_LLM,
    version: 0,
    is_published: false,
    last_modification_timestamp: now,
    settings: {
      start_speaker: 'agent',
      begin_message: 'Hello {{customer_name}}, this is the sample agent of Pickup. How can I help you?',
      general_prompt: 'You are the sample agent of Pickup.',
      default_dynamic_variables: { customer_name: 'there' },
    },
  });
  await store.createAgent({
    agent_id: SAMPLE_AGENT,
    version: 0,
    channel: 'voice',
    base_version: null,
    is_published: false,
    last_modification_timestamp: now,
    settings: {
      agent_name: 'Sample agent',
      response_engine: { type: 'retell-llm', llm_id: SAMPLE_LLM },
      voice_id: 'builtin-en-us',
      language: 'en-US',
    },
    tags: [],
  });
  if (!(await store.getAgent(SAMPLE_AGENT, 1))) {
    await store.publishAgent(SAMPLE_AGENT, 0, now);
    await store.createAgentVersion(SAMPLE_AGENT, 0, now);
  }
  await store.putKnowledgeBase('kb_abc123', 'Sample knowledge base');
  await loadSampleChat(store, now);
  const changing = {
    inbound_webhook_url: webhookUrl,
    inbound_sms_agents: [{ agent_id: hasModel ? SAMPLE_PROMPT_AGENT : SAMPLE_FLOW_AGENT, weight: 1 }],
  };
  const settings: PhoneNumberSettings = {
    phone_number: SAMPLE_NUMBER,
    phone_number_type: 'custom',
    nickname: 'Sample number',
    inbound_agents: [{ agent_id: SAMPLE_AGENT, agent_version: 1, weight: 1 }],
    ...changing,
    last_modification_timestamp: now,
  };
  const present = await store.getNumber(SAMPLE_NUMBER);
  const row = present ? { ...present, settings: { ...present.settings, ...changing } } : { settings };
  await store.putNumber(row, present ? 'replace' : 'create');
}
