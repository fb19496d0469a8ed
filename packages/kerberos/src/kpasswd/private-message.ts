import { isIPv4, isIPv6 } from 'node:net';
import type { Key } from '@doublehop/crypto/key';
import type { RandomSource } from '@doublehop/crypto/random';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import { KeyUsage } from '../iana/key-usages.ts';
import { MessageType, PVNO } from '../iana/message-types.ts';
import type { HostAddress } from '../messages/common.ts';
import { EncKrbPrivPart, KrbPriv } from '../messages/krb-priv.ts';

/** KRB-PRIV with these contents, sealed with the subkey (RFC 4120 §3.5.1). */
export function sealPrivate(part: EncKrbPrivPart, key: Key, random: RandomSource): Uint8Array {
  const text = encodeDer(EncKrbPrivPart, part);
  const cipher = key.encrypt(KeyUsage.KRB_PRIV_ENC_PART, text, random);
  return encodeDer(KrbPriv, {
    pvno: PVNO,
    msgType: MessageType.KRB_PRIV,
    encPart: { etype: key.etype, cipher },
  });
}

/**
 * The contents of a KRB-PRIV (RFC 4120 §3.5.2); sequence number and time are the caller's to check.
 * Throws WireError for what is none, and CryptoError for what this key did not seal.
 */
export function openPrivate(bytes: Uint8Array, key: Key): EncKrbPrivPart {
  const { encPart } = decodeDer(KrbPriv, bytes);
  return decodeDer(EncKrbPrivPart, key.decrypt(KeyUsage.KRB_PRIV_ENC_PART, encPart.cipher));
}

/** HostAddress of an IP address (RFC 4120 §7.5.3); an IPv4 address mapped into IPv6 is IPv4. */
export function hostAddress(ip: string): HostAddress {
  const [address = ''] = ip.split('%');
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1] ?? address;
  if (isIPv4(mapped))
    return { addrType: IPV4, address: Uint8Array.from(mapped.split('.'), Number) };
  if (!isIPv6(address)) throw new TypeError(`${JSON.stringify(ip)} is no IP address`);
  return { addrType: IPV6, address: octetsOf(address) };
}

const IPV4 = 2;
const IPV6 = 24;

/** Sixteen octets of a valid IPv6 address (RFC 4291 §2.2). */
function octetsOf(address: string): Uint8Array {
  const [head = '', tail] = address.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const octets = new Uint8Array(16);
  octets.set(before);
  octets.set(after, 16 - after.length);
  return octets;
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (group.includes('.')) return group.split('.').map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
