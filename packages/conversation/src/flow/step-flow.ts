/**
 * The flow machine: a state and an event give a new state and effects.
 *
 * F1 It never throws, whatever the flow, and ignores events that its phase does not expect.
 * F2 Between two things the user does it enters at most MAX_QUIET_HOPS nodes, and MAX_HOPS in all.
 * F3 A place without a way out ends the call once its sentence was said.
 * F4 With only timers firing it comes to rest: over, or with no timer armed (then the session's own limit of silence
 *    ends the call).
 * F5 An entry ends at the digit limit, at the termination key, or when no key came for the digit time-out. The
 *    termination key is no part of it, unless it is all there is.
 * F6 A message is one turn: an entry where it holds keys and nothing else, words otherwise. Words are a turn at every
 *    node, also where keys are waited for; a turn that leads nowhere has the sentence said again.
 */
import { renderSpans, renderTemplate, type VariableLookup } from '@pickup/core';
import { type FlowEdge, type FlowGraph, type FlowNode, GO_BACK } from './flow-graph.ts';
import { type FlowSettings, isDigit, nodeSettings } from './flow-settings.ts';
import type { FlowEffect, FlowEvent, FlowState, FlowTimer } from './flow-state.ts';
import { hasExit, holds, KEYS_VARIABLE, pickDefault, pickNamed, type Turn, waitsForKeys } from './pick-exit.ts';

export interface FlowContext {
  readonly settings: FlowSettings;
  /** The session's variables, the system's included. */
  readonly lookup: VariableLookup;
  /** Said in place of the start node's sentence; "" says nothing there. */
  readonly beginMessage?: string;
}

export interface FlowStep {
  readonly state: FlowState;
  /** In order. */
  readonly effects: readonly FlowEffect[];
}

/** Before `start`. */
export const IDLE: FlowState = {
  phase: 'idle',
  nodeId: '',
  previousNodeId: '',
  returnTo: '',
  globalHops: {},
  entry: '',
  pressed: '',
  complete: false,
  userSpeaking: false,
  greeting: false,
  variables: {},
  hops: 0,
  quietHops: 0,
  misses: 0,
  reminders: 0,
};

/** See F2; a long chain of announcements is a dozen. */
export const MAX_QUIET_HOPS = 50;
export const MAX_HOPS = 1_000;
/** Entries in a row that a node has no edge for: the next one ends the call. */
export const MAX_MISSES = 5;
/** A caller who stops for this long has finished. */
const PAUSE_MS = 500;
/** A message that is an entry; the letters of A to D are words when they are written. */
const WRITTEN_KEYS = /^[0-9*#]{1,50}$/;

/** Pure. */
export function stepFlow(flow: FlowGraph, state: FlowState, event: FlowEvent, context: FlowContext): FlowStep {
  if (state.phase === 'over') return { state, effects: [] };
  const walk = new Walk(flow, state, context);
  walk.take(event);
  return { state: walk.state, effects: walk.effects };
}

/** One step being taken. */
class Walk {
  state: FlowState;
  readonly effects: FlowEffect[] = [];
  readonly #flow: FlowGraph;
  readonly #context: FlowContext;
  readonly #lookup: VariableLookup;

  constructor(flow: FlowGraph, state: FlowState, context: FlowContext) {
    this.#flow = flow;
    this.#context = context;
    this.state = state;
    this.#lookup = (name) => {
      if (name === 'current_node') return this.#nameOf(this.state.nodeId);
      if (name === 'previous_node') return this.#nameOf(this.state.previousNodeId);
      return Object.hasOwn(this.state.variables, name) ? this.state.variables[name] : context.lookup(name);
    };
  }

  take(event: FlowEvent): void {
    switch (event.on) {
      case 'start':
        if (this.state.phase === 'idle') this.#enter(this.#flow.startId ?? '');
        return;
      case 'said':
        if (this.state.phase === 'speaking' && this.#node) this.#spoken(this.#node);
        return;
      case 'key':
        return this.#key(event.key);
      case 'speech':
        return this.#speech(event.speaking);
      case 'message':
        return this.#message(event.text);
      case 'timer':
        return this.#timer(event.timer);
    }
  }

  get #node(): FlowNode | undefined {
    return this.#flow.nodes.get(this.state.nodeId);
  }

  #nameOf(nodeId: string): string | undefined {
    return this.#flow.nodes.get(nodeId)?.name;
  }

  #change(change: Partial<FlowState>): void {
    this.state = { ...this.state, ...change };
  }

  #enter(nodeId: string): void {
    const { hops, quietHops } = this.state;
    if (hops >= MAX_HOPS || quietHops >= MAX_QUIET_HOPS) return this.#end(`node ${nodeId} closes a loop without end`);
    const node = this.#flow.nodes.get(nodeId);
    this.#change({
      previousNodeId: this.state.nodeId,
      nodeId,
      hops: hops + 1,
      quietHops: quietHops + 1,
      misses: 0,
      reminders: 0,
    });
    if (!node) return this.#end(`there is no node ${nodeId}`);
    const greeting = hops === 0 ? this.#context.beginMessage : undefined;
    if (greeting !== undefined && node.kind !== 'says') {
      this.#change({ greeting: true });
      return this.#say(node, greeting);
    }
    this.#act(node, greeting);
  }

  #act(node: FlowNode, greeting: string | undefined): void {
    switch (node.kind) {
      case 'says':
        // Keys typed ahead of the sentence that asks for them.
        if (this.state.entry !== '' && !node.exits.skip && this.#interrupts(node)) return this.#settle(node);
        return this.#say(node, greeting ?? node.text);
      case 'ends':
        return this.#say(node, node.text);
      case 'branches': {
        const turn: Turn = { by: 'keys', keys: this.state.variables[KEYS_VARIABLE] ?? '' };
        return this.#leave(node, pickNamed(node.exits, turn, this.#lookup) ?? pickDefault(node.exits, turn));
      }
      case 'presses':
        return this.#press(node);
      case 'unrunnable':
        return this.#end(`node ${node.id}: ${node.why}`);
    }
  }

  #say(node: FlowNode, template: string): void {
    const spans = renderSpans(template, this.#lookup);
    this.#change({ phase: 'speaking' });
    if (spans.every((span) => span.text.trim() === '')) return this.#spoken(node);
    const speed = node.kind === 'says' ? node.overrides.voiceSpeed : undefined;
    this.effects.push({ do: 'say', nodeId: node.id, spans, ...(speed !== undefined && { speed }) });
  }

  #press(node: FlowNode & { readonly kind: 'presses' }): void {
    const keys = [...renderTemplate(node.keys, this.#lookup)].filter(isDigit).join('');
    if (keys === '') return this.#end(`node ${node.id} has no keys to press`);
    this.#change({ phase: 'speaking' });
    this.effects.push({ do: 'press', keys, delayMs: node.delayMs });
  }

  /** What was to be said was said. */
  #spoken(node: FlowNode): void {
    if (!this.state.greeting) return this.#settle(node);
    this.#change({ greeting: false });
    this.#act(node, undefined);
  }

  /** Nothing is left to say here: go on, or wait for the user. */
  #settle(node: FlowNode): void {
    if (node.kind === 'ends') return this.#end(`node ${node.id} ends the call`);
    if (node.exits.skip) return this.#leave(node, node.exits.skip);
    if (this.state.complete) return this.#entered(node);
    if (this.state.entry !== '') return this.#collect();
    if (!hasExit(node.exits)) return this.#end(`node ${node.id} leads nowhere`);
    this.#change({ phase: 'waiting' });
    if (!this.state.userSpeaking) this.#armQuiet(node);
  }

  #key(key: string): void {
    const { settings } = this.#context;
    const { phase, complete } = this.state;
    if (!settings.acceptsKeys || !isDigit(key) || complete || phase === 'idle') return;
    this.#append(key);
    const node = this.#node;
    if (!node) return;
    if (phase !== 'speaking') return this.state.complete ? this.#entered(node) : this.#collect();
    if (node.kind !== 'says' || !this.#interrupts(node)) return;
    this.effects.push({ do: 'hush' });
    this.#settle(node);
  }

  #append(key: string): void {
    const { entry, pressed } = this.state;
    const { terminationKey, digitLimit } = this.#context.settings;
    const last = key === terminationKey;
    const next = last && entry !== '' ? entry : entry + key;
    this.#change({ entry: next, pressed: pressed + key, complete: last || next.length >= digitLimit });
  }

  #collect(): void {
    this.#change({ phase: 'collecting' });
    this.effects.push({ do: 'arm', timer: 'keys', afterMs: this.#context.settings.digitTimeoutMs });
  }

  /** The entry is over: it is the user's turn. */
  #entered(node: FlowNode): void {
    const { entry: keys, pressed, phase } = this.state;
    if (phase === 'waiting' || phase === 'collecting') this.effects.push({ do: 'disarm' });
    this.effects.push({ do: 'record_keys', pressed });
    this.#change({ entry: '', pressed: '', complete: false, quietHops: 0 });
    this.#set(KEYS_VARIABLE, keys);
    this.#set(`${KEYS_VARIABLE}_${node.id}`, keys);
    if (!hasExit(node.exits)) return this.#end(`node ${node.id} leads nowhere`);
    if (!this.#turn(node, { by: 'keys', keys })) this.#missed(node);
  }

  /** No edge for these keys: say the sentence again, so many times. */
  #missed(node: FlowNode): void {
    const misses = this.state.misses + 1;
    this.#change({ misses });
    if (misses > MAX_MISSES) return this.#end(`node ${node.id} has no edge for the keys pressed`);
    if (node.kind === 'says') return this.#say(node, node.text);
    this.#settle(node);
  }

  #speech(speaking: boolean): void {
    const node = this.#node;
    this.#change({ userSpeaking: speaking });
    if (this.state.phase !== 'waiting' || !node) return;
    if (speaking) this.effects.push({ do: 'disarm' });
    else if (waitsForKeys(node.exits)) this.#armQuiet(node);
    else this.effects.push({ do: 'arm', timer: 'pause', afterMs: PAUSE_MS });
  }

  #message(text: string): void {
    const node = this.#node;
    if (this.state.phase !== 'waiting' || !node) return;
    const written = text.trim();
    if (this.#context.settings.acceptsKeys && WRITTEN_KEYS.test(written)) {
      this.#change({ entry: written, pressed: written });
      return this.#entered(node);
    }
    this.effects.push({ do: 'disarm' });
    this.#change({ quietHops: 0 });
    // Else the entry before would answer this node's equations.
    if (waitsForKeys(node.exits)) this.#set(KEYS_VARIABLE, '');
    if (!this.#turn(node, { by: 'speech' })) this.#missed(node);
  }

  #timer(timer: FlowTimer): void {
    const node = this.#node;
    const { phase } = this.state;
    if (!node) return;
    if (timer === 'keys' && phase === 'collecting') return this.#entered(node);
    if (phase !== 'waiting') return;
    if (timer === 'quiet') return this.#quiet(node);
    if (timer === 'pause') return this.#spoke(node);
  }

  /** The user said something and stopped. */
  #spoke(node: FlowNode): void {
    this.#change({ quietHops: 0 });
    if (!this.#turn(node, { by: 'speech' })) this.#armQuiet(node);
  }

  /** Nobody said or pressed anything: remind, then go where "nothing" leads, if it leads anywhere. */
  #quiet(node: FlowNode): void {
    const { reminders } = this.state;
    if (node.kind === 'says' && node.text.trim() !== '' && reminders < this.#settingsOf(node).reminderMaxCount) {
      this.#change({ reminders: reminders + 1 });
      return this.#say(node, node.text);
    }
    if (!waitsForKeys(node.exits) && node.kind !== 'presses') return;
    this.#set(KEYS_VARIABLE, '');
    this.#turn(node, { by: 'silence' });
  }

  /** Moves on where the turn leads anywhere: an edge of the node's own, a global node, the node's default. */
  #turn(node: FlowNode, turn: Turn): boolean {
    const named = pickNamed(node.exits, turn, this.#lookup);
    const global = named ? undefined : this.#pickGlobal(node, turn);
    const edge = named ?? (global ? undefined : pickDefault(node.exits, turn));
    if (global) this.#enterGlobal(node, global);
    else if (edge) this.#leave(node, edge);
    return global !== undefined || edge !== undefined;
  }

  #pickGlobal(from: FlowNode, turn: Turn): FlowNode | undefined {
    const { globalHops, hops } = this.state;
    return this.#flow.globals.find(({ id, global }) => {
      if (!global || id === from.id || !holds(global.condition, turn, this.#lookup)) return false;
      const last = Object.hasOwn(globalHops, id) ? globalHops[id] : undefined;
      return last === undefined || hops - last >= global.coolDown;
    });
  }

  #enterGlobal(from: FlowNode, { id }: FlowNode): void {
    const { globalHops, hops, returnTo } = this.state;
    // From one global node to another, the way back stays the one into the flow.
    this.#change({ returnTo: from.global ? returnTo : from.id, globalHops: { ...globalHops, [id]: hops } });
    this.#enter(id);
  }

  #leave(node: FlowNode, edge: FlowEdge | undefined): void {
    if (!edge) return this.#end(`no edge of node ${node.id} holds`);
    this.#enter(edge.to === GO_BACK ? this.state.returnTo || (this.#flow.startId ?? '') : edge.to);
  }

  #armQuiet(node: FlowNode): void {
    this.effects.push({ do: 'arm', timer: 'quiet', afterMs: this.#settingsOf(node).reminderAfterMs });
  }

  #settingsOf(node: FlowNode): FlowSettings {
    const { settings } = this.#context;
    return node.kind === 'says' ? nodeSettings(settings, node.overrides) : settings;
  }

  #interrupts(node: FlowNode): boolean {
    const { allowDtmfInterruption, interruptionSensitivity } = this.#settingsOf(node);
    return allowDtmfInterruption || interruptionSensitivity > 0;
  }

  #set(name: string, value: string): void {
    this.#change({ variables: { ...this.state.variables, [name]: value } });
    this.effects.push({ do: 'set', name, value });
  }

  #end(why: string): void {
    this.#change({ phase: 'over' });
    this.effects.push({ do: 'end', reason: 'agent_hangup', why });
  }
}
