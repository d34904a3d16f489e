/** A simulated call or text straight at an endpoint: no gateway is needed, and no agent is looked up. */
import { readSetting, renderFault } from '@pickup/gateway/config';
import { CommandFault, type Context } from '../command.ts';
import { createPrinter } from '../follow-inbound.ts';
import { printable } from '../style.ts';
import type { Played } from './run-simulation.ts';
import { findSigningKey } from './signing-key.ts';
import type { Simulation, WebhookOptions } from './simulation.ts';

/** Plays it; prints which key signs, and the timeline as it happens. */
export async function askWebhook(context: Context, simulation: Simulation, webhook: WebhookOptions): Promise<Played> {
  const key = findSigningKey(context.env, webhook.signingKey);
  const { channel, from_number, to_number, headers, fault, json } = simulation;
  const print = createPrinter(context);
  if (!json) {
    const what = channel === 'call' ? 'call' : 'text';
    const unchecked = 'no gateway is asked, so agents are not looked up';
    context.out(
      context.style.dim(
        `a ${what} from ${from_number} to ${to_number}, signed with the key ${printable(key.from)}; ${unchecked}\n`,
      ),
    );
  }
  const { rehearseWebhook } = await import('@pickup/gateway');
  const inbound = await rehearseWebhook({
    ...{ channel, from_number, to_number, headers },
    webhookUrl: webhook.url,
    signingKey: key.value,
    ...(webhook.agent && { agent: webhook.agent }),
    ...(fault && { fault }),
    profile: settingOf(context, 'PICKUP_WEBHOOK_PROFILE'),
    allow: settingOf(context, 'PICKUP_WEBHOOK_ALLOW').map(({ text }) => text),
    ...(!json && { onChange: (now) => print({ inbound: now, call: undefined }) }),
  });
  if (!json) print({ inbound, call: undefined });
  return { inbound, said: [] };
}

function settingOf<N extends 'PICKUP_WEBHOOK_PROFILE' | 'PICKUP_WEBHOOK_ALLOW'>({ env }: Context, name: N) {
  const { value, fault } = readSetting(env, name);
  if (fault) throw new CommandFault(renderFault(fault));
  return value!;
}
