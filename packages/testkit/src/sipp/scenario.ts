/** The calls we can have SIPp place without a scenario of one's own. All keep the route set. */
export type BuiltinScenario =
  /** Answered, held for `holdMs` (default 500), ended by SIPp. */
  | { readonly kind: 'answered'; readonly holdMs?: number }
  /**
   * Answered; after `beforeMs` (default 500) put on hold by a re-INVITE, asked by an UPDATE whether it still stands,
   * and after `holdMs` (default 500) taken back by another re-INVITE; ended by SIPp.
   */
  | { readonly kind: 'held'; readonly beforeMs?: number; readonly holdMs?: number }
  /** Answered, ended by the server. Logs the first Via of its BYE. */
  | { readonly kind: 'ended-by-server' }
  /** Refused with `code`. */
  | { readonly kind: 'refused'; readonly code: number }
  /** Cancelled `afterMs` (default 0) after the 180. */
  | { readonly kind: 'cancelled'; readonly afterMs?: number };

const send = (lines: readonly string[], body: readonly string[] = []) => {
  const text = [...lines, `Content-Length: ${body.length > 0 ? '[len]' : '0'}`, '', ...body].join('\n');
  return (retransmit: boolean, attributes = '') =>
    `<send${retransmit ? ' retrans="500"' : ''}${attributes}><![CDATA[\n${text}\n]]></send>`;
};

const recv = (code: number, attributes = '', action = '') =>
  action === ''
    ? `<recv response="${code}" ${attributes}/>`
    : `<recv response="${code}" ${attributes}><action>${action}</action></recv>`;

const pause = (forMs: number) => `<pause milliseconds="${forMs}"/>`;

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

const invite = send(
  [`INVITE ${target} SIP/2.0`, via(0), from, to, ...common('1 INVITE'), contact, 'Content-Type: application/sdp'],
  sdp(),
)(true, ' start_rtd="trying"');

const inDialog = (method: string, seq: number, body?: readonly string[]) =>
  send(
    [
      `${method} [next_url] SIP/2.0`,
      via(0),
      '[routes]',
      from,
      `${to}[peer_tag_param]`,
      ...common(`${seq} ${method}`),
      ...(method === 'INVITE' || method === 'UPDATE' ? [contact] : []),
      ...(body === undefined ? [] : ['Content-Type: application/sdp']),
    ],
    body,
  );

/** A re-INVITE that asks for `direction`, and what makes sure that the answer has the other end of it. */
const turn = (seq: number, direction: string, answer: string) => [
  inDialog('INVITE', seq, sdp(seq, direction))(true),
  recv(100, 'optional="true"'),
  recv(200, '', `<ereg regexp="a=${answer}" search_in="body" check_it="true" assign_to="noted"/>`),
  inDialog('ACK', seq)(false),
];

/** A request of the INVITE's own transaction: `back` messages after it in the scenario. */
const inTransaction = (method: string, back: number, peerTag: string) =>
  send([`${method} ${target} SIP/2.0`, via(back), from, `${to}${peerTag}`, ...common(`1 ${method}`)]);

const trying = recv(100, 'optional="true" rtd="trying"');
const ringing = [trying, recv(180, 'optional="true"'), recv(183, 'optional="true"')];

/** Logs what came: Call-ID, code or method, a header. */
const note = (code: number | 'BYE', name: string) =>
  `<ereg regexp=".*" search_in="hdr" header="${name}:" assign_to="noted"/><log message="[call_id];${code};[$noted]"/>`;

function steps(scenario: BuiltinScenario): readonly string[] {
  const answered = [
    invite,
    ...ringing,
    recv(200, 'rrs="true" rtd="true"', note(200, 'Contact')),
    inDialog('ACK', 1)(false),
  ];
  switch (scenario.kind) {
    case 'answered':
      return [...answered, pause(scenario.holdMs ?? 500), inDialog('BYE', 2)(true), recv(200)];
    case 'held': {
      const { beforeMs = 500, holdMs = 500 } = scenario;
      const hold = [...turn(2, 'sendonly', 'recvonly'), pause(holdMs / 2), inDialog('UPDATE', 3)(true), recv(200)];
      const back = [pause(holdMs / 2), ...turn(4, 'sendrecv', 'sendrecv')];
      return [...answered, pause(beforeMs), ...hold, ...back, inDialog('BYE', 5)(true), recv(200)];
    }
    case 'ended-by-server': {
      const copied = ['[last_Via:]', '[last_From:]', '[last_To:]', '[last_Call-ID:]', '[last_CSeq:]'];
      const bye = `<recv request="BYE"><action>${note('BYE', 'Via')}</action></recv>`;
      return [...answered, bye, send(['SIP/2.0 200 OK', ...copied])(false)];
    }
    case 'refused': {
      const ack = inTransaction('ACK', 5, '[peer_tag_param]')(false);
      return [invite, ...ringing, recv(scenario.code, 'rtd="true"', note(scenario.code, 'Reason')), ack];
    }
    case 'cancelled': {
      const cancel = inTransaction('CANCEL', 4, '')(true);
      const ack = inTransaction('ACK', 7, '[peer_tag_param]')(false);
      const wait = pause(scenario.afterMs ?? 0);
      return [invite, trying, recv(180), wait, cancel, recv(200), recv(487), ack];
    }
  }
}

/** Counts how often the 100 came within so many ms of the INVITE: `ResponseTimeRepartitiontrying_<200`… */
const times = '<ResponseTimeRepartition value="50, 200, 1000"/>';

/** The XML of a built-in scenario; `from` is the caller's number. */
export function buildScenario(scenario: BuiltinScenario, caller: string): string {
  const body = steps(scenario).join('\n').replaceAll('[$caller]', caller);
  const header = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">';
  const used = scenario.kind === 'cancelled' ? '' : '\n<Reference variables="noted"/>';
  return `${header}\n<scenario name="${scenario.kind}">\n${body}${used}\n\n${times}\n</scenario>\n`;
}
