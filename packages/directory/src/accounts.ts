import type { Sid } from '@doublehop/security/sid';
import type { Account } from './account.ts';
import type { Directory } from './directory.ts';

/** The KDC's view of the directory, cached; call `refresh` once a request. */
export declare class Accounts {
  constructor(directory: Directory, options?: { readonly size?: number });
  /** Later look-ups see what any process has committed up to now. */
  refresh(): void;
  /** By service principal name, `class/host[:port][/name]` without realm; HOST covers its classes. */
  bySpn(spn: string): Account | undefined;
  /** By sAMAccountName (with or without `$`), userPrincipalName or implicit UPN. */
  byName(name: string): Account | undefined;
  bySid(sid: Sid): Account | undefined;
  byDn(dn: string): Account | undefined;
  byId(id: number): Account | undefined;
}
