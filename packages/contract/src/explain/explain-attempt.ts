/** Why an attempt brought no reply: by its error, status and reason, never by the words of its message. */
import type { AttemptRecord, VerificationFault } from '../inbound.ts';
import { explainConnection } from './explain-connection.ts';
import type { ExplainedInbound, Mistake } from './explanation.ts';
import { type WebhookPlace, webhookPlace } from './webhook-place.ts';

const VERIFICATION: Readonly<Record<Exclude<VerificationFault, 'wrong_key'>, Mistake>> = {
  missing_signature: {
    what: 'it was handed no x-retell-signature header, which Pickup always sends',
    fix: 'Let the header x-retell-signature through whatever stands in front of your code: proxy, gateway or framework.',
  },
  malformed_signature: {
    what: 'it cannot read the x-retell-signature header',
    fix: 'Hand the header to Retell.verify (or @pickup/receiver) unchanged: v=<milliseconds>,d=<hex>.',
  },
  stale_timestamp: {
    what: "its clock and Pickup's are more than five minutes apart",
    fix: 'Set the clock of that machine by NTP; pickup doctor --number NUMBER --send measures the difference.',
  },
  body_changed: {
    what: 'it verified a body that was parsed and serialised again, not the bytes that were sent',
    fix: 'Verify the raw bytes of the request, before any JSON parser; docs/receiver.md shows how in each framework.',
  },
};

/** Why it refused, as far as it says so. */
function refusedSignature({ verification }: AttemptRecord, { key, whichKey }: WebhookPlace): Mistake {
  if (verification === undefined) {
    const signs = whichKey === undefined ? key : `${key} (${whichKey})`;
    return {
      what: 'it refused the signature, or wants a login of its own',
      fix: `Verify the raw body with ${signs}, and let the webhook's path through any login.`,
    };
  }
  if (verification !== 'wrong_key') return VERIFICATION[verification];
  const signs = whichKey === undefined ? key : `${key}: ${whichKey}`;
  return { what: 'it verifies with another key than the one Pickup signs with', fix: `Give the endpoint ${signs}.` };
}

/** What was wrong with a failed attempt, and what to do about it. */
export function explainAttempt(inbound: ExplainedInbound, attempt: AttemptRecord): Mistake {
  const place = webhookPlace(inbound);
  const { error, status, verdict } = attempt;
  if (verdict === 'late')
    return { what: 'your endpoint answered after its time was over, which counts for nothing (E8)' };
  if (verdict === 'aborted') return { what: 'the request was given up before a reply came' };
  if (verdict === 'bad_reply') return { what: 'your endpoint answered with a reply that cannot be used (D3)' };
  if (error === 'redirect') return redirect(attempt, place);
  if (error === 'http_status' && status !== undefined) return explainStatus(inbound, attempt, status, place);
  return explainConnection(attempt, place);
}

function redirect({ status, message }: AttemptRecord, { setting }: WebhookPlace): Mistake {
  return {
    what: `your endpoint answered ${status}, ${message ?? 'a redirect, which is never followed (C7)'}`,
    fix: `Set ${setting} to the address that answers by itself; if the redirect leads to a login, let the webhook's path through without one.`,
  };
}

function explainStatus(
  inbound: ExplainedInbound,
  attempt: AttemptRecord,
  status: number,
  place: WebhookPlace,
): Mistake {
  if (status === 401 || status === 403) {
    const { what, fix } = refusedSignature(attempt, place);
    return { what: `your endpoint answered ${status} (${what})`, ...(fix && { fix }) };
  }
  const answered = (why: string) => `your endpoint answered ${status} (${why})`;
  switch (status) {
    case 404:
    case 410:
      return {
        what: answered(`it has nothing at ${place.path}`),
        fix: `Correct the path in ${place.setting}, or serve POST ${place.path}.`,
      };
    case 405:
      return {
        what: answered(`it does not take POST at ${place.path}`),
        fix: `Serve POST ${place.path}: webhooks are always sent with POST.`,
      };
    case 429:
      return {
        what: answered("its rate limit counts Pickup's requests"),
        fix: 'Exempt the webhook from the rate limit, or answer Retry-After with a second or two.',
      };
    case 502:
    case 503:
    case 504:
      return {
        what: answered('the proxy in front of it got no answer from it in time, or none at all'),
        fix: 'Start the service behind the proxy, and look at its log and its time limit.',
      };
    default:
      return status >= 500
        ? { what: answered('its own code failed'), fix: `Look in its log${momentOf(inbound)}.` }
        : {
            what: answered('it refused the request'),
            fix: `Answer 2xx to POST with JSON; ${place.secure ? 'see its log for the reason' : 'if that port speaks TLS, the URL must begin with https://'}${momentOf(inbound)}.`,
          };
  }
}

/** `, for webhook-id inb_…`: every attempt carries the inbound's id. */
function momentOf({ inbound_id }: ExplainedInbound): string {
  return inbound_id === undefined ? '' : ` for the request with webhook-id ${inbound_id}`;
}
