import type { Guid } from '@doublehop/security/guid';
import type { Sid } from '@doublehop/security/sid';
import { StoreError } from './errors.ts';
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

/** Raised when stores come to hold what earlier versions would misread; 2: with descriptors. */
const STORE_FORMAT = 2;

type Written = DomainInfo & { readonly format?: number };

/** The domain in a store; undefined when it is empty. Throws `format` for another version's. */
export function readDomain(reader: Reader): DomainInfo | undefined {
  const bytes = reader.get(KEY);
  if (bytes === undefined) return undefined;
  // Only `writeDomain` writes this record.
  const { format, ...domain } = JSON.parse(new TextDecoder().decode(bytes)) as Written;
  if (format === STORE_FORMAT) return domain;
  const text = `the domain in this store was made by another version (format ${format ?? 1})`;
  throw new StoreError('format', `${text}: make it again in an empty folder`);
}

/** Notes the domain of a store. */
export function writeDomain(tx: Transaction, domain: DomainInfo): void {
  const written: Written = { ...domain, format: STORE_FORMAT };
  tx.put(KEY, new TextEncoder().encode(JSON.stringify(written)));
}
