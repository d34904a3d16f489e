/** Why no status came at all: name, address, connection, TLS, time. */
import type { AttemptRecord } from '../inbound.ts';
import type { Mistake } from './explanation.ts';
import type { WebhookPlace } from './webhook-place.ts';

/** What was wrong with an attempt that ended without a status. */
export function explainConnection(attempt: AttemptRecord, place: WebhookPlace): Mistake {
  const { error, reason, message } = attempt;
  const at = `${place.host} port ${place.port}`;
  switch (error) {
    case 'timeout':
      return timeout(attempt, place);
    case 'dns_error':
      return attempt.fault === 'gateway'
        ? {
            what: `the name server did not answer for ${place.host}`,
            fix: "Look at Pickup's own DNS: /etc/resolv.conf.",
          }
        : {
            what: `the name ${place.host} does not exist in the DNS`,
            fix: `Correct the host in ${place.setting}, or add the name to the DNS.`,
          };
    case 'connect_error':
      return connection(reason, at, place);
    case 'tls_error':
      return tls(reason, at, place);
    case 'address_refused':
      return address(reason, place);
    case 'connection_reset':
      return {
        what: 'your endpoint ended the connection without an answer',
        fix: place.secure
          ? 'Look in its log: it, or the proxy in front of it, gave up before answering.'
          : `Look in its log; if port ${place.port} speaks TLS, the URL must begin with https://.`,
      };
    case 'incomplete_reply':
      return {
        what: 'your endpoint ended the connection in the middle of its reply',
        fix: 'Send as many bytes as content-length says, and look in its log for a crash while answering.',
      };
    case 'malformed_reply':
      return {
        what: 'what came back is not HTTP',
        fix: `Look what listens at ${at}; ${place.secure ? 'it is no web server' : 'if it speaks TLS, the URL must begin with https://'}.`,
      };
    case 'aborted':
      return { what: 'the request was given up before a reply came' };
    default:
      return {
        what: `Pickup could not send the request, a fault of its own${message === undefined ? '' : ` (${message.replace(/\.$/, '')})`}`,
        fix: "Look in the gateway's log.",
      };
  }
}

function timeout({ reason, phases }: AttemptRecord, { channel }: WebhookPlace): Mistake {
  const limit = `${(phases.total_ms / 1_000).toFixed(phases.total_ms < 9_500 ? 1 : 0)} s`;
  if (reason === 'queue') {
    return {
      what: `no connection to your endpoint came free within ${limit}`,
      fix: 'Answer faster, or let the endpoint take more connections at once.',
    };
  }
  if (reason === 'dns')
    return { what: `the name server did not answer within ${limit}`, fix: "Look at Pickup's own DNS." };
  if (reason === 'body' || reason === 'headers') {
    return {
      what: `your endpoint began its reply and had not finished it after ${limit}`,
      fix: 'Send the reply in one go: the time counts to its last byte (C1).',
    };
  }
  return {
    what: `your endpoint did not answer within ${limit}`,
    fix: `Answer first and do slow work afterwards; ${channel === 'call' ? 'callers hear ringing meanwhile, and ' : ''}10 s is the limit (C1).`,
  };
}

function connection(reason: string | undefined, at: string, place: WebhookPlace): Mistake {
  if (reason === 'ECONNREFUSED') {
    return {
      what: `nothing listens at ${at} (connection refused)`,
      fix: `Start the endpoint, or correct host and port in ${place.setting}.`,
    };
  }
  return {
    what: `no connection to ${at} could be made${reason === undefined ? '' : ` (${reason})`}`,
    fix: `Let Pickup's machine reach ${at} through firewalls and routes, or correct ${place.setting}.`,
  };
}

const UNTRUSTED = new Set(['DEPTH_ZERO_SELF_SIGNED_CERT', 'SELF_SIGNED_CERT_IN_CHAIN']);
const NO_CHAIN = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
]);
const PLAIN_PORT = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'EPROTO',
]);

function tls(reason: string | undefined, at: string, place: WebhookPlace): Mistake {
  const code = reason ?? '';
  if (UNTRUSTED.has(code)) {
    return {
      what: 'your endpoint shows a self-signed certificate',
      fix: 'Get one of a public authority, or start Pickup with NODE_EXTRA_CA_CERTS naming the authority that signed it.',
    };
  }
  if (NO_CHAIN.has(code)) {
    return {
      what: 'the certificate of your endpoint comes without the chain to an authority that is known',
      fix: 'Serve the full chain (fullchain.pem), or start Pickup with NODE_EXTRA_CA_CERTS naming the authority.',
    };
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return { what: 'the certificate of your endpoint has expired', fix: `Renew the certificate of ${place.host}.` };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      what: `the certificate of your endpoint is for another name than ${place.host}`,
      fix: `Get a certificate for ${place.host}, or write the name it is for into ${place.setting}.`,
    };
  }
  if (PLAIN_PORT.has(code)) {
    return {
      what: `the URL begins with https://, and ${at} speaks plain http`,
      fix: `Write http:// in ${place.setting}, or the port that speaks TLS.`,
    };
  }
  if (code === 'ETIMEDOUT') {
    return {
      what: `${at} did not complete a TLS handshake`,
      fix: `Look whether that port speaks TLS at all; if it speaks plain http, write http:// in ${place.setting}.`,
    };
  }
  return {
    what: `the TLS handshake with ${at} failed${code === '' ? '' : ` (${code})`}`,
    fix: `Look with: openssl s_client -connect ${place.host}:${place.port} -servername ${place.host}`,
  };
}

const LITERAL_V4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;

function address(reason: string | undefined, place: WebhookPlace): Mistake {
  if (reason === 'invalid_url' || reason === 'unsupported_scheme') {
    return {
      what: 'the webhook URL is none that can be called',
      fix: `Correct ${place.setting}: http:// or https://.`,
    };
  }
  if (reason === 'own_port') {
    return { what: 'the URL leads to Pickup itself, which is never allowed', fix: `Correct ${place.setting}.` };
  }
  const isLiteral = LITERAL_V4.test(place.host);
  return {
    what: `${place.host} is no public address, and nothing allows it`,
    fix: !isLiteral
      ? `Use a public address, or allow this one with PICKUP_WEBHOOK_ALLOW; the gateway's log has the exact line.`
      : `Use a public address, or add ${place.host}/32 to PICKUP_WEBHOOK_ALLOW.`,
  };
}
