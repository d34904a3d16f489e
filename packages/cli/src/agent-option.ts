import type { AgentVersionReference } from '@pickup/contract';
import { CommandFault } from './command.ts';

/** The value of `--agent`: `agent_1`, `agent_1@3`, `agent_1@prod`. A version of digits is a number. */
export function readAgentOption(text: string): {
  readonly agent_id: string;
  readonly agent_version?: AgentVersionReference;
} {
  const at = text.lastIndexOf('@');
  if (at < 0) return { agent_id: text };
  const version = text.slice(at + 1);
  if (at === 0 || version === '') throw new CommandFault('--agent must be an id, or an id and a version: agent_1@3');
  return { agent_id: text.slice(0, at), agent_version: /^\d{1,9}$/.test(version) ? Number(version) : version };
}
