import type { Guid } from '@doublehop/security/guid';
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
  /** The site of the controller: `Default-First-Site-Name`. */
  readonly siteName: string;
  /** NetBIOS name of the controller: `DC`. */
  readonly controllerName: string;
  /** The controller's server object, below its site. */
  readonly serverDn: string;
  /** The directory service of that server: `CN=NTDS Settings` below it, rootDSE's dsServiceName. */
  readonly dsaDn: string;
  /** objectGUID of the directory service, by which controllers know each other. */
  readonly dsaGuid: Guid;
  /** The directory service's invocationId (MS-ADTS 3.1.1.1.9). */
  readonly invocationId: Guid;
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
