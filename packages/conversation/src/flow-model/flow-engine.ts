/**
 * Conversation flows with a model: as the static machine walks them, and besides, nodes that talk by a prompt, use tools,
 * find variables, call functions, swap agents, and conditions that a model judges.
 *
 * F7 Equations and keys are judged first; only what they leave open is put to a model, one question for all conditions
 *    of a turn. Where none holds, the node's default is taken, and without one the talk stays where it is.
 * F8 A node that a chat cannot carry out is passed by its edge, and named.
 */
import { type FlowEdge, type FlowNode, GO_BACK } from '../flow/flow-graph.ts';
import { hasExit, holds, KEYS_VARIABLE, pickDefault, pickNamed, type Turn, waitsForKeys } from '../flow/pick-exit.ts';
import { MAX_HOPS, MAX_MISSES, MAX_QUIET_HOPS } from '../flow/step-flow.ts';
import type { ModelReply, ToolCall } from '../talk/model.ts';
import { readArguments } from '../talk/model-tools.ts';
import type { AskPurpose, TalkContext, TalkEngine, TalkState } from '../talk/step.ts';
import { type Place, Talk } from '../talk/talk.ts';
import { foundVariables, type Tool } from '../talk/tool.ts';
import { type ModelFlow, type ModelNode, readModelFlow } from './model-flow.ts';
import { askForArguments, askForValues, askWhichHolds, chosenOf } from './questions.ts';

type Way = { readonly edge: FlowEdge } | { readonly global: FlowNode };

/** A message that is an entry of keys. */
const WRITTEN_KEYS = /^[0-9*#]{1,50}$/;

/** `settings` is a conversation flow's JSON; never throws, whatever it is. */
export function flowEngine(settings: unknown): TalkEngine {
  const flow = readModelFlow(settings);
  return {
    step(state, event, context) {
      const talk = new FlowTalk(flow, state, context);
      talk.take(event);
      return talk.result();
    },
  };
}

class FlowTalk extends Talk {
  readonly #flow: ModelFlow;

  constructor(flow: ModelFlow, state: TalkState, context: TalkContext) {
    super(state, context);
    this.#flow = flow;
  }

  protected started(messageWaits: boolean): void {
    const { userFirst, graph, beginMessage } = this.#flow;
    if (graph.unrunnable !== undefined) this.cannot('flex_mode: the flow is walked node by node');
    if (userFirst) return this.wait();
    // The user has written: a node that would think up a greeting answers that instead.
    const start = this.#flow.nodes.get(graph.startId ?? '');
    if (messageWaits && beginMessage === undefined && start?.doing?.does === 'converse') return this.wait();
    this.#enter(graph.startId ?? '', 'normal', beginMessage);
  }

  protected tookOver(): void {
    this.#enter(this.#flow.graph.startId ?? '', 'normal');
  }

  protected turned(text: string): void {
    const at = this.#at;
    if (!at) return this.#enter(this.#flow.graph.startId ?? '', 'normal');
    const { node } = at;
    const keys = text.trim();
    const isEntry = WRITTEN_KEYS.test(keys);
    if (isEntry) this.set({ [KEYS_VARIABLE]: keys, [`${KEYS_VARIABLE}_${node.id}`]: keys });
    // Else the entry before would answer this node's equations.
    else if (waitsForKeys(node.exits)) this.set({ [KEYS_VARIABLE]: '' });
    const turn: Turn = isEntry ? { by: 'keys', keys } : { by: 'speech' };
    const named = pickNamed(node.exits, turn, this.lookup);
    if (named) return this.#leave(named);
    const global = this.#globals(node).find((one) => holds(one.global!.condition, turn, this.lookup));
    if (global) return this.#enterGlobal(global);
    const ways = this.#openWays(at);
    if (ways.length > 0) return this.#judge(at, ways);
    this.#byDefault(at);
  }

  protected rested(): void {
    const at = this.#at;
    if (at?.doing?.does === 'part') return this.end(`node ${at.node.id} ends the chat`);
    if (at) this.#settle(at);
    else this.wait();
  }

  protected judged(purpose: AskPurpose, reply: ModelReply): void {
    const at = this.#at;
    if (!at) return this.wait();
    if (purpose === 'judge') {
      const ways = this.#openWays(at);
      const way = ways[chosenOf(reply, ways.length) ?? -1];
      if (!way) return this.#byDefault(at);
      return 'global' in way ? this.#enterGlobal(way.global) : this.#leave(way.edge);
    }
    const [call] = reply.toolCalls;
    const args = call && readArguments(call.arguments);
    if (purpose === 'extract' && at.doing?.does === 'extract') {
      if (args) this.set(foundVariables(at.doing.variables, args));
      return this.#goOn(at);
    }
    if (purpose === 'arguments' && at.doing?.does === 'call') return this.#callNow(at.doing.tool, call);
    this.wait();
  }

  /** Flows have no tools that move. */
  protected moved(): void {
    this.wait();
  }

  protected place(): Place {
    const at = this.#at;
    const { globalPrompt } = this.#flow;
    const doing = at?.doing;
    const prompt = doing && 'prompt' in doing ? doing.prompt : '';
    return {
      instructions: prompt === '' ? [globalPrompt] : [globalPrompt, `## Your task now\n${prompt}`],
      tools: doing?.does === 'converse' ? doing.tools : [],
      model: at?.model ?? this.#flow.model,
      knowledge: at?.knowledge ?? this.#flow.knowledge,
    };
  }

  protected ownVariable(name: string): string | undefined {
    if (name === 'current_node') return this.#nameOf(this.state.place);
    return name === 'previous_node' ? this.#nameOf(this.state.previousPlace) : undefined;
  }

  protected override toolOf(call: ToolCall): Tool | undefined {
    const doing = this.#at?.doing;
    return doing?.does === 'call' ? doing.tool : super.toolOf(call);
  }

  protected override toolDone(tool: Tool | undefined, successful: boolean): void {
    const at = this.#at;
    if (at?.doing?.does !== 'call') return super.toolDone(tool, successful);
    this.change({ calls: [], owesReply: false });
    this.#goOn(at);
  }

  protected override swapFailed(why: string): void {
    const doing = this.#at?.doing;
    if (doing?.does !== 'swap') return super.swapFailed(why);
    this.cannot(`node ${this.state.place}: ${why}`);
    if (doing.failed) return this.#leave(doing.failed);
    this.wait();
  }

  get #at(): ModelNode | undefined {
    return this.#flow.nodes.get(this.state.place);
  }

  #nameOf(nodeId: string): string | undefined {
    return this.#flow.graph.nodes.get(nodeId)?.name;
  }

  #enter(nodeId: string, type: 'normal' | 'global' | 'global_go_back', greeting?: string): void {
    const { hops, quietHops, place: former } = this.state;
    if (hops >= MAX_HOPS || quietHops >= MAX_QUIET_HOPS) return this.end(`node ${nodeId} closes a loop without end`);
    const at = this.#flow.nodes.get(nodeId);
    const change = { previousPlace: former, place: nodeId, hops: hops + 1, quietHops: quietHops + 1, misses: 0 };
    this.change(change);
    if (!at) return this.end(`there is no node ${nodeId}`);
    this.add({
      role: 'node_transition',
      ...(former !== '' && { former_node_id: former, former_node_name: this.#nameOf(former) ?? former }),
      new_node_id: nodeId,
      new_node_name: at.node.name,
      transition_type: type,
    });
    if (greeting === undefined || at.node.kind === 'says') return this.#act(at, greeting);
    this.say(this.render(greeting));
    if (at.doing?.does === 'converse') return this.#settle(at);
    this.#act(at, undefined);
  }

  #act(at: ModelNode, greeting: string | undefined): void {
    const { node, doing } = at;
    if (node.kind === 'says') {
      this.say(this.render(greeting ?? node.text));
      return this.#settle(at);
    }
    if (node.kind === 'ends') {
      this.say(this.render(node.text));
      return this.end(`node ${node.id} ends the chat`);
    }
    if (node.kind === 'branches' || !doing) return this.#goOn(at);
    switch (doing.does) {
      case 'converse':
      case 'part':
        return this.askReply();
      case 'extract':
        return this.ask('extract', askForValues(at.model, doing.variables, this.state.history, this.lookup));
      case 'call':
        if (doing.says !== undefined) this.say(this.render(doing.says));
        if (!takesArguments(doing.tool)) return this.#callNow(doing.tool, undefined);
        return this.ask('arguments', askForArguments(at.model, doing.tool, this.#aboutArguments(), this.lookup));
      case 'swap':
        return this.wish('swapping', { want: 'agent', agentId: doing.agentId, version: doing.version });
      case 'pass':
        this.cannot(`node ${node.id}: ${doing.why}`);
        if (doing.edge) return this.#leave(doing.edge);
        return this.end(`node ${node.id} cannot be carried out and leads nowhere`);
    }
  }

  #aboutArguments() {
    return { globalPrompt: this.render(this.#flow.globalPrompt), history: this.state.history };
  }

  #callNow(tool: Extract<Tool, { does: 'call' }>, asked: ToolCall | undefined): void {
    const args = readArguments(asked?.arguments ?? '') ?? {};
    const call = { id: this.callId(asked?.id ?? ''), name: tool.name, arguments: JSON.stringify(args) };
    this.change({ calls: [call] });
    this.invoked(call);
    this.callTool(tool, call, args);
  }

  /** The node has spoken. */
  #settle({ node }: ModelNode): void {
    const { exits } = node;
    if (exits.skip) return this.#leave(exits.skip);
    // A node that says a sentence is done; one that talks by a prompt may go on talking.
    const isDone = node.kind === 'says' && !hasExit(exits) && this.#globals(node).length === 0;
    if (isDone) return this.end(`node ${node.id} leads nowhere`);
    this.wait();
  }

  /** A node that waits for nobody leaves by what holds. */
  #goOn(at: ModelNode): void {
    const turn: Turn = { by: 'keys', keys: this.state.variables[KEYS_VARIABLE] ?? '' };
    const named = pickNamed(at.node.exits, turn, this.lookup);
    if (named) return this.#leave(named);
    const ways = this.#openWays(at);
    if (ways.length > 0) return this.#judge(at, ways);
    this.#byDefault(at);
  }

  #byDefault(at: ModelNode): void {
    const { node } = at;
    const edge = pickDefault(node.exits, { by: 'speech' });
    if (edge) return this.#leave(edge);
    if (node.kind === 'branches') return this.end(`no edge of node ${node.id} holds`);
    if (node.kind !== 'says') return this.askReply();
    const misses = this.state.misses + 1;
    this.change({ misses });
    if (misses > MAX_MISSES) return this.end(`node ${node.id} has no edge for what the user says`);
    this.say(this.render(node.text));
    this.wait();
  }

  #judge(at: ModelNode, ways: readonly Way[]): void {
    const conditions = ways.map((way) => this.render(conditionOf(way)));
    this.ask('judge', askWhichHolds(at.model, conditions, this.state.history));
  }

  /** What only a model can judge: prompts of the node's edges, and at nodes that wait for the user those of global nodes. */
  #openWays({ node, doing }: ModelNode): readonly Way[] {
    const edges = node.exits.edges.filter(({ condition }) => condition.kind === 'prompt' || condition.kind === 'keys');
    const waits = node.kind === 'says' || doing?.does === 'converse';
    const globals = waits ? this.#globals(node).filter(({ global }) => global?.condition.kind === 'prompt') : [];
    return [...edges.map((edge) => ({ edge })), ...globals.map((global) => ({ global }))];
  }

  #globals(from: FlowNode): readonly FlowNode[] {
    const { globalHops, hops } = this.state;
    return this.#flow.graph.globals.filter(({ id, global }) => {
      const last = Object.hasOwn(globalHops, id) ? globalHops[id] : undefined;
      return id !== from.id && (last === undefined || hops - last >= (global?.coolDown ?? 0));
    });
  }

  #enterGlobal({ id }: FlowNode): void {
    const { globalHops, hops, returnTo, place } = this.state;
    // From one global node to another, the way back stays the one into the flow.
    const back = this.#flow.graph.nodes.get(place)?.global ? returnTo : place;
    this.change({ returnTo: back, globalHops: { ...globalHops, [id]: hops } });
    this.#enter(id, 'global');
  }

  #leave(edge: FlowEdge): void {
    if (edge.to !== GO_BACK) return this.#enter(edge.to, 'normal');
    this.#enter(this.state.returnTo || (this.#flow.graph.startId ?? ''), 'global_go_back');
  }
}

function conditionOf(way: Way): string {
  const condition = 'edge' in way ? way.edge.condition : way.global.global!.condition;
  if (condition.kind === 'prompt') return condition.text;
  return condition.kind === 'keys' ? `The user chose or named ${condition.entries.join(' or ')}` : '';
}

function takesArguments({ parameters }: Extract<Tool, { does: 'call' }>): boolean {
  const properties = parameters['properties'];
  return typeof properties === 'object' && properties !== null && Object.keys(properties).length > 0;
}
