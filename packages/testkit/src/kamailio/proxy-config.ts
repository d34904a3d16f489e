import type { KamailioOptions } from './start-kamailio.ts';

/**
 * The configuration of a stateful proxy that stays in the path: Record-Route on what forms a dialog (two of them where
 * the transport changes), loose routing, CANCEL by its transaction, failed branches weighed by tm. One process for each
 * transport, so that what comes one after the other leaves so.
 */
export function buildProxyConfig(options: KamailioOptions, host: string, port: number): string {
  const { ringLimitMs = 60_000 } = options;
  return `#!KAMAILIO
debug=1
log_stderror=yes
fork=yes
children=1
tcp_children=1
auto_aliases=no
dns=no
rev_dns=no
listen=udp:${host}:${port}
listen=tcp:${host}:${port}
${['tm', 'sl', 'rr', 'maxfwd', 'siputils', 'textops', 'corex', 'pv'].map((name) => `loadmodule "${name}.so"`).join('\n')}
modparam("tm", "fr_timer", 5000)
modparam("tm", "fr_inv_timer", ${ringLimitMs})
modparam("tm", "restart_fr_on_each_reply", 0)
modparam("rr", "enable_double_rr", 1)
modparam("rr", "append_fromtag", 1)

request_route {
  if (is_method("OPTIONS") && $rU == $null) {
    sl_send_reply("200", "OK");
    exit;
  }
  if (!mf_process_maxfwd_header("10")) {
    sl_send_reply("483", "Too Many Hops");
    exit;
  }
  if (is_method("CANCEL")) {
    if (t_check_trans()) t_relay();
    exit;
  }
  if (has_totag()) {
    route(IN_DIALOG);
    exit;
  }
  t_check_trans();
  if (is_method("INVITE")) record_route();
  ${relayInBranches(options)}
  if (!t_relay()) sl_reply_error();
}

route[IN_DIALOG] {
  if (loose_route()) {
    if (is_method("INVITE")) record_route();
    if (!t_relay()) sl_reply_error();
  } else if (is_method("ACK")) {
    if (t_check_trans()) t_relay();
  } else {
    sl_send_reply("404", "No route set");
  }
}
`;
}

/** Each way is a branch of the same transaction (RFC 3261 16.6); where they are two, both lead to the one gateway. */
function relayInBranches({ gateway, relay = ['udp'] }: KamailioOptions): string {
  const [first = 'udp', ...others] = relay;
  const next = (transport: string) => `sip:${gateway.host}:${gateway.port};transport=${transport}`;
  const branches = others.map(
    (transport, nth) => `append_branch("$ru");\n  $(branch(dst_uri)[${nth}]) = "${next(transport)}";`,
  );
  return [...branches, `$du = "${next(first)}";`].join('\n  ');
}
