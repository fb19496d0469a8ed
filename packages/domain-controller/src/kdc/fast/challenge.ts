import { clientChallengeKey, kdcChallengeKey } from '@doublehop/kerberos/fast/keys';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { EncryptedData, type PaData } from '@doublehop/kerberos/messages/common';
import { PaEncTsEnc } from '@doublehop/kerberos/messages/padata';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import type { RandomSource } from '@doublehop/crypto/random';
import { decrypted, type KdcKey } from '../sealed-ticket.ts';
import type { Armor } from './armor.ts';

/** A challenge that a client's key answers for. */
export interface MetChallenge {
  readonly key: KdcKey;
  /** The client's time, seconds since 1970. */
  readonly time: number;
}

/**
 * PA-ENCRYPTED-CHALLENGE of a client (RFC 6113 §5.4.6): made with the armor and one of `keys`. It
 * does not tell with which, so each is tried. Undefined where none of them made it.
 */
export function meetChallenge(
  padata: Uint8Array,
  keys: readonly KdcKey[],
  armor: Armor,
): MetChallenge | undefined {
  const { cipher } = decodeDer(EncryptedData, padata);
  for (const key of keys) {
    const challenge = clientChallengeKey(armor.key, key.key);
    const plain = decrypted(challenge, KeyUsage.ENC_CHALLENGE_CLIENT, cipher);
    if (plain !== undefined) return { key, time: decodeDer(PaEncTsEnc, plain).patimestamp };
  }
  return undefined;
}

/** The KDC's own challenge, by which the client knows that the KDC knows its key (§5.4.6). */
export function kdcChallenge(
  { key: longTerm }: KdcKey,
  armor: Armor,
  now: number,
  random: RandomSource,
): PaData {
  const key = kdcChallengeKey(armor.key, longTerm);
  const plain = encodeDer(PaEncTsEnc, {
    patimestamp: Math.floor(now / 1000),
    pausec: Math.floor(now % 1000) * 1000,
  });
  const cipher = key.encrypt(KeyUsage.ENC_CHALLENGE_KDC, plain, random);
  const padataValue = encodeDer(EncryptedData, { etype: key.etype, cipher });
  return { padataType: PaType.ENCRYPTED_CHALLENGE, padataValue };
}
