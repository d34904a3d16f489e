import { randomBytes } from 'node:crypto';
import {
  bracketHost,
  buildRequest,
  buildResponse,
  type HeaderInput,
  headerValue,
  parseCSeq,
  parseVia,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '@pickup/sip';
import { writeWav } from '../wav/index.ts';
import type { CallAudio } from './call-audio.ts';
import type { CallOptions, CallState, EndedBy, PhoneCall, SeenResponse } from './call-state.ts';
import { type Destination, type Dialog, dialogDestination, dialogOf, dialogRequest } from './dialog.ts';
import { retransmit } from './retransmit.ts';
import { readSdp, type SdpAudio, writeSdp } from './sdp.ts';

/** What a call needs of the phone. */
export interface CallWiring {
  readonly audio: CallAudio;
  readonly local: Destination & { readonly transport: 'udp' | 'tcp' | 'tls' };
  readonly send: (message: SipMessage, to: Destination) => void;
  /** Told when the call is over and answers nothing more. */
  readonly over: () => void;
}

const token = () => randomBytes(8).toString('hex');

/** One outgoing call: the caller's INVITE transaction and dialog. */
export class OutgoingCall implements PhoneCall {
  readonly callId: string;
  readonly states: CallState[] = [];
  readonly provisionals: SeenResponse[] = [];
  readonly messages: { direction: 'in' | 'out'; summary: string; atMs: number }[] = [];
  readonly final: Promise<SeenResponse>;
  readonly ended: Promise<{ readonly by: EndedBy }>;
  readonly #options: CallOptions;
  readonly #wiring: CallWiring;
  readonly #codecs: readonly (0 | 8)[];
  readonly #invite: SipRequest;
  readonly #startedAtMs = performance.now();
  readonly #listeners: ((state: CallState) => void)[] = [];
  /** Requests of ours that wait for a final answer, by branch. */
  readonly #waiting = new Map<string, (answer: SipResponse) => void>();
  /** Stops what is still being retransmitted. */
  readonly #unconfirmed = new Set<() => void>();
  readonly #settleFinal: (response: SeenResponse) => void;
  readonly #settleEnded: (how: { by: EndedBy }) => void;
  #stopInvite: (() => void) | undefined;
  #ack: { readonly message: SipRequest; readonly to: Destination } | undefined;
  #dialog: Dialog | undefined;
  #seq = 1;
  #finalSeen = false;
  #cancelWanted = false;
  #cancelSent = false;
  #leaving: Promise<void> | undefined;

  constructor(options: CallOptions, wiring: CallWiring) {
    const { host, port } = options.server;
    this.#options = { ...options, server: { host: host.replace(/^\[|\]$/g, ''), port } };
    this.#wiring = wiring;
    this.#codecs = options.codecs ?? [0, 8];
    this.callId = `${token()}@phone`;
    const final = Promise.withResolvers<SeenResponse>();
    const ended = Promise.withResolvers<{ by: EndedBy }>();
    [this.final, this.#settleFinal] = [final.promise, final.resolve];
    [this.ended, this.#settleEnded] = [ended.promise, ended.resolve];
    this.#invite = this.#buildInvite();
  }

  get packetsReceived(): number {
    return this.#wiring.audio.packetsReceived;
  }

  /** Sends the INVITE. */
  begin(): void {
    this.#stopInvite = retransmit({
      send: () => this.#send(this.#invite, this.#options.server),
      giveUp: () => this.#refused({ code: 408, reason: 'No answer', headers: {}, body: '', atMs: this.#sinceMs() }),
      capped: false,
    });
  }

  onState(fn: (state: CallState) => void): void {
    this.#listeners.push(fn);
    for (const state of this.states) fn(state);
  }

  waitFor<Kind extends CallState['kind']>(kind: Kind): Promise<Extract<CallState, { kind: Kind }>> {
    return new Promise((resolve, reject) => {
      this.onState((state) => {
        if (state.kind === kind) resolve(state as Extract<CallState, { kind: Kind }>);
        else if (state.kind === 'ended') {
          reject(new Error(`The call ended (${this.states.map((one) => one.kind).join(', ')}) without "${kind}".`));
        }
      });
    });
  }

  hangUp(): Promise<void> {
    this.#leaving ??= this.#leave();
    return this.#leaving;
  }

  say(samples: Int16Array): Promise<void> {
    return this.#wiring.audio.say(samples);
  }

  sendDigits(digits: string): Promise<void> {
    return this.#wiring.audio.sendDigits(digits);
  }

  heard(): Int16Array {
    return this.#wiring.audio.heard();
  }

  saveWav(path: string): Promise<void> {
    return writeWav(path, { rate: 8_000, samples: this.heard() });
  }

  /** A message of this Call-ID from the network. */
  receive(message: SipMessage, from: Destination): void {
    this.#note('in', message);
    if (message.kind === 'request') this.#request(message, from);
    else this.#response(message);
  }

  /** Ends at once, with nothing sent: the phone is being closed. */
  abandon(): void {
    this.#stopInvite?.();
    for (const stop of this.#unconfirmed) stop();
    const reason = 'The phone was closed';
    if (!this.#finalSeen) this.#settleFinal({ code: 408, reason, headers: {}, body: '', atMs: this.#sinceMs() });
    this.#finalSeen = true;
    this.#end('us');
  }

  async #leave(): Promise<void> {
    if (!this.#finalSeen) {
      this.#cancelWanted = true;
      if (this.provisionals.length > 0) this.#cancel();
      await this.final;
    }
    if (this.#dialog === undefined || this.states.at(-1)?.kind === 'ended') return;
    this.#seq += 1;
    await this.#transact('BYE', this.#dialog);
    this.#end('us');
  }

  #transact(method: string, dialog: Dialog): Promise<SipResponse | undefined> {
    const branch = newBranch();
    const request = dialogRequest(dialog, { method, seq: this.#seq, via: this.#via(branch) });
    const to = dialogDestination(dialog, this.#options.server);
    return this.#confirmed(request, branch, to);
  }

  #confirmed(request: SipRequest, branch: string, to: Destination): Promise<SipResponse | undefined> {
    return new Promise((resolve) => {
      const send = () => this.#send(request, to);
      const done = (answer: SipResponse | undefined) => {
        stop();
        this.#unconfirmed.delete(abandon);
        resolve(answer);
      };
      const abandon = () => done(undefined);
      const stop = retransmit({ send, giveUp: abandon, capped: true });
      this.#unconfirmed.add(abandon);
      this.#waiting.set(`${branch} ${request.method}`, done);
    });
  }

  // The CANCEL repeats branch, Request-URI and CSeq number of the INVITE, and waits for a provisional (RFC 3261, 9.1).
  #cancel(): void {
    if (this.#cancelSent) return;
    this.#cancelSent = true;
    const copied = ['Via', 'Max-Forwards', 'From', 'To', 'Call-ID'];
    const headers: HeaderInput = [
      ...copied.map((name) => [name, headerValue(this.#invite, name)!] as const),
      ['CSeq', '1 CANCEL'],
    ];
    const cancel = buildRequest({ method: 'CANCEL', uri: this.#invite.uri, headers });
    void this.#confirmed(cancel, branchOf(cancel), this.#options.server);
  }

  #response(response: SipResponse): void {
    const method = parseCSeq(headerValue(response, 'cseq') ?? '')?.method;
    if (method === 'INVITE') return this.#inviteAnswered(response);
    if (response.status < 200) return;
    const key = `${branchOf(response)} ${method}`;
    this.#waiting.get(key)?.(response);
    this.#waiting.delete(key);
  }

  #inviteAnswered(response: SipResponse): void {
    this.#stopInvite?.();
    if (response.status >= 200) return this.#finalAnswer(response);
    this.provisionals.push(this.#seen(response));
    const kind = response.status === 100 ? 'trying' : 'ringing';
    if (!this.states.some((state) => state.kind === kind)) this.#enter({ kind, atMs: this.#sinceMs() });
    if (this.#cancelWanted) this.#cancel();
  }

  #finalAnswer(response: SipResponse): void {
    if (!this.#finalSeen) {
      this.#finalSeen = true;
      if (response.status < 300) this.#answered(response);
      else this.#acknowledge(refusalAck(this.#invite, response), this.#options.server);
      const seen = this.#seen(response);
      if (response.status >= 300) this.#refused(seen);
      this.#settleFinal(seen);
    } else if (this.#ack !== undefined) this.#send(this.#ack.message, this.#ack.to);
  }

  #answered(response: SipResponse): void {
    const dialog = dialogOf(this.#invite, response);
    this.#dialog = dialog;
    const remote = readSdp(Buffer.from(response.body).toString(), this.#codecs);
    const { audio } = this.#wiring;
    const delayed = this.#options.offer === 'delayed' && remote !== undefined;
    const via = this.#via(newBranch());
    const body = delayed ? { body: writeSdp(audio, [remote.payloadType]) } : {};
    const ack = dialogRequest(dialog, { method: 'ACK', seq: 1, via, ...body });
    this.#acknowledge(ack, dialogDestination(dialog, this.#options.server));
    this.#enter({ kind: 'answered', atMs: this.#sinceMs() });
    if (remote !== undefined) this.#talk(remote);
  }

  #talk(remote: SdpAudio): void {
    if (this.#options.speak !== undefined) void this.say(this.#options.speak);
    this.#wiring.audio.start(remote);
  }

  #acknowledge(message: SipRequest, to: Destination): void {
    this.#ack = { message, to };
    this.#send(message, to);
  }

  #refused(seen: SeenResponse): void {
    const { code, reason, headers, atMs } = seen;
    this.#finalSeen = true;
    this.#enter({ kind: 'refused', atMs, code, reason, headers });
    this.#settleFinal(seen);
    this.#end(this.#cancelSent ? 'us' : 'them');
  }

  #request(request: SipRequest, from: Destination): void {
    if (request.method === 'ACK') return;
    const expires = headerValue(request, 'session-expires');
    const headers: HeaderInput = [
      ['Contact', `<${contactUri(this.#wiring.local)}>`],
      ['Allow', 'INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE, INFO'],
      ...(expires === undefined ? [] : [['Session-Expires', expires] as const, ['Require', 'timer'] as const]),
    ];
    const body = request.method === 'INVITE' ? { body: writeSdp(this.#wiring.audio, this.#codecs) } : {};
    this.#send(buildResponse(request, 200, { headers, ...body }), from);
    if (request.method === 'BYE') this.#end('them');
  }

  #buildInvite(): SipRequest {
    const { to, from, server, headers = {}, offer = 'normal' } = this.#options;
    const uri = to.includes(':') ? to : `sip:${to}@${bracketHost(server.host)}:${server.port}`;
    const { audio, local } = this.#wiring;
    const custom = offer.replaceAll('{port}', String(audio.port));
    const body = offer === 'normal' ? writeSdp(audio, this.#codecs) : custom;
    return buildRequest({
      method: 'INVITE',
      uri,
      headers: [
        ['Via', this.#via(newBranch())],
        ['Max-Forwards', '70'],
        ['From', `<sip:${from}@${bracketHost(local.host)}>;tag=${token()}`],
        ['To', `<${uri}>`],
        ['Call-ID', this.callId],
        ['CSeq', '1 INVITE'],
        ['Contact', `<${contactUri(local)}>`],
        ['User-Agent', 'Pickup test phone'],
        ...Object.entries(headers),
      ],
      ...(offer === 'delayed' ? {} : { body }),
    });
  }

  #via(branch: string): string {
    const { host, port, transport } = this.#wiring.local;
    return `SIP/2.0/${transport.toUpperCase()} ${bracketHost(host)}:${port};branch=${branch};rport`;
  }

  #send(message: SipMessage, to: Destination): void {
    this.#note('out', message);
    this.#wiring.send(message, to);
  }

  #note(direction: 'in' | 'out', message: SipMessage): void {
    const summary =
      message.kind === 'request' ? `${message.method} ${message.uri}` : `${message.status} ${message.reason}`;
    this.messages.push({ direction, summary, atMs: this.#sinceMs() });
  }

  #seen(response: SipResponse): SeenResponse {
    const headers: Record<string, string> = {};
    for (const { key, value } of response.headers) headers[key] = key in headers ? `${headers[key]}, ${value}` : value;
    const body = Buffer.from(response.body).toString();
    return { code: response.status, reason: response.reason, headers, body, atMs: this.#sinceMs() };
  }

  #enter(state: CallState): void {
    this.states.push(state);
    for (const listener of this.#listeners) listener(state);
  }

  #end(by: EndedBy): void {
    if (this.states.at(-1)?.kind === 'ended') return;
    this.#wiring.audio.close();
    this.#enter({ kind: 'ended', atMs: this.#sinceMs(), by });
    this.#settleEnded({ by });
    this.#wiring.over();
  }

  #sinceMs(): number {
    return performance.now() - this.#startedAtMs;
  }
}

const newBranch = () => `z9hG4bK${token()}`;
const contactUri = ({ host, port, transport }: CallWiring['local']) =>
  `sip:phone@${bracketHost(host)}:${port}${transport === 'udp' ? '' : `;transport=${transport}`}`;

function branchOf(message: SipMessage): string {
  const via = parseVia(headerValue(message, 'via') ?? '');
  return via?.params.find((param) => param.name.toLowerCase() === 'branch')?.value ?? '';
}

// The ACK of a refusal belongs to the INVITE's transaction: same branch, the To of the answer (RFC 3261, 17.1.1.3).
function refusalAck(invite: SipRequest, response: SipResponse): SipRequest {
  return buildRequest({
    method: 'ACK',
    uri: invite.uri,
    headers: [
      ...['Via', 'Max-Forwards', 'From'].map((name) => [name, headerValue(invite, name)!] as const),
      ['To', headerValue(response, 'to')!],
      ['Call-ID', headerValue(invite, 'call-id')!],
      ['CSeq', '1 ACK'],
    ],
  });
}
