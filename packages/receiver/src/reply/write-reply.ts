import type { InboundContext } from '../inbound/event.ts';

const GROUPS = ['call_inbound', 'chat_inbound'];

/**
 * A handler's result as JSON text: nothing is `{}` (the number's own agent), a reply stands under the event's name, and
 * one that has its group already goes as it is.
 * @throws TypeError for what JSON cannot say, such as a Response or a Map, which would go out as an empty reply.
 */
export function writeReply(result: unknown, event: InboundContext['event']): string {
  if (result === undefined || result === null) return '{}';
  const tag = Object.prototype.toString.call(result).slice(8, -1);
  if (typeof result === 'object' && tag !== 'Object' && tag !== 'Array')
    throw new TypeError(`The handler returned a ${tag}; return accept(…), override(…), reject(…) or nothing.`);
  if (typeof result === 'function')
    throw new TypeError('The handler returned a function; call it: accept(), override({…}), reject().');
  const whole = typeof result === 'object' && GROUPS.some((group) => Object.hasOwn(result, group));
  return JSON.stringify(whole ? result : { [event]: result });
}
