import { inDialog, inTransaction, invite, note, pause, recv, ringing, send, trying, turn } from './messages.ts';

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
  /** Challenged, answers with user and password by MD5 (it knows no other), answered, ended by SIPp. */
  | { readonly kind: 'authenticated'; readonly user: string; readonly password: string }
  /** Asks for reliable provisional responses (RFC 3262), confirms the 180, answered, ended by SIPp. */
  | { readonly kind: 'reliable' }
  /** Refused with `code`. */
  | { readonly kind: 'refused'; readonly code: number }
  /** Cancelled `afterMs` (default 0) after the 180. */
  | { readonly kind: 'cancelled'; readonly afterMs?: number };

function steps(scenario: BuiltinScenario): readonly string[] {
  const connected = recv(200, 'rrs="true" rtd="true"', note(200, 'Contact'));
  const answered = [invite(), ...ringing, connected, inDialog('ACK', 1)(false)];
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
    case 'authenticated': {
      const ack = inTransaction('ACK', 3, '[peer_tag_param]')(false);
      const again = invite(2, [`[authentication username=${scenario.user} password=${scenario.password}]`]);
      const challenged = [invite(), recv(100, 'optional="true"'), recv(401, 'auth="true"'), ack];
      const through = [again, ...ringing, connected, inDialog('ACK', 2)(false)];
      return [...challenged, ...through, pause(300), inDialog('BYE', 3)(true), recv(200)];
    }
    case 'reliable': {
      const sequence = '<ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" assign_to="rseq"/>';
      const prack = inDialog('PRACK', 2, { more: ['RAck: [$rseq] 1 INVITE'] })(true);
      const early = [invite(1, ['Require: 100rel']), trying, recv(180, 'rrs="true"', sequence), prack, recv(200)];
      return [...early, connected, inDialog('ACK', 1)(false), pause(300), inDialog('BYE', 3)(true), recv(200)];
    }
    case 'refused': {
      const ack = inTransaction('ACK', 5, '[peer_tag_param]')(false);
      return [invite(), ...ringing, recv(scenario.code, 'rtd="true"', note(scenario.code, 'Reason')), ack];
    }
    case 'cancelled': {
      const cancel = inTransaction('CANCEL', 4, '')(true);
      const wait = pause(scenario.afterMs ?? 0);
      const ack = (back: number) => inTransaction('ACK', back, '[peer_tag_param]');
      // Over UDP, and through a proxy's processes, the 487 may overtake the 200 of the CANCEL.
      const inOrder = [recv(200), recv(487), ack(8)(false, ' next="2"')];
      const overtaken = ['<label id="1"/>', ack(9)(false), recv(200), '<label id="2"/>', '<nop/>'];
      return [
        invite(),
        trying,
        recv(180),
        wait,
        cancel,
        recv(487, 'optional="true" next="1"'),
        ...inOrder,
        ...overtaken,
      ];
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
