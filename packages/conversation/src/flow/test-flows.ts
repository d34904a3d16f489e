/** Retell's flow JSON in few words, for tests. */
type Fields = Readonly<Record<string, unknown>>;

/** Any node. */
export const node = (id: string, type: string, rest: Fields): Fields => ({ id, type, ...rest });

/** A conversation node with a written sentence. */
export const says = (id: string, text: string, rest: Fields = {}): Fields =>
  node(id, 'conversation', { instruction: { type: 'static_text', text }, ...rest });

/** An end node; "" says nothing. */
export const ends = (id: string, text: string): Fields =>
  node(id, 'end', text === '' ? {} : { instruction: { type: 'static_text', text }, speak_during_execution: true });

/** A branch node with an `else`. */
export const branch = (id: string, edges: readonly Fields[], otherwise: string): Fields =>
  node(id, 'branch', { edges, else_edge: edge('else', otherwise) });

/** An edge whose condition does not matter: always, else, skip. */
export const edge = (id: string, to: string): Fields => ({
  id,
  destination_node_id: to,
  transition_condition: { type: 'prompt', prompt: 'Else' },
});

/** An edge with a prompt. */
export const keysEdge = (prompt: string, to: string): Fields => ({
  id: `${prompt} → ${to}`,
  destination_node_id: to,
  transition_condition: { type: 'prompt', prompt },
});

/** An edge with equations `[left, operator, right?]`. */
export const equation = (
  equations: readonly (readonly [string, string, string?])[],
  to: string,
  operator: '&&' | '||' = '&&',
): Fields => ({
  id: `to ${to}`,
  destination_node_id: to,
  transition_condition: {
    type: 'equation',
    operator,
    equations: equations.map(([left, op, right]) => ({
      left,
      operator: op,
      ...(right !== undefined && { right }),
    })),
  },
});
