import type { Sid } from '@doublehop/security/sid';
import { metaKey } from './layout.ts';
import type { Reader, Transaction } from './store/store.ts';

/** The facts of the domain that a directory holds. */
export interface DomainInfo {
  readonly dn: string;
  readonly dnsName: string;
  /** DNS name in upper case: the Kerberos realm. */
  readonly realm: string;
  readonly netbiosName: string;
  readonly sid: Sid;
  readonly configurationDn: string;
  readonly schemaDn: string;
}

const KEY = metaKey('domain');

/** The domain in a store; undefined when it is empty. */
export function readDomain(reader: Reader): DomainInfo | undefined {
  const bytes = reader.get(KEY);
  if (bytes === undefined) return undefined;
  // Only `writeDomain` writes this record.
  return JSON.parse(new TextDecoder().decode(bytes)) as DomainInfo;
}

/** Notes the domain of a store. */
export function writeDomain(tx: Transaction, domain: DomainInfo): void {
  tx.put(KEY, new TextEncoder().encode(JSON.stringify(domain)));
}
