/** Agents that a customer's own server speaks for. */
export {
  BEGIN_RESPONSE,
  callDetails,
  pingPong,
  readServerEvent,
  responseRequired,
  type ServerEvent,
} from './protocol.ts';
