/** Why a text of ours was not sent: `outgoing_texts[].error_code` of a chat, where no provider's own code is there. */
export const NOT_SENT_CODES = ['no_edge', 'no_route', 'opted_out', 'too_long', 'unknown', 'unreachable'] as const;
/** One of `NOT_SENT_CODES`. */
export type NotSentCode = (typeof NOT_SENT_CODES)[number];
