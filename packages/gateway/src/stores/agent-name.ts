/** Looking for an agent by what people remember of it. */

/** True where `part` is part of the agent's name, in any case, or of its id. */
export function isNamed(agentId: string, name: unknown, part: string): boolean {
  const wanted = part.trim().toLowerCase();
  return (typeof name === 'string' && name.toLowerCase().includes(wanted)) || agentId.includes(wanted);
}
