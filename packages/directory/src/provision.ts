import type { Sid } from '@doublehop/security/sid';
import type { Directory } from './directory.ts';

/** A domain to be made. */
export interface NewDomain {
  /** DNS name: `contoso.com`. */
  readonly dnsName: string;
  /** NetBIOS name: `CONTOSO`. */
  readonly netbiosName: string;
  /** Absent = drawn from the random source. */
  readonly sid?: Sid;
}

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

/** Makes the entries of a new domain in an empty directory. */
export declare function provision(directory: Directory, domain: NewDomain): Promise<DomainInfo>;
/** The domain of a directory, or undefined when it is empty. */
export declare function domainInfo(directory: Directory): DomainInfo | undefined;
