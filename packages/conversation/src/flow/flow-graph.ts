/** A conversation flow as the machine walks it: read once from Retell's JSON, never written to. */

export type EquationOperator =
  | '=='
  | '!='
  | '>'
  | '>='
  | '<'
  | '<='
  | 'contains'
  | 'not_contains'
  | 'exists'
  | 'not_exist';

/** `left` and `right` are templates: `{{user_dtmf_input}}`, `18`. */
export interface Equation {
  readonly left: string;
  readonly operator: EquationOperator;
  readonly right: string;
}

/** What has to hold before an edge is taken. */
export type Condition =
  | { readonly kind: 'equations'; readonly all: boolean; readonly equations: readonly Equation[] }
  /** A prompt that names keys and nothing else: "User pressed 1", "press 2 or 3". */
  | { readonly kind: 'keys'; readonly entries: readonly string[] }
  /** A prompt that says nothing was pressed: "No input". */
  | { readonly kind: 'no_keys' }
  /** Only a model could judge it. */
  | { readonly kind: 'prompt'; readonly text: string }
  /** Not of a form this knows; never holds. */
  | { readonly kind: 'unreadable' };

export interface FlowEdge {
  readonly id: string;
  readonly condition: Condition;
  readonly to: string | typeof GO_BACK;
}

/** The ways out of a node. */
export interface Exits {
  readonly edges: readonly FlowEdge[];
  /** Taken after any turn of the user's. */
  readonly always?: FlowEdge;
  /** Taken where no other holds. */
  readonly otherwise?: FlowEdge;
  /** Taken as soon as the node has spoken. */
  readonly skip?: FlowEdge;
}

/** Settings of the agent that a node replaces for itself; absent ones are the agent's. */
export interface NodeOverrides {
  readonly allowDtmfInterruption?: boolean;
  readonly interruptionSensitivity?: number;
  readonly reminderAfterMs?: number;
  readonly reminderMaxCount?: number;
  /** 0.5 to 2. */
  readonly voiceSpeed?: number;
}

/** How a global node is reached and left (`global_node_setting`). */
export interface GlobalSetting {
  readonly condition: Condition;
  /** Not reached again within so many moves; default 0. */
  readonly coolDown: number;
}

/** In place of a node's id: the node that a global one was reached from. */
export const GO_BACK = Symbol('go back');

interface NodeBase {
  readonly id: string;
  /** What people call it; the id where it has no name. */
  readonly name: string;
  /** Reached from any node that has no edge of its own for the turn. */
  readonly global?: GlobalSetting;
  readonly exits: Exits;
}

export type FlowNode =
  | (NodeBase & { readonly kind: 'says'; readonly text: string; readonly overrides: NodeOverrides })
  | (NodeBase & { readonly kind: 'ends'; readonly text: string })
  | (NodeBase & { readonly kind: 'branches' })
  /** `keys` is a template. */
  | (NodeBase & { readonly kind: 'presses'; readonly keys: string; readonly delayMs: number })
  /** `why` is for people: "its instruction is a prompt". */
  | (NodeBase & { readonly kind: 'unrunnable'; readonly why: string });

export interface FlowGraph {
  readonly startId?: string;
  readonly nodes: ReadonlyMap<string, FlowNode>;
  readonly globals: readonly FlowNode[];
  /** Why no part of it can run, where that is so: `flex_mode`. */
  readonly unrunnable?: string;
}
