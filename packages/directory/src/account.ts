import type { Sid } from '@doublehop/security/sid';

/** One long-term key: encryption type (RFC 3961 §7), its bytes, and the salt it was made with. */
export interface AccountKey {
  readonly etype: number;
  readonly bytes: Uint8Array;
  readonly salt?: string;
}

/** The keys of one password, under its version number (RFC 4120 §5.2.9). */
export interface KeySet {
  readonly kvno: number;
  readonly keys: readonly AccountKey[];
}

/** What an account is, by its most specific class. */
export type AccountKind = 'user' | 'computer' | 'managedService' | 'groupManagedService';

/** A group of the closure: its SID and the attributes it has in a PAC (MS-PAC 2.2.1). */
export interface AccountGroup {
  readonly sid: Sid;
  readonly rid: number;
  /** SE_GROUP_MANDATORY | ENABLED_BY_DEFAULT | ENABLED = 7, with SE_GROUP_RESOURCE for the rest. */
  readonly attributes: number;
}

/**
 * All that the KDC needs to know of an account, decoded once. Times are Windows file times (100 ns
 * since 1601-01-01); 0 and 0x7fffffffffffffff mean never where MS-ADA1 says so.
 */
export interface Account {
  readonly id: number;
  /** USN of the entry's last change. */
  readonly usn: number;
  readonly kind: AccountKind;
  readonly sid: Sid;
  readonly rid: number;
  readonly dn: string;
  readonly samAccountName: string;
  readonly userPrincipalName: string | undefined;
  readonly displayName: string | undefined;
  readonly dnsHostName: string | undefined;
  readonly servicePrincipalNames: readonly string[];
  readonly userAccountControl: number;
  readonly accountExpires: bigint;
  readonly lockoutTime: bigint;
  readonly pwdLastSet: bigint;
  /** As it was when the account was read: logons do not make it another account. */
  readonly logonCount: number;
  readonly badPwdCount: number;
  /** 21 bytes, a bit an hour of the week in UTC (MS-ADA1 2.376); absent = always. */
  readonly logonHours: Uint8Array | undefined;
  /** NetBIOS names, with commas between, of the machines to log on from; absent = all. */
  readonly userWorkstations?: string | undefined;
  /** msDS-AllowedToDelegateTo: the services of classic constrained delegation (A2D2). */
  readonly allowedToDelegateTo: readonly string[];
  /** msDS-AllowedToActOnBehalfOfOtherIdentity: a security descriptor as it stands, undecoded. */
  readonly allowedToActOnBehalf: Uint8Array | undefined;
  /** msDS-SupportedEncryptionTypes; undefined when the attribute is absent. */
  readonly supportedEncryptionTypes: number | undefined;
  readonly primaryGroupRid: number;
  /** Primary group and nested global and universal groups of the account's own domain. */
  readonly groups: readonly AccountGroup[];
  /** Nested domain-local groups of the own domain: resource groups (MS-KILE 3.3.5.7.3). */
  readonly resourceGroups: readonly AccountGroup[];
  /** BUILTIN groups (S-1-5-32-…): never in a PAC, but they count at the controller itself. */
  readonly builtinGroups: readonly Sid[];
  /** SIDs of the closure from other domains, and the account's sIDHistory. */
  readonly extraSids: readonly Sid[];
  readonly protectedUser: boolean;
  /** The keys of the present password. */
  readonly keys: KeySet | undefined;
  /** Keys of earlier passwords, newest first. */
  readonly previousKeys: readonly KeySet[];
}
