/** Prompted LLMs: one prompt, or several states with ways between them. */
import { type Fields, fieldsOf, isFields, listOf, own, textIn } from '../flow/read-json.ts';
import { type KnowledgeSettings, knowledgeIn, llmModel, type ModelSettings } from '../talk/settings.ts';
import type { TalkContext, TalkEngine, TalkState } from '../talk/step.ts';
import { type Place, Talk } from '../talk/talk.ts';
import { readTools, type Tool } from '../talk/tool.ts';

interface PromptState {
  readonly name: string;
  readonly prompt: string;
  /** The state's own, and the ways out of it. */
  readonly tools: readonly Tool[];
}

interface Prompted {
  readonly generalPrompt: string;
  readonly generalTools: readonly Tool[];
  readonly states: ReadonlyMap<string, PromptState>;
  /** "" where there are no states. */
  readonly startingState: string;
  readonly model: ModelSettings;
  readonly knowledge: KnowledgeSettings;
  readonly userFirst: boolean;
  /** Template; undefined leaves the beginning to the model. */
  readonly beginMessage: string | undefined;
}

/** `settings` is a Retell LLM's JSON; never throws, whatever it is. */
export function promptEngine(settings: unknown): TalkEngine {
  const llm = readPrompted(fieldsOf(settings));
  return {
    step(state, event, context) {
      const talk = new PromptTalk(llm, state, context);
      talk.take(event);
      return talk.result();
    },
  };
}

class PromptTalk extends Talk {
  readonly #llm: Prompted;

  constructor(llm: Prompted, state: TalkState, context: TalkContext) {
    super(state, context);
    this.#llm = llm;
  }

  protected started(messageWaits: boolean): void {
    const { userFirst, beginMessage, startingState } = this.#llm;
    this.change({ place: startingState });
    if (!userFirst && beginMessage !== undefined) this.say(this.render(beginMessage));
    if (userFirst || beginMessage !== undefined || messageWaits) return this.wait();
    this.askReply();
  }

  protected tookOver(): void {
    this.change({ place: this.#llm.startingState });
    this.askReply();
  }

  protected turned(): void {
    this.askReply();
  }

  protected rested(): void {
    this.wait();
  }

  protected judged(): void {
    this.wait();
  }

  protected moved(to: string): void {
    const { place: former } = this.state;
    this.change({ previousPlace: former, place: to });
    this.add({ role: 'state_transition', former_state_name: former, new_state_name: to });
    this.askReply();
  }

  protected place(): Place {
    const { generalPrompt, generalTools, states, model, knowledge } = this.#llm;
    const state = states.get(this.state.place);
    const instructions = state ? [generalPrompt, `## State ${state.name}\n${state.prompt}`] : [generalPrompt];
    return { instructions, tools: [...generalTools, ...(state?.tools ?? [])], model, knowledge };
  }

  protected ownVariable(name: string): string | undefined {
    if (name === 'current_agent_state') return this.state.place || undefined;
    return name === 'previous_agent_state' ? this.state.previousPlace || undefined : undefined;
  }
}

function readPrompted(fields: Fields): Prompted {
  const states = new Map<string, PromptState>();
  for (const item of listOf(own(fields, 'states'))) {
    const state = isFields(item) ? readState(item) : undefined;
    if (state && !states.has(state.name)) states.set(state.name, state);
  }
  const starting = textIn(fields, 'starting_state');
  const [first = ''] = states.keys();
  return {
    generalPrompt: textIn(fields, 'general_prompt') ?? '',
    generalTools: readTools(own(fields, 'general_tools')),
    states,
    startingState: starting !== undefined && states.has(starting) ? starting : first,
    model: llmModel(fields),
    knowledge: knowledgeIn(fields),
    userFirst: own(fields, 'start_speaker') === 'user',
    beginMessage: textIn(fields, 'begin_message'),
  };
}

function readState(fields: Fields): PromptState | undefined {
  const name = textIn(fields, 'name');
  if (!name) return undefined;
  const moves = listOf(own(fields, 'edges')).flatMap((item): readonly Tool[] => {
    const edge = fieldsOf(item);
    const to = textIn(edge, 'destination_state_name');
    if (!to) return [];
    const parameters = own(edge, 'parameters');
    const description = `Move to the state ${to}. ${textIn(edge, 'description') ?? ''}`;
    const schema = isFields(parameters) ? parameters : { type: 'object', properties: {} };
    return [{ name: `transition_to_${to}`, does: 'move', description, to, parameters: schema }];
  });
  return { name, prompt: textIn(fields, 'state_prompt') ?? '', tools: [...readTools(own(fields, 'tools')), ...moves] };
}
