/** The names of simulated faults, as literals: the types of the package must not lead to the rule set's library. */

/** What can go wrong: on the line to the endpoint, or with the caller. */
export type FaultKind = 'timeout' | '500' | 'slow-drip' | 'reset' | 'malformed' | 'duplicate' | 'hang-up';
/** A fault's name, or with the number of attempts that meet it: `500:2` is the first two. */
export type Fault = FaultKind | `${FaultKind}:${1 | 2 | 3 | 4}`;
