import { CryptoError } from '@doublehop/crypto/errors';
import { Key } from '@doublehop/crypto/key';
import type { Credentials } from '../credentials.ts';
import { KerberosError } from '../errors.ts';
import { KdcOption, TicketFlag } from '../iana/flags.ts';
import {
  AnyEncRepPart,
  type EncKdcRepPart,
  type KdcRep,
  type KdcReqBody,
} from '../messages/kdc.ts';
import { Ticket } from '../messages/ticket.ts';
import { formatPrincipal, samePrincipal } from '../names.ts';
import type { ClientContext } from './context.ts';
import { decodeAnswer } from './krb-error.ts';

/** An answer that is not to this request: broken, replayed, or forged. */
export function mismatch(what: string): KerberosError {
  return new KerberosError(
    'reply-mismatch',
    `the KDC's answer does not match the request: ${what}`,
  );
}

/** The encrypted part of a reply, or undefined where the key does not open it. */
export function openReply(key: Key, usage: number, rep: KdcRep): EncKdcRepPart | undefined {
  if (rep.encPart.etype !== key.etype) return undefined;
  try {
    return decodeAnswer(AnyEncRepPart, key.decrypt(usage, rep.encPart.cipher)).value;
  } catch (error) {
    if (error instanceof CryptoError && error.code === 'integrity') return undefined;
    throw error;
  }
}

/**
 * The checks of RFC 4120 §3.1.5 and §3.3.4 that both exchanges share: the nonce; the server in the
 * clear is the one in the sealed part; a session key of a permitted type; no more time than asked.
 */
export function checkReply(
  body: Pick<KdcReqBody, 'nonce' | 'till' | 'rtime' | 'kdcOptions'>,
  etypes: readonly number[],
  rep: KdcRep,
  enc: EncKdcRepPart,
): void {
  if (enc.nonce !== body.nonce) throw mismatch('the nonce differs');
  const ticket = decodeAnswer(Ticket, rep.ticket);
  const sealed = { name: enc.sname, realm: enc.srealm };
  if (!samePrincipal({ name: ticket.sname, realm: ticket.realm }, sealed)) {
    throw mismatch('the ticket names another server than the sealed part');
  }
  if (!etypes.includes(enc.key.keytype)) {
    throw new KerberosError(
      'etype-nosupp',
      `the KDC chose encryption type ${enc.key.keytype} for the session key, not permitted`,
      { subject: formatPrincipal(sealed) },
    );
  }
  if (!isUsable(enc.key)) throw mismatch('the session key cannot be used');
  if (body.till !== 0 && enc.endtime > body.till) throw mismatch('the ticket lives too long');
  const { rtime = 0, kdcOptions } = body;
  const renewable = (kdcOptions & KdcOption.RENEWABLE) !== 0 && rtime !== 0;
  if (renewable && (enc.renewTill ?? 0) > rtime) throw mismatch('the ticket is renewable too long');
  if ((enc.flags & TicketFlag.RENEWABLE) !== 0 && enc.renewTill === undefined) {
    throw mismatch('the ticket is renewable without an end');
  }
}

/**
 * Compares the KDC's time with ours: with `correctSkew` the difference is taken over, otherwise a
 * large one is an error, as the ticket could not be used (RFC 4120 §3.1.5). Returns whether the
 * clock was adjusted.
 */
export function checkTime({ clock, settings }: ClientContext, kdcTime: number): boolean {
  if (Math.abs(kdcTime - clock.seconds()) <= settings.clockSkew) return false;
  if (settings.correctSkew) {
    clock.adjust(kdcTime);
    return true;
  }
  throw new KerberosError(
    'skew',
    `the KDC's clock differs by ${Math.abs(kdcTime - clock.seconds())} s; set this one right`,
  );
}

/** What a cache keeps of a reply whose checks were passed. */
export function credentialsOf(rep: KdcRep, enc: EncKdcRepPart): Credentials {
  return {
    client: { name: rep.cname, realm: rep.crealm },
    server: { name: enc.sname, realm: enc.srealm },
    key: { etype: enc.key.keytype, bytes: enc.key.keyvalue },
    times: {
      authtime: enc.authtime,
      starttime: enc.starttime ?? enc.authtime,
      endtime: enc.endtime,
      renewTill: enc.renewTill ?? 0,
    },
    isSkey: false,
    flags: enc.flags,
    addresses: enc.caddr ?? [],
    authorizationData: [],
    ticket: rep.ticket,
    secondTicket: new Uint8Array(0),
  };
}

function isUsable({ keytype, keyvalue }: EncKdcRepPart['key']): boolean {
  try {
    Key.of(keytype, keyvalue);
    return true;
  } catch (error) {
    if (error instanceof CryptoError) return false;
    throw error;
  }
}
