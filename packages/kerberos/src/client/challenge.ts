import { CryptoError } from '@doublehop/crypto/errors';
import type { Key } from '@doublehop/crypto/key';
import { encodeDer } from '@doublehop/wire/der';
import { clientChallengeKey, kdcChallengeKey } from '../fast/keys.ts';
import { KeyUsage } from '../iana/key-usages.ts';
import { PaType } from '../iana/padata-types.ts';
import { EncryptedData, findPadata, type PaData } from '../messages/common.ts';
import type { KdcRep } from '../messages/kdc.ts';
import { PaEncTsEnc } from '../messages/padata.ts';
import { type ClientContext, freshTimestamp } from './context.ts';
import { mismatch } from './kdc-reply.ts';
import { decodeAnswer } from './krb-error.ts';

/** PA-ENCRYPTED-CHALLENGE: the time, sealed by armor and long-term key (RFC 6113 §5.4.6). */
export function encryptedChallenge(context: ClientContext, armor: Key, longTerm: Key): PaData {
  const { seconds, microseconds } = freshTimestamp(context);
  const plain = encodeDer(PaEncTsEnc, { patimestamp: seconds, pausec: microseconds });
  const key = clientChallengeKey(armor, longTerm);
  const cipher = key.encrypt(KeyUsage.ENC_CHALLENGE_CLIENT, plain, context.random);
  const padataValue = encodeDer(EncryptedData, { etype: key.etype, cipher });
  return { padataType: PaType.ENCRYPTED_CHALLENGE, padataValue };
}

/**
 * Checks the KDC's own challenge in the armor of a reply, by which it proves that it knows the
 * client's key (RFC 6113 §5.4.6). Throws KerberosError `reply-mismatch`.
 *
 * Heimdal 7 makes its challenge with the client's pepper. The key usage still tells it from the
 * client's own, so that nobody can answer with that.
 */
export function checkKdcChallenge({ padata }: KdcRep, armor: Key, longTerm: Key): void {
  const value = findPadata(padata, PaType.ENCRYPTED_CHALLENGE);
  if (value === undefined || value.length === 0) return;
  const { cipher } = decodeAnswer(EncryptedData, value);
  for (const make of [kdcChallengeKey, clientChallengeKey]) {
    const plain = openChallenge(make(armor, longTerm), cipher);
    if (plain === undefined) continue;
    decodeAnswer(PaEncTsEnc, plain);
    return;
  }
  throw mismatch('the KDC does not know the key');
}

function openChallenge(key: Key, cipher: Uint8Array): Uint8Array | undefined {
  try {
    return key.decrypt(KeyUsage.ENC_CHALLENGE_KDC, cipher);
  } catch (error) {
    if (error instanceof CryptoError) return undefined;
    throw error;
  }
}
