/** What SIPp's scenarios are made of: messages sent and awaited. The dialog's requests keep the route set. */

/** A message; `retransmit` is for requests that are answered. */
export const send = (lines: readonly string[], body: readonly string[] = []) => {
  const text = [...lines, `Content-Length: ${body.length > 0 ? '[len]' : '0'}`, '', ...body].join('\n');
  return (retransmit: boolean, attributes = '') =>
    `<send${retransmit ? ' retrans="500"' : ''}${attributes}><![CDATA[\n${text}\n]]></send>`;
};

/** A response, and what is done with it. */
export const recv = (code: number, attributes = '', action = '') =>
  action === ''
    ? `<recv response="${code}" ${attributes}/>`
    : `<recv response="${code}" ${attributes}><action>${action}</action></recv>`;

/** Lets time pass. */
export const pause = (forMs: number) => `<pause milliseconds="${forMs}"/>`;

const from = 'From: <sip:[$caller]@[local_ip]:[local_port]>;tag=[pid]s[call_number]';
const to = 'To: <sip:[service]@[remote_ip]:[remote_port]>';
const via = (back: number) =>
  `Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch${back === 0 ? '' : `-${back}`}];rport`;
const common = (cseq: string) => ['Call-ID: [call_id]', `CSeq: ${cseq}`, 'Max-Forwards: 70'];
const target = 'sip:[service]@[remote_ip]:[remote_port]';
const contact = 'Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>';

const sdp = (version = 1, direction = 'sendrecv') => [
  'v=0',
  `o=sipp 1 ${version} IN IP4 [local_ip]`,
  's=-',
  'c=IN IP[media_ip_type] [media_ip]',
  't=0 0',
  'm=audio [media_port] RTP/AVP 0 8',
  'a=rtpmap:0 PCMU/8000',
  'a=rtpmap:8 PCMA/8000',
  `a=${direction}`,
];

/** An INVITE of a new call, or the same again with what it was asked for. */
export const invite = (seq = 1, more: readonly string[] = []) =>
  send(
    [
      `INVITE ${target} SIP/2.0`,
      via(0),
      from,
      to,
      ...common(`${seq} INVITE`),
      contact,
      ...more,
      'Content-Type: application/sdp',
    ],
    sdp(),
  )(true, ' start_rtd="trying"');

/** A request in the dialog, by its route set. */
export const inDialog = (
  method: string,
  seq: number,
  { body, more = [] }: { readonly body?: readonly string[]; readonly more?: readonly string[] } = {},
) =>
  send(
    [
      `${method} [next_url] SIP/2.0`,
      via(0),
      '[routes]',
      from,
      `${to}[peer_tag_param]`,
      ...common(`${seq} ${method}`),
      ...(method === 'INVITE' || method === 'UPDATE' ? [contact] : []),
      ...more,
      ...(body === undefined ? [] : ['Content-Type: application/sdp']),
    ],
    body,
  );

/** A re-INVITE that asks for `direction`, and what makes sure that the answer has the other end of it. */
export const turn = (seq: number, direction: string, answer: string) => [
  inDialog('INVITE', seq, { body: sdp(seq, direction) })(true),
  recv(100, 'optional="true"'),
  recv(200, '', `<ereg regexp="a=${answer}" search_in="body" check_it="true" assign_to="noted"/>`),
  inDialog('ACK', seq)(false),
];

/** A request of the INVITE's own transaction: `back` messages after it in the scenario. */
export const inTransaction = (method: string, back: number, peerTag: string) =>
  send([`${method} ${target} SIP/2.0`, via(back), from, `${to}${peerTag}`, ...common(`1 ${method}`)]);

/** The 100; how long it took is counted. */
export const trying = recv(100, 'optional="true" rtd="trying"');
/** What may come before the final answer. */
export const ringing = [trying, recv(180, 'optional="true"'), recv(183, 'optional="true"')];

/** Logs what came: Call-ID, code or method, a header. */
export const note = (code: number | 'BYE', name: string) =>
  `<ereg regexp=".*" search_in="hdr" header="${name}:" assign_to="noted"/><log message="[call_id];${code};[$noted]"/>`;
