/** Why the work on a text stops for now. Neither is a bug. */

/** The agent's model, tool or server does not answer; tried again later. */
export class AgentNotReady extends Error {
  override readonly name = 'AgentNotReady';
}

/** Another took over from the same point, here or on another node. */
export class LostToAnother extends Error {
  override readonly name = 'LostToAnother';
}
