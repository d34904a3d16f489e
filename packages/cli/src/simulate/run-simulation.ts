/** `pickup call` and `pickup sms`: the timeline as it happens, then what it came to. */
import { type Channel, explainInbound, explanationLine, type InboundObject } from '@pickup/contract';
import type { Context, ExitCode } from '../command.ts';
import { jsonText } from '../json-text.ts';
import { printable } from '../style.ts';
import type { TimelineCall } from '../timeline.ts';
import { askWebhook } from './ask-webhook.ts';
import { type Continued, livedThrough } from './lived-through.ts';
import { placeAtGateway } from './place-at-gateway.ts';
import { readSimulation } from './simulation.ts';

/** How a simulated call or text ended. */
export interface Played {
  readonly inbound: InboundObject;
  readonly call?: TimelineCall | undefined;
  /** What the agent said or wrote. */
  readonly said: readonly string[];
  /** Of a text: it was answered, and this is all that was said to it. */
  readonly isWhole?: boolean;
  /** Of a text whose answer had not come by then: how long it was waited for. */
  readonly silentMs?: number;
  /** Of a text that continues a chat. */
  readonly continues?: Continued;
}

/** 0 when it connected, 1 when it did not. */
export async function runSimulation(context: Context, channel: Channel): Promise<ExitCode> {
  const simulation = readSimulation(context, channel);
  const { webhook } = simulation;
  const played = webhook ? await askWebhook(context, simulation, webhook) : await placeAtGateway(context, simulation);
  const { inbound, call, continues } = played;
  const explanation = explainInbound(inbound);
  const lived = livedThrough(inbound, played);
  if (simulation.json) {
    context.out(
      `${jsonText({ inbound, ...(call && { call }), ...(continues && { continues }), explanation, lived_through: lived })}\n`,
    );
  } else {
    const { style } = context;
    const paint = inbound.outcome !== 'connected' ? style.bad : explanation.fix === undefined ? style.good : style.warn;
    // How the chat began is an old story.
    const headline = continues ? '' : `${style.bold(paint(printable(explanationLine(explanation))))}\n`;
    context.out(`\n${headline}${printable(lived)}\n`);
  }
  return inbound.outcome === 'connected' && played.silentMs === undefined ? 0 : 1;
}
