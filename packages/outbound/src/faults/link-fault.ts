/** What can go wrong between Pickup and an endpoint, to be tried out. */

/**
 * `timeout`: never answers. `500`: answers 500. Neither asks the endpoint. `slow-drip`: the endpoint's reply, a byte
 * every 300 ms. `reset`: TCP RST after the reply's first bytes. `malformed`: the reply cut in the middle of its JSON.
 * `duplicate`: the request arrives twice, with the same `webhook-id`; the first reply is passed on.
 */
export const LINK_FAULTS = ['timeout', '500', 'slow-drip', 'reset', 'malformed', 'duplicate'] as const;
/** One of `LINK_FAULTS`. */
export type LinkFault = (typeof LINK_FAULTS)[number];
