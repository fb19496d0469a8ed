import { isUtf8 } from 'node:buffer';
import { SecurityError } from '@doublehop/security/errors';
import { decodeGuid, type Guid } from '@doublehop/security/guid';
import { MAX_NETLOGON_NAME } from '@doublehop/security/limits';
import { decodeSid, type Sid, sidSize } from '@doublehop/security/sid';
import type { AssertionValue, Filter } from '@doublehop/ldap/filter';
import { fromUtf8, utf8 } from '@doublehop/wire/bytes';

/** What a client asks a controller before it chooses one (MS-ADTS 6.3.3). */
export interface NetlogonPing {
  readonly dnsDomain: string | undefined;
  readonly domainGuid: Guid | undefined;
  readonly domainSid: Sid | undefined;
  /** sAMAccountName that must be there; '' where none is asked for. */
  readonly user: string;
  /** Kinds of accounts that `user` may be: bits of MS-SAMR 2.2.1.12. */
  readonly accountControl: number;
  /** NetlogonVersion bits. */
  readonly version: number;
}

/**
 * Reads the filter of a ping: equality matches joined by AND. Elements that are not known are
 * passed over; undefined where the filter is not valid (MS-ADTS 6.3.3.1).
 */
export function readPing(filter: Filter): NetlogonPing | undefined {
  const found = elementsOf(filter);
  if (found === undefined) return undefined;
  try {
    return {
      dnsDomain: text(found.get('dnsdomain')),
      domainGuid: guid(found.get('domainguid')),
      domainSid: sid(found.get('domainsid')),
      user: text(found.get('user')) ?? '',
      accountControl: dword(found.get('aac')),
      version: dword(found.get('ntver')),
    };
  } catch (error) {
    if (error instanceof NotValid || error instanceof SecurityError) return undefined;
    throw error;
  }
}

class NotValid extends Error {}

/** Values by name in lower case; undefined where one is named twice. */
function elementsOf(filter: Filter): ReadonlyMap<string, Uint8Array> | undefined {
  const found = new Map<string, Uint8Array>();
  for (const one of filter.kind === 'and' ? filter.filters : [filter]) {
    if (one.kind !== 'equality') continue;
    const name = one.attribute.toLowerCase();
    if (found.has(name)) return undefined;
    found.set(name, octets(one.value));
  }
  return found;
}

function octets(value: AssertionValue): Uint8Array {
  return typeof value === 'string' ? utf8(value) : value;
}

function text(value: Uint8Array | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (value.length > MAX_NETLOGON_NAME || !isUtf8(value)) throw new NotValid();
  return fromUtf8(value);
}

function guid(value: Uint8Array | undefined): Guid | undefined {
  if (value === undefined) return undefined;
  if (value.length !== 16) throw new NotValid();
  return decodeGuid(value);
}

function sid(value: Uint8Array | undefined): Sid | undefined {
  if (value === undefined) return undefined;
  if (sidSize(value) !== value.length) throw new NotValid();
  return decodeSid(value);
}

/** Little-endian octets, at most four; absent is 0. */
function dword(value: Uint8Array | undefined): number {
  if (value === undefined) return 0;
  if (value.length > 4) throw new NotValid();
  return value.reduceRight((number, octet) => number * 256 + octet, 0);
}
