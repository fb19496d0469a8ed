import { CryptoError } from '@doublehop/crypto/errors';
import type { RandomSource } from '@doublehop/crypto/random';
import type { Directory } from '@doublehop/directory/directory';
import { ErrorCode } from '@doublehop/kerberos/iana/error-codes';
import { type KdcReq, KdcRequest } from '@doublehop/kerberos/messages/kdc';
import { SecurityError } from '@doublehop/security/errors';
import { decodeDer } from '@doublehop/wire/der';
import { WireError } from '@doublehop/wire/errors';
import { Refused } from '../errors.ts';
import { asExchange } from './as-exchange.ts';
import { type AuditSink, auditEvent } from './audit.ts';
import { Claims } from './claims/claims.ts';
import type { KdcContext } from './context.ts';
import { errorReply, krbError, tooBigReply } from './error-reply.ts';
import { armoredError } from './fast/refusal.ts';
import { EvidenceTickets } from './evidence.ts';
import { HeaderTickets } from './header-ticket.ts';
import { Keys } from './keys.ts';
import type { AccountSource, KdcDomain } from './names.ts';
import { PacContents } from './pac-contents.ts';
import { Policies } from './policy/policies.ts';
import type { KdcCall, Peer } from './request.ts';
import { Retransmits } from './retransmits.ts';
import type { KdcSettings } from './settings.ts';
import { tgsExchange } from './tgs-exchange.ts';

/** What a KDC is made of. */
export interface KdcOptions {
  readonly domain: KdcDomain;
  readonly accounts: AccountSource;
  /** Where claim types and authentication policies are; absent: there are none. */
  readonly directory?: Directory;
  readonly settings: KdcSettings;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly random: RandomSource;
  readonly audit: AuditSink;
  /** Told of defects: exceptions that no request should be able to cause. */
  readonly onDefect: (error: unknown) => void;
}

/** A key distribution centre without sockets: octets in, octets out. */
export interface Kdc {
  /** The reply to a request, or undefined where silence is the answer: it is no Kerberos. */
  handle(request: Uint8Array, peer: Peer): Uint8Array | undefined;
  /** KRB_ERR_FIELD_TOOLONG, for what says that it is longer than requests may be (§7.2.2). */
  tooLong(): Uint8Array;
}

/** Makes a KDC (RFC 4120 §3, MS-KILE 3.3, MS-SFU 3.2). */
export function createKdc(options: KdcOptions): Kdc {
  const { domain, accounts, settings, random, clock, directory } = options;
  const policies = directory === undefined ? undefined : new Policies(directory);
  const claims =
    directory === undefined || policies === undefined ? undefined : new Claims(directory, policies);
  const context: KdcContext = {
    domain,
    accounts,
    settings,
    random,
    keys: new Keys(settings.encryptionTypes, settings.defaultSupportedEncryptionTypes),
    pacs: new PacContents(domain, settings),
    headers: new HeaderTickets(),
    evidence: new EvidenceTickets(),
    claims,
    policies,
  };
  const retransmits = new Retransmits();
  return {
    handle(request, peer) {
      const now = clock();
      if (peer.transport === 'tcp') return answer(request, peer, now, context, options);
      const known = retransmits.find(request, now);
      if (known !== undefined) return known;
      const reply = answer(request, peer, now, context, options);
      if (reply === undefined) return undefined;
      const fitting =
        reply.length <= settings.maxDatagramReply
          ? reply
          : tooBigReply({ realm: domain.realm, now, kind: 'unknown' });
      retransmits.keep(request, fitting, now);
      return fitting;
    },
    tooLong() {
      const request = { realm: domain.realm, now: clock(), kind: 'unknown' } as const;
      return krbError(ErrorCode.KRB_ERR_FIELD_TOOLONG, undefined, undefined, request);
    },
  };
}

function answer(
  bytes: Uint8Array,
  peer: Peer,
  now: number,
  context: KdcContext,
  { audit, onDefect }: KdcOptions,
): Uint8Array | undefined {
  const decoded = decodeRequest(bytes);
  const { domain, accounts } = context;
  if (decoded === undefined) {
    return isRequest(bytes) ? malformedReply(domain.realm, now) : undefined;
  }
  const { req, kind } = decoded;
  const body = req.reqBody.value;
  const call: KdcCall = { req, body, bytes, now, record: { kind } };
  try {
    accounts.refresh();
    const reply = kind === 'as' ? asExchange(call, context) : tgsExchange(call, context);
    audit(auditEvent(call.record.inside ?? call, undefined, peer, domain));
    return reply;
  } catch (error) {
    const refused = asRefused(error, onDefect);
    const seen = call.record.inside ?? call;
    audit(auditEvent(seen, refused, peer, domain));
    const { cname, sname } = seen.body;
    const plain = { realm: domain.realm, now, kind, cname, sname };
    const { armor } = seen;
    return armor === undefined
      ? errorReply(refused, plain)
      : armoredError(refused, plain, { ...seen, armor }, context);
  }
}

function decodeRequest(
  bytes: Uint8Array,
): { readonly req: KdcReq; readonly kind: 'as' | 'tgs' } | undefined {
  try {
    const { kind, value } = decodeDer(KdcRequest, bytes);
    return { kind, req: value };
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

/**
 * Whether it begins as a request does. All else is met with silence: an error for an error would
 * let two KDCs answer each other for ever on UDP.
 */
function isRequest({ 0: tag }: Uint8Array): boolean {
  return KdcRequest.matches(tag ?? 0);
}

/** Who sent what cannot be read is told so: silence would have him wait, and try other KDCs. */
function malformedReply(realm: string, now: number): Uint8Array {
  const refused = new Refused('KRB_ERR_GENERIC', 'malformed');
  return errorReply(refused, { realm, now, kind: 'unknown' });
}

/** What the layers below refuse inside a request is the sender's fault; anything else is ours. */
function asRefused(error: unknown, onDefect: KdcOptions['onDefect']): Refused {
  if (error instanceof Refused) return error;
  const foreign =
    error instanceof WireError || error instanceof SecurityError || error instanceof CryptoError;
  if (foreign) return new Refused('KRB_ERR_GENERIC', 'malformed');
  onDefect(error);
  return new Refused('KRB_ERR_GENERIC', 'defect');
}
