import { randomBytes } from 'node:crypto';
import { md4 } from '@doublehop/crypto/legacy/md4';
import { Rc4 } from '@doublehop/crypto/legacy/rc4';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { NtlmContext } from '@doublehop/domain-controller/ntlm/context';
import { AV_FLAG_MIC, AvId, NtlmFlag } from '@doublehop/domain-controller/ntlm/flags';
import {
  hmacMd5,
  messageIntegrity,
  ntProof,
  responseKey,
  sessionBaseKey,
} from '@doublehop/domain-controller/ntlm/keys';
import { concat, utf16le, utf8 } from '@doublehop/wire/bytes';

/** What a client of NTLM does differently from an honest one that signs and seals. */
export interface NtlmClientOptions {
  readonly flags?: number;
  /** MsvAvChannelBindings. */
  readonly bindings?: Uint8Array;
  /** No MIC, and nothing that promises one. */
  readonly withoutMic?: boolean;
  /** Changes the last message after its MIC was made. */
  readonly spoil?: (message: Uint8Array) => Uint8Array;
  /** In place of a response of NTLMv2. */
  readonly ntResponse?: Uint8Array;
}

const F = NtlmFlag;
export const USUAL_FLAGS =
  (F.UNICODE |
    F.REQUEST_TARGET |
    F.SIGN |
    F.SEAL |
    F.NTLM |
    F.ALWAYS_SIGN |
    F.EXTENDED_SESSIONSECURITY |
    F.KEY_128 |
    F.KEY_EXCH) >>>
  0;

/** The client's side of NTLM, written after MS-NLMP 3.1.5 for tests alone. */
export class NtlmClient {
  readonly #user: string;
  readonly #domain: string;
  readonly #password: string;
  readonly #options: NtlmClientOptions;
  readonly negotiate: Uint8Array;
  context: NtlmContext | undefined;

  constructor(domain: string, user: string, password: string, options: NtlmClientOptions = {}) {
    this.#domain = domain;
    this.#user = user;
    this.#password = password;
    this.#options = options;
    const { flags = USUAL_FLAGS } = options;
    this.negotiate = concat(utf8('NTLMSSP\0'), u32(1), u32(flags), new Uint8Array(16));
  }

  /** AUTHENTICATE_MESSAGE for a CHALLENGE_MESSAGE. */
  answer(challengeMessage: Uint8Array): Uint8Array {
    const view = new DataView(challengeMessage.buffer, challengeMessage.byteOffset);
    const flags = (view.getUint32(20, true) & (this.#options.flags ?? USUAL_FLAGS)) >>> 0;
    const info = challengeMessage.subarray(
      view.getUint32(44, true),
      view.getUint32(44, true) + view.getUint16(40, true),
    );
    const key = responseKey(md4(utf16le(this.#password)), this.#user, this.#domain);
    const temp = this.#temp(info);
    const proof = ntProof(key, challengeMessage.subarray(24, 32), temp);
    const base = sessionBaseKey(key, proof);
    const exported = (flags & F.KEY_EXCH) === 0 ? base : new Uint8Array(randomBytes(16));
    const encrypted =
      (flags & F.KEY_EXCH) === 0 ? new Uint8Array(0) : new Rc4(base).apply(exported);
    const message = authenticateMessage(flags, [
      new Uint8Array(0),
      this.#options.ntResponse ?? concat(proof, temp),
      utf16le(this.#domain),
      utf16le(this.#user),
      utf16le('WS'),
      encrypted,
    ]);
    if (this.#options.withoutMic !== true) {
      message.set(messageIntegrity(exported, this.negotiate, challengeMessage, message), 72);
    }
    const peer = principal('', NameType.PRINCIPAL, 'server');
    this.context = new NtlmContext({ role: 'client', peer, flags, key: exported });
    return this.#options.spoil?.(message) ?? message;
  }

  #temp(info: Uint8Array): Uint8Array {
    const { withoutMic, bindings } = this.#options;
    const extra = [
      ...(withoutMic === true ? [] : [pair(AvId.FLAGS, u32(AV_FLAG_MIC))]),
      ...(bindings === undefined ? [] : [pair(AvId.CHANNEL_BINDINGS, bindings)]),
    ];
    // The server's pairs without their end, ours, an end, and four octets of padding.
    const pairs = concat(info.subarray(0, -4), ...extra, new Uint8Array(8));
    const time = new Uint8Array(8);
    return concat(
      Uint8Array.of(1, 1),
      new Uint8Array(6),
      time,
      hmacMd5(time).subarray(0, 8),
      u32(0),
      pairs,
    );
  }
}

function authenticateMessage(flags: number, fields: readonly Uint8Array[]): Uint8Array {
  const head = new Uint8Array(88);
  const view = new DataView(head.buffer);
  head.set(utf8('NTLMSSP\0'));
  view.setUint32(8, 3, true);
  let offset = head.length;
  for (const [index, field] of fields.entries()) {
    const at = 12 + 8 * index;
    view.setUint16(at, field.length, true);
    view.setUint16(at + 2, field.length, true);
    view.setUint32(at + 4, offset, true);
    offset += field.length;
  }
  view.setUint32(60, flags, true);
  return concat(head, ...fields);
}

function pair(id: number, value: Uint8Array): Uint8Array {
  const head = new Uint8Array(4);
  new DataView(head.buffer).setUint16(0, id, true);
  new DataView(head.buffer).setUint16(2, value.length, true);
  return concat(head, value);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}
