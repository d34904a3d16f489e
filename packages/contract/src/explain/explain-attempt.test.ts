import { expect, test } from 'vitest';
import type { AttemptRecord } from '../inbound.ts';
import { explainAttempt } from './explain-attempt.ts';
import type { ExplainedInbound } from './explanation.ts';

const NUMBERS_URL = { phone_number: '+12137771235', webhook_url: 'https://***@hooks.example.com:8443/a/b?***' };

function told(attempt: Partial<AttemptRecord>, settings: ExplainedInbound['settings'] = NUMBERS_URL) {
  const times = { attempt: 1, start_timestamp: 0, end_timestamp: 10, phases: { total_ms: 10_000 } };
  const record: AttemptRecord = { ...times, verdict: 'failed', fault: 'endpoint', ...attempt };
  const inbound: ExplainedInbound = {
    ...{ inbound_id: 'inb_1', channel: 'call', outcome: 'webhook_failed', to_number: '+12137771235' },
    ...{ attempts: [record], issues: [], decision: [] },
    ...(settings && { settings }),
  };
  const { what, fix } = explainAttempt(inbound, record);
  return `${what}. ${fix}`;
}

test.each<[Partial<AttemptRecord>, string]>([
  [{ error: 'tls_error', reason: 'CERT_HAS_EXPIRED' }, 'has expired. Renew the certificate of hooks.example.com.'],
  [{ error: 'tls_error', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' }, 'is for another name than hooks.example.com.'],
  [{ error: 'tls_error', reason: 'SELF_SIGNED_CERT_IN_CHAIN' }, 'self-signed'],
  [{ error: 'tls_error', reason: 'ETIMEDOUT' }, 'hooks.example.com port 8443 did not complete a TLS handshake.'],
  [{ error: 'tls_error', reason: 'ERR_SSL_UNKNOWN' }, 'openssl s_client -connect hooks.example.com:8443'],
  [{ error: 'connect_error', reason: 'EHOSTUNREACH' }, "could be made (EHOSTUNREACH). Let Pickup's machine"],
  [{ error: 'dns_error', reason: 'ETIMEOUT', fault: 'gateway' }, 'the name server did not answer'],
  [{ error: 'address_refused', reason: 'own_port' }, 'the URL leads to Pickup itself'],
  [{ error: 'address_refused', reason: 'not_public' }, "the gateway's log has the exact line"],
  [{ error: 'address_refused', reason: 'unsupported_scheme' }, 'none that can be called'],
  [{ error: 'timeout', reason: 'queue' }, 'no connection to your endpoint came free within 10 s'],
  [{ error: 'timeout', reason: 'dns' }, 'the name server did not answer within 10 s'],
  [{ error: 'timeout', reason: 'body' }, 'had not finished it after 10 s'],
  [{ error: 'timeout', reason: 'sent', phases: { total_ms: 1_512 } }, 'did not answer within 1.5 s'],
  [{ error: 'malformed_reply' }, 'what came back is not HTTP. Look what listens at hooks.example.com port 8443'],
  [{ error: 'connection_reset' }, 'ended the connection without an answer'],
  [{ error: 'http_status', status: 410 }, 'answered 410 (it has nothing at /a/b)'],
  [{ error: 'http_status', status: 403 }, 'answered 403 (it refused the signature'],
  [{ error: 'http_status', status: 504 }, 'the proxy in front of it'],
  [{ error: 'http_status', status: 418 }, 'answered 418 (it refused the request). Answer 2xx'],
  [{ error: 'http_status', status: 501 }, 'Look in its log for the request with webhook-id inb_1.'],
  [{ verdict: 'late', status: 200 }, 'answered after its time was over'],
  [{ verdict: 'aborted' }, 'given up before a reply came'],
  [{ verdict: 'bad_reply', status: 200 }, 'a reply that cannot be used'],
  [{ error: 'internal_error', fault: 'gateway', message: 'Pickup is ill.' }, 'a fault of its own (Pickup is ill)'],
])('%j', (attempt, words) => {
  expect(told(attempt)).toContain(words);
});

test('H1 userinfo and query are in no sentence, and a URL that no number has is the webhook URL', () => {
  expect(told({ error: 'connect_error', reason: 'ECONNREFUSED' })).not.toContain('***');
  expect(told({ error: 'connect_error', reason: 'ECONNREFUSED' }, { webhook_url: 'http://[::1]/x' })).toBe(
    'nothing listens at [::1] port 80 (connection refused). Start the endpoint, or correct host and port in the webhook URL.',
  );
  expect(told({ error: 'http_status', status: 404 }, { entry: 'registered' })).toContain('the webhook URL');
});
