/** replay-inbound: the recorded request once more, and what would be decided now beside what was. */
import {
  apiError,
  explainInbound,
  fieldsSchema,
  type InboundObject,
  parseReplay,
  REPLAY_FIELDS,
  type ReplayBody,
} from '@pickup/contract';
import { compareDecisions, type Decided } from '../runners/compare-decisions.ts';
import { type OtherEndpoint, type Replayed, replayInbound } from '../runners/replay-inbound.ts';
import type { ApiDeps } from './deps.ts';
import { ApiFailure, accept, invalid, unknownAsset } from './failure.ts';
import type { Route } from './route.ts';

/** The route that replays. A signed request leaves the house, so it takes a full key, wherever it goes. */
export function replayInboundRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: '/replay-inbound/{inbound_id}',
      summary: "Send an inbound's recorded request again and compare the decisions; nobody is connected",
      access: 'write',
      body: fieldsSchema(REPLAY_FIELDS, true),
      async handle({ params, body, warn }) {
        const { other, made } = await otherEndpoint(deps, accept(parseReplay(body), warn));
        const inbound = await deps.store.getInbound(params['inbound_id']!);
        if (inbound === undefined) throw unknownAsset();
        const { store, timers: clock, catalogue, newId, sendReplay: send, rehearseStart: start } = deps;
        const checkUrl = (url: string) => deps.checkUrl(url, 'agent_webhook');
        const replayed = await replayInbound({ store, clock, catalogue, checkUrl, newId, start, send }, inbound, other);
        if (!replayed.done) throw new ApiFailure(apiError('cannot_replay', { reason: replayed.why }));
        return { ...besideEachOther(inbound, replayed), ...(made !== undefined && { signing_key: made }) };
      },
    },
  ];
}

/**
 * The endpoint that the body names. It is not the number's own, so the account's keys never sign what it gets: it could
 * pass that on to the own one. `made`: the key, where none was given.
 */
async function otherEndpoint(
  deps: ApiDeps,
  { webhook_url, signing_key }: ReplayBody,
): Promise<{ readonly other: OtherEndpoint | undefined; readonly made?: string }> {
  if (webhook_url === undefined) {
    if (signing_key === undefined) return { other: undefined };
    throw invalid("signing_key goes with webhook_url; the number's own URL is sent what the account's key signs.");
  }
  const judged = deps.checkUrl(webhook_url, 'number_webhook');
  if (!judged.ok) throw invalid(`webhook_url: ${judged.message}`);
  if (signing_key === undefined) {
    const made = `test_${deps.newId()}`;
    return { other: { webhook_url, signing_key: made }, made };
  }
  if ((await deps.authenticate(signing_key)) !== undefined) {
    throw invalid('signing_key must be a key for tests, not an API key: another endpoint would get its signature.');
  }
  return { other: { webhook_url, signing_key } };
}

/** The two, each with what it comes to in a sentence. */
function besideEachOther(inbound: InboundObject, { replay, settings }: Replayed & { readonly done: true }) {
  const { agent_id, agent_version, reply, ...arrival } = inbound;
  const { attempt } = replay;
  const now = { ...arrival, ...replay, settings, attempts: attempt ? [attempt] : [] };
  const original = decidedOf(inbound);
  return {
    original: { ...original, explanation: explainInbound(inbound) },
    replay: { ...replay, explanation: explainInbound(now) },
    differences: compareDecisions(original, replay),
  };
}

function decidedOf({ outcome, agent_id, agent_version, decision, issues, reply }: InboundObject): Decided {
  return {
    outcome,
    ...(agent_id !== undefined && { agent_id }),
    ...(agent_version !== undefined && { agent_version }),
    decision,
    issues,
    ...(reply !== undefined && { reply }),
  };
}
