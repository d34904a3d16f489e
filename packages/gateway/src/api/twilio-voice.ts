/** Where Twilio asks what to do with a call to a number of this gateway, and again when that is done. */
import type { PhoneNumberSettings } from '@pickup/contract';
import type { TwilioFields } from '../edges/twilio/index.ts';
import { type AfterDial, type DialEnd, judgeDial } from '../providers/after-dial.ts';
import { sipUri } from '../providers/sip-target.ts';
import { TWILIO_PATHS, twilioUrl } from '../providers/twilio-settings.ts';
import { dialNumber, dialSip, hangUp, rejectCall, type SipLogin } from '../providers/voice-twiml.ts';
import { isHidden } from '../runners/phone-digits.ts';
import type { NumberRow } from '../stores/port.ts';
import type { ApiDeps } from './deps.ts';
import { notTaken, twilioForm } from './provider-webhook.ts';
import type { Ask, Route } from './route.ts';

/** The two routes Twilio asks about calls. */
export function twilioVoiceRoutes(deps: ApiDeps): readonly Route[] {
  return [
    {
      method: 'POST',
      path: TWILIO_PATHS.voice,
      summary: 'Twilio asks what to do with a call (signed by Twilio)',
      access: 'public',
      raw: true,
      handle: (ask) => takeCall(deps, ask),
    },
    {
      method: 'POST',
      path: TWILIO_PATHS.voiceAction,
      summary: 'Twilio says how a call to us ended, and asks what to do now (signed by Twilio)',
      access: 'public',
      raw: true,
      handle: (ask) => followCall(deps, ask),
    },
  ];
}

/** Nothing is decided here: the call goes on to SIP, and rings there until the endpoint has decided. */
async function takeCall(deps: ApiDeps, ask: Ask): Promise<string> {
  const fields = twilioForm(ask, deps.twilioCalls);
  // Twilio asks again, and by then the next gateway may be up (H5).
  if (!deps.ready().ready) throw notTaken();
  const row = await deps.store.getNumber(one(fields, 'To'));
  asXml(ask);
  if (row === undefined) {
    deps.log.info('call_nobody_owns', { edge: 'twilio', 'pii.to_number': one(fields, 'To') });
    return rejectCall('rejected');
  }
  const target = deps.sipTarget();
  const login = loginOf(deps, row);
  if (target === undefined || login === 'lost') {
    if (target === undefined) deps.log.error('twilio_call_leads_nowhere', { missing: 'PICKUP_SIP_PUBLIC_HOST' });
    return carryOut(judgeDial({ status: 'failed' }, row.settings), row.settings, fields);
  }
  return dialSip({
    uri: sipUri(target, row.settings.phone_number),
    ...(login !== undefined && { login }),
    ringBudgetMs: row.settings.ring_budget_ms ?? deps.ringBudgetMs,
    action: twilioUrl(deps.publicUrl(), TWILIO_PATHS.voiceAction),
  });
}

async function followCall(deps: ApiDeps, ask: Ask): Promise<string> {
  const fields = twilioForm(ask, deps.twilioCalls);
  const row = await deps.store.getNumber(one(fields, 'To'));
  asXml(ask);
  const settings: Pick<PhoneNumberSettings, 'phone_number' | 'fallback_number'> = row?.settings ?? {
    phone_number: one(fields, 'To'),
  };
  const end = endOf(fields);
  const after = judgeDial(end, settings);
  if (after.kind !== 'over') {
    deps.log.info('twilio_call_not_taken', { after: after.kind, dial: end.status, sip: end.sipCode ?? 'none' });
  }
  return carryOut(after, settings, fields);
}

function carryOut(
  after: AfterDial,
  { phone_number }: Pick<PhoneNumberSettings, 'phone_number'>,
  fields: TwilioFields,
): Promise<string> {
  if (after.kind === 'over') return hangUp();
  if (after.kind === 'reject') return rejectCall(after.reason);
  // Whoever hides their number cannot be shown as the caller.
  const from = one(fields, 'From');
  return dialNumber(after.number, isHidden(from) || !/^\+\d+$/.test(from) ? phone_number : undefined);
}

/** `lost`: there is a password and it cannot be opened, so a call would only be refused. */
function loginOf(
  deps: ApiDeps,
  { settings, sealed_sip_inbound_password: sealed }: NumberRow,
): SipLogin | 'lost' | undefined {
  const { sip_inbound_username: username, phone_number: phoneNumber } = settings;
  if (!username || sealed === undefined) return undefined;
  try {
    return { username, password: deps.openInboundPassword(sealed, phoneNumber) };
  } catch (error) {
    deps.log.error('inbound_password_failed', { 'pii.phone_number': phoneNumber, error: String(error) });
    return 'lost';
  }
}

function endOf(fields: TwilioFields): DialEnd {
  const sipCode = Number(one(fields, 'DialSipResponseCode'));
  const header = Object.keys(fields).find((name) => name.toLowerCase() === 'sipheader_x-pickup-outcome');
  const outcome = header === undefined ? '' : one(fields, header);
  return {
    status: one(fields, 'DialCallStatus'),
    ...(Number.isInteger(sipCode) && sipCode >= 300 && { sipCode }),
    ...(outcome !== '' && { outcome }),
  };
}

function asXml({ header }: Ask): void {
  header('content-type', 'text/xml; charset=utf-8');
}

/** The value of a field, the first where it came several times; "" where it did not come. */
function one(fields: TwilioFields, name: string): string {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return (typeof value === 'string' ? value : value?.[0]) ?? '';
}
