import { defaultEncryptionTypes } from '@doublehop/crypto/policy';
import type { Lockouts } from '../accounts/lockout.ts';
import { AES_BY_DEFAULT } from './keys.ts';
import { DEFAULT_SETTINGS, type DelegationSettings } from '@doublehop/delegation/facts';

/** How a KDC behaves: the defaults are those of an up-to-date Windows domain. Times are seconds. */
export interface KdcSettings extends DelegationSettings {
  /** Longest life of a TGT or service ticket; MaxTicketAge of the domain policy. */
  readonly maxTicketLife: number;
  /** Longest time for which a ticket can be renewed; MaxRenewAge. */
  readonly maxRenewLife: number;
  /** Life and renew time of TGTs of Protected Users (MS-KILE 3.3.5.1). */
  readonly protectedUserLife: number;
  /** Greatest difference of clocks that is accepted; MaxClockSkew. */
  readonly clockSkew: number;
  /**
   * Age after which a user's password has expired, whatever the directory says; 0: never. Absent:
   * maxPwdAge of the domain, or what a password settings object has in its stead.
   */
  readonly maxPasswordAge?: number;
  /** Password policies and locked accounts; absent: nothing expires and nobody is locked. */
  readonly lockouts?: Lockouts;
  /** Encryption types in the order of preference; 23 (RC4) only where named here. */
  readonly encryptionTypes: readonly number[];
  /**
   * Bits of msDS-SupportedEncryptionTypes for accounts that have none (Windows'
   * DefaultDomainSupportedEncTypes): they seal tickets to them, and bound the session keys. 0xd8,
   * AES, in today's Windows; 0x27 was its default before: RC4, with AES session keys.
   */
  readonly defaultSupportedEncryptionTypes: number;
  /** Octets of a reply on UDP above which RESPONSE_TOO_BIG is answered. */
  readonly maxDatagramReply: number;
  /**
   * `lenient` takes a TGS-REQ whose authenticator has no checksum over the body, as old impacket
   * sends it: whoever is in between can then change the body (RFC 4120 §3.3.2 demands it).
   */
  readonly requestChecksum: 'required' | 'lenient';
  /**
   * Claims, compound identity and the SIDs that tell of them (MS-KILE 3.3.1: the policy "KDC
   * support for claims, compound authentication and Kerberos armoring").
   */
  readonly claims: 'supported' | 'off';
  /**
   * FAST (RFC 6113 §5.4), "KDC support for claims, compound authentication and Kerberos armoring"
   * of the domain policy: `off` answers as if it did not know it, `required` refuses AS-REQs of
   * users that come without (MS-KILE 3.3.5.6, values 0, 2 and 3).
   */
  readonly fast: 'off' | 'supported' | 'required';
}

const HOUR = 3600;

/** Types 18, 17, 20 and 19; AES256-SHA1 first, which every peer knows. */
export const DEFAULT_KDC_SETTINGS: KdcSettings = {
  ...DEFAULT_SETTINGS,
  maxTicketLife: 10 * HOUR,
  maxRenewLife: 7 * 24 * HOUR,
  protectedUserLife: 4 * HOUR,
  clockSkew: 300,
  encryptionTypes: defaultEncryptionTypes,
  defaultSupportedEncryptionTypes: AES_BY_DEFAULT,
  maxDatagramReply: 4096,
  requestChecksum: 'required',
  claims: 'supported',
  fast: 'supported',
};
