import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';
import { encodeDer } from '@doublehop/wire/der';
import { expect } from 'vitest';
import type { Credentials } from '../src/credentials.ts';
import { type GssStatus, KerberosError } from '../src/errors.ts';
import { type AcceptorOptions, krb5Acceptor } from '../src/gss/acceptor.ts';
import type { AcceptedContext } from '../src/gss/acceptor.ts';
import type { KerberosContext } from '../src/gss/context.ts';
import { type InitiatorOptions, krb5Initiator } from '../src/gss/initiator.ts';
import type { Negotiation } from '../src/gss/negotiation.ts';
import { memoryReplayCache } from '../src/gss/replay-cache.ts';
import { TicketFlag } from '../src/iana/flags.ts';
import { KeyUsage } from '../src/iana/key-usages.ts';
import { NameType } from '../src/iana/name-types.ts';
import { EncTicketPart, Ticket } from '../src/messages/ticket.ts';
import { principal, type Principal } from '../src/names.ts';

export const random = pooledRandom();
/** 2026-11-22 17:00:00 UTC, and a bit. */
export const NOW = 1_795_366_800_250;
export const clock = (): number => NOW;
const SECONDS = Math.floor(NOW / 1000);

export const ALICE = principal('CONTOSO.COM', NameType.PRINCIPAL, 'alice');
export const WEB = principal('CONTOSO.COM', NameType.SRV_INST, 'HTTP', 'serverb.contoso.com');
export const KRBTGT = principal('CONTOSO.COM', NameType.SRV_INST, 'krbtgt', 'CONTOSO.COM');

/** Types of AES, each of its own: key sizes and MAC sizes all differ. */
export const AES_ETYPES = [17, 18, 19, 20] as const;

export const serviceKeys: ReadonlyMap<number, Key> = new Map(
  [...AES_ETYPES, 23].map((etype) => [etype, Key.random(etype, random)]),
);

export interface TicketWish {
  readonly etype?: number;
  readonly sessionEtype?: number;
  readonly server?: Principal;
  readonly kvno?: number;
  readonly part?: Partial<EncTicketPart>;
}

/** A ticket as a KDC would issue it to Alice for HTTP/serverb. */
export function issueTicket(wish: TicketWish = {}): Credentials {
  const { etype = 18, sessionEtype = etype, server = WEB, kvno = 3 } = wish;
  const sessionKey = Key.random(sessionEtype, random);
  const times = { authtime: SECONDS - 60, endtime: SECONDS + 36_000 };
  const part: EncTicketPart = {
    flags: TicketFlag.FORWARDABLE | TicketFlag.PRE_AUTHENT,
    key: { keytype: sessionEtype, keyvalue: sessionKey.bytes() },
    crealm: ALICE.realm,
    cname: ALICE.name,
    transited: { trType: 0, contents: new Uint8Array(0) },
    ...times,
    ...wish.part,
  };
  const key = serviceKeys.get(etype) ?? Key.random(etype, random);
  const cipher = key.encrypt(KeyUsage.TICKET, encodeDer(EncTicketPart, part), random);
  const ticket = encodeDer(Ticket, {
    tktVno: 5,
    realm: server.realm,
    sname: server.name,
    encPart: { etype, kvno, cipher },
  });
  return {
    client: ALICE,
    server,
    key: { etype: sessionEtype, bytes: sessionKey.bytes() },
    times: { starttime: 0, renewTill: 0, ...times },
    isSkey: false,
    flags: part.flags,
    addresses: [],
    authorizationData: [],
    ticket,
    secondTicket: new Uint8Array(0),
  };
}

export function initiatorOptions(options: Partial<InitiatorOptions> = {}): InitiatorOptions {
  return { credentials: issueTicket(), clock, random, ...options };
}

export function acceptorOptions(options: Partial<AcceptorOptions> = {}): AcceptorOptions {
  return {
    keys: (_server, etype) => serviceKeys.get(etype),
    replayCache: memoryReplayCache(),
    clock,
    random,
    ...options,
  };
}

export interface Pair {
  readonly initiator: KerberosContext;
  readonly acceptor: AcceptedContext;
}

/** Both sides of an established context. */
export function establish(
  mine: Partial<InitiatorOptions> = {},
  theirs: Partial<AcceptorOptions> = {},
): Pair {
  const initiator = krb5Initiator(initiatorOptions(mine));
  return converse(initiator, krb5Acceptor(acceptorOptions(theirs)));
}

/** Carries tokens between two sides until both are done. */
export function converse(
  initiator: Negotiation,
  acceptor: Negotiation<AcceptedContext>,
): Pair & { readonly legs: readonly Uint8Array[] } {
  const legs: Uint8Array[] = [];
  let token = initiator.step().token;
  for (let turn = 0; token !== undefined; turn += 1) {
    legs.push(token);
    token = (turn % 2 === 0 ? acceptor : initiator).step(token).token;
  }
  if (initiator.context === undefined || acceptor.context === undefined) {
    throw new Error(`no context after ${legs.length} tokens`);
  }
  return { initiator: initiator.context, acceptor: acceptor.context, legs };
}

/** Asserts that `action` throws a KerberosError `gss` of this status, and returns it. */
export function expectGssError(status: GssStatus, action: () => unknown): KerberosError {
  const error = thrownBy(action);
  expect(error.detail.gssStatus, error.message).toBe(status);
  expect(error.code).toBe('gss');
  return error;
}

/** Asserts that `action` throws a KerberosError with this error code, and returns it. */
export function expectErrorCode(errorCode: number, action: () => unknown): KerberosError {
  const error = thrownBy(action);
  expect(error.detail.errorCode, error.message).toBe(errorCode);
  expect(error.code).toBe('gss');
  return error;
}

function thrownBy(action: () => unknown): KerberosError {
  try {
    action();
  } catch (error) {
    if (error instanceof KerberosError) return error;
    throw error;
  }
  throw new Error('expected a KerberosError');
}
