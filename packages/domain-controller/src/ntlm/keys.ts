import { hash, timingSafeEqual } from 'node:crypto';
import { Hmac } from '@doublehop/crypto/hmac';
import { Rc4 } from '@doublehop/crypto/legacy/rc4';
import { concat, plain, utf16le, utf8 } from '@doublehop/wire/bytes';
import { NtlmFlag } from './flags.ts';

/** Which side sends. */
export type Sender = 'client' | 'server';

/** NTOWFv2 (MS-NLMP 3.3.2): the key of responses, of an NT hash and the names as they were sent. */
export function responseKey(ntHash: Uint8Array, user: string, domain: string): Uint8Array {
  return hmacMd5(ntHash, utf16le(upperCase(user) + domain));
}

/** NTProofStr (MS-NLMP 3.3.2). */
export function ntProof(key: Uint8Array, challenge: Uint8Array, temp: Uint8Array): Uint8Array {
  return hmacMd5(key, challenge, temp);
}

/** SessionBaseKey, which is KeyExchangeKey too (MS-NLMP 3.3.2, 3.4.5.1). */
export function sessionBaseKey(key: Uint8Array, proof: Uint8Array): Uint8Array {
  return hmacMd5(key, proof);
}

/** ExportedSessionKey (MS-NLMP 3.2.5.1.2). */
export function exportedSessionKey(
  exchangeKey: Uint8Array,
  flags: number,
  encrypted: Uint8Array,
): Uint8Array | undefined {
  if ((flags & NtlmFlag.KEY_EXCH) === 0) return exchangeKey;
  return encrypted.length === 16 ? new Rc4(exchangeKey).apply(encrypted) : undefined;
}

/** The MIC over the three messages, in the last of which it is zero (MS-NLMP 3.1.5.1.2). */
export function messageIntegrity(key: Uint8Array, ...messages: readonly Uint8Array[]): Uint8Array {
  return hmacMd5(key, ...messages);
}

/** SIGNKEY (MS-NLMP 3.4.5.2). */
export function signingKey(key: Uint8Array, sender: Sender): Uint8Array {
  return derived(key, sender, 'signing');
}

/** SEALKEY with 128 bits (MS-NLMP 3.4.5.3). */
export function sealingKey(key: Uint8Array, sender: Sender): Uint8Array {
  return derived(key, sender, 'sealing');
}

/** HMAC_MD5 of the parts one after the other (MS-NLMP 6). */
export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  return plain(new Hmac('md5', key).digest(concat(...parts)));
}

/** Equality of secrets in constant time. */
export function sameSecret(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

function derived(key: Uint8Array, sender: Sender, what: 'signing' | 'sealing'): Uint8Array {
  const way = sender === 'client' ? 'client-to-server' : 'server-to-client';
  const magic = utf8(`session key to ${way} ${what} key magic constant\0`);
  return plain(hash('md5', concat(key, magic), 'buffer'));
}

/** Simple case mapping, a unit for a unit, as Windows does it. */
function upperCase(text: string): string {
  return text.replace(/./gsu, (one) => {
    const upper = one.toUpperCase();
    return upper.length === one.length ? upper : one;
  });
}
