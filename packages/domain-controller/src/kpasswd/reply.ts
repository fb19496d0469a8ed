import type { RandomSource } from '@doublehop/crypto/random';
import { firstSequence } from '@doublehop/kerberos/gss/sequence-numbers';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { MessageType, PVNO } from '@doublehop/kerberos/iana/message-types';
import {
  CHANGE_PASSWORD_SERVICE,
  encodeKpasswdMessage,
  KpasswdVersion,
} from '@doublehop/kerberos/kpasswd/messages';
import { sealPrivate } from '@doublehop/kerberos/kpasswd/private-message';
import { encodeOutcome, type KpasswdOutcome } from '@doublehop/kerberos/kpasswd/result';
import { ApRep, EncApRepPart } from '@doublehop/kerberos/messages/ap';
import type { HostAddress } from '@doublehop/kerberos/messages/common';
import { KrbError } from '@doublehop/kerberos/messages/krb-error';
import { encodeDer } from '@doublehop/wire/der';
import type { PasswordCaller } from './authenticate.ts';
import type { PasswordRefused } from './refused.ts';

/**
 * A result for who proved who it is: AP-REP in the session key, KRB-PRIV in the request's subkey
 * (RFC 3244 §2). `sender` is where the client sees the reply come from.
 */
export function sealedReply(
  outcome: KpasswdOutcome,
  { sessionKey, subkey, authenticator }: PasswordCaller,
  { sender, random }: { readonly sender: HostAddress; readonly random: RandomSource },
): Uint8Array {
  const { ctime, cusec } = authenticator;
  const seqNumber = firstSequence(random);
  const rep = encodeDer(EncApRepPart, { ctime, cusec, seqNumber });
  const ap = encodeDer(ApRep, {
    pvno: PVNO,
    msgType: MessageType.AP_REP,
    encPart: {
      etype: sessionKey.etype,
      cipher: sessionKey.encrypt(KeyUsage.AP_REP_ENC_PART, rep, random),
    },
  });
  const part = {
    // Ordered by its number alone, as that of the request (RFC 3244 §2).
    userData: encodeOutcome(outcome),
    seqNumber,
    sAddress: sender,
  };
  const body = sealPrivate(part, subkey, random);
  return encodeKpasswdMessage({ version: KpasswdVersion.CHANGE, ap, body });
}

/** A refusal without any key: a KRB-ERROR with the result in e-data (RFC 3244 §2). */
export function errorReply(
  { outcome, errorCode }: PasswordRefused,
  realm: string,
  now: number,
): Uint8Array {
  const body = encodeDer(KrbError, {
    pvno: PVNO,
    msgType: MessageType.KRB_ERROR,
    stime: Math.floor(now / 1000),
    susec: Math.floor(now % 1000) * 1000,
    errorCode,
    realm,
    sname: { ...CHANGE_PASSWORD_SERVICE, nameType: NameType.PRINCIPAL },
    eData: encodeOutcome(outcome),
  });
  return encodeKpasswdMessage({ version: KpasswdVersion.CHANGE, ap: new Uint8Array(), body });
}
