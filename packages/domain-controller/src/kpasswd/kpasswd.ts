import { hash } from 'node:crypto';
import { CryptoError } from '@doublehop/crypto/errors';
import { DirectoryError } from '@doublehop/directory/errors';
import { KerberosError } from '@doublehop/kerberos/errors';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { memoryReplayCache } from '@doublehop/kerberos/gss/replay-cache';
import {
  decodeKpasswdMessage,
  isKpasswdMessage,
  KpasswdVersion,
} from '@doublehop/kerberos/kpasswd/messages';
import { hostAddress } from '@doublehop/kerberos/kpasswd/private-message';
import { type KpasswdOutcome, KpasswdResult } from '@doublehop/kerberos/kpasswd/result';
import { localAddressTo } from '@doublehop/kerberos/kpasswd/transport';
import type { HostAddress } from '@doublehop/kerberos/messages/common';
import { WireError } from '@doublehop/wire/errors';
import { Keys } from '../kdc/keys.ts';
import type { RequestHandler } from '../kdc/net/handler.ts';
import type { Peer } from '../kdc/request.ts';
import { MAX_PENDING_CHANGES, PASSWORD_REPLY_LIFE, MAX_PASSWORD_REPLIES } from '../limits.ts';
import { type PasswordAuditSink, passwordEvent, type PasswordRecord } from './audit.ts';
import { authenticate, type PasswordCaller } from './authenticate.ts';
import { changePassword, permittedChange } from './change.ts';
import type { KpasswdContext } from './context.ts';
import { PasswordRefused } from './refused.ts';
import { errorReply, sealedReply } from './reply.ts';
import { readWish } from './wish.ts';

/** What the password service is made of. */
export interface KpasswdOptions extends Omit<KpasswdContext, 'keys' | 'replayCache'> {
  /**
   * The IP address on which the service listens. Clients compare where a reply comes from with what
   * it says (RFC 4120 §3.5.1); where all addresses are listened on, the system tells which it is.
   */
  readonly address: string;
  readonly audit: PasswordAuditSink;
  /** Told of defects: exceptions that no request should be able to cause. */
  readonly onDefect: (error: unknown) => void;
}

/** The service that changes passwords (RFC 3244), without sockets. */
export interface Kpasswd extends RequestHandler {
  /** The reply, or undefined where silence is the answer: it is no such request. Never rejects. */
  handle(request: Uint8Array, peer: Peer): Promise<Uint8Array | undefined>;
}

/** Makes the service. */
export function createKpasswd(options: KpasswdOptions): Kpasswd {
  return new PasswordService(options);
}

class PasswordService implements Kpasswd {
  readonly #options: KpasswdOptions;
  readonly #context: KpasswdContext;
  readonly #datagrams = new Datagrams();
  #pending = 0;

  constructor(options: KpasswdOptions) {
    this.#options = options;
    const { settings } = options;
    const keys = new Keys(settings.encryptionTypes);
    this.#context = { ...options, keys, replayCache: memoryReplayCache() };
  }

  async handle(request: Uint8Array, peer: Peer): Promise<Uint8Array | undefined> {
    if (!isKpasswdMessage(request)) return undefined;
    if (peer.transport === 'tcp') return await this.#answer(request, peer);
    // A datagram that comes again while it is worked on is answered when that is done.
    const now = this.#options.clock();
    return await this.#datagrams.answer(request, now, () => this.#answer(request, peer));
  }

  async #answer(request: Uint8Array, peer: Peer): Promise<Uint8Array> {
    const { clock, random, domain, audit } = this.#options;
    const now = clock();
    const record: PasswordRecord = {};
    let caller: PasswordCaller | undefined;
    let outcome: KpasswdOutcome = { code: KpasswdResult.SUCCESS, text: 'Password changed' };
    let refused: PasswordRefused | undefined;
    try {
      await this.#perform(request, now, record, (proved) => {
        caller = proved;
      });
    } catch (error) {
      refused = this.#asRefused(error);
      ({ outcome } = refused);
    }
    audit(passwordEvent(record, outcome, refused?.reason, { peer, domain, now }));
    if (caller !== undefined) {
      const sender = await this.#senderTo(peer);
      return sealedReply(outcome, caller, { sender, random });
    }
    return errorReply(refused ?? DEFECT, domain.realm, now);
  }

  async #perform(
    request: Uint8Array,
    now: number,
    record: PasswordRecord,
    proved: (caller: PasswordCaller) => void,
  ): Promise<void> {
    const context = this.#context;
    const { version, ap, body } = decodeKpasswdMessage(request);
    if (version !== KpasswdVersion.CHANGE && version !== KpasswdVersion.SET) {
      const text = `This version of the protocol is not known: ${version}.`;
      throw new PasswordRefused(KpasswdResult.BAD_VERSION, 'version', text);
    }
    context.accounts.refresh();
    const caller = authenticate(ap, context, now);
    proved(caller);
    record.caller = caller.account;
    const time = { now: now / 1000, skew: context.settings.clockSkew };
    const wish = readWish(version, body, caller, time);
    const change = permittedChange(caller, wish, context, (target) => {
      record.target = target;
    });
    if (this.#pending >= MAX_PENDING_CHANGES) {
      throw new PasswordRefused(KpasswdResult.HARDERROR, 'busy', 'Too many ask at the same time.');
    }
    this.#pending += 1;
    try {
      await changePassword(change, wish, context);
    } finally {
      this.#pending -= 1;
    }
  }

  async #senderTo({ address: to, port }: Peer): Promise<HostAddress> {
    const { address } = this.#options;
    const everywhere = address === '0.0.0.0' || address === '::';
    if (!everywhere) return hostAddress(address);
    return hostAddress(await localAddressTo({ address: to, port, transport: 'udp' }));
  }

  /** What the layers below refuse inside a request is the sender's fault; anything else is ours. */
  #asRefused(error: unknown): PasswordRefused {
    if (error instanceof PasswordRefused) return error;
    if (error instanceof WireError || error instanceof KerberosError) return MALFORMED;
    if (error instanceof CryptoError) return MALFORMED;
    if (error instanceof DirectoryError) {
      return new PasswordRefused(KpasswdResult.HARDERROR, error.code, 'The directory refuses it.');
    }
    this.#options.onDefect(error);
    return DEFECT;
  }
}

const MALFORMED = new PasswordRefused(
  KpasswdResult.MALFORMED,
  'malformed',
  'The request cannot be read.',
  ErrorCode.KRB_AP_ERR_MSG_TYPE,
);
const DEFECT = new PasswordRefused(KpasswdResult.HARDERROR, 'defect', 'The server failed.');

/** Replies to recent datagrams: one that is lost is asked for again with the same octets. */
class Datagrams {
  readonly #known = new Map<string, { reply: Promise<Uint8Array>; readonly since: number }>();

  /** The reply to a datagram: the one that was given, or will be. `now` is in milliseconds. */
  async answer(
    request: Uint8Array,
    now: number,
    work: () => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    this.#forget(now);
    const digest = hash('sha256', request, 'base64');
    const known = this.#known.get(digest);
    if (known !== undefined) return await known.reply;
    const reply = work();
    this.#known.set(digest, { reply, since: now });
    return await reply;
  }

  /** Old ones, and the oldest where there are too many. */
  #forget(now: number): void {
    for (const [digest, { since }] of this.#known) {
      const old = now - since > PASSWORD_REPLY_LIFE || now < since;
      if (!old && this.#known.size < MAX_PASSWORD_REPLIES) return;
      this.#known.delete(digest);
    }
  }
}
