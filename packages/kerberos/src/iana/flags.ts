/** Bit n of a KerberosFlags value, the most significant being bit 0 (RFC 4120 §5.2.8). */
const bit = (n: number): number => (1 << (31 - n)) >>> 0;

/** TicketFlags (RFC 4120 §5.3). */
export const TicketFlag = {
  FORWARDABLE: bit(1),
  FORWARDED: bit(2),
  PROXIABLE: bit(3),
  PROXY: bit(4),
  MAY_POSTDATE: bit(5),
  POSTDATED: bit(6),
  INVALID: bit(7),
  RENEWABLE: bit(8),
  INITIAL: bit(9),
  PRE_AUTHENT: bit(10),
  HW_AUTHENT: bit(11),
  TRANSITED_POLICY_CHECKED: bit(12),
  OK_AS_DELEGATE: bit(13),
  /** EncryptedPA-Data in the reply is supported (RFC 6806 §11). */
  ENC_PA_REP: bit(15),
  ANONYMOUS: bit(16),
} as const;

/** KDCOptions (RFC 4120 §5.4.1; RFC 6806 §3; MS-SFU 2.2.3 for bit 14). */
export const KdcOption = {
  FORWARDABLE: bit(1),
  FORWARDED: bit(2),
  PROXIABLE: bit(3),
  PROXY: bit(4),
  ALLOW_POSTDATE: bit(5),
  POSTDATED: bit(6),
  RENEWABLE: bit(8),
  CNAME_IN_ADDL_TKT: bit(14),
  CANONICALIZE: bit(15),
  REQUEST_ANONYMOUS: bit(16),
  DISABLE_TRANSITED_CHECK: bit(26),
  RENEWABLE_OK: bit(27),
  ENC_TKT_IN_SKEY: bit(28),
  RENEW: bit(30),
  VALIDATE: bit(31),
} as const;

/** APOptions (RFC 4120 §5.5.1). */
export const ApOption = { USE_SESSION_KEY: bit(1), MUTUAL_REQUIRED: bit(2) } as const;

/** PA-PAC-OPTIONS (MS-KILE 2.2.10, MS-SFU 2.2.5). */
export const PacOption = {
  CLAIMS: bit(0),
  BRANCH_AWARE: bit(1),
  FORWARD_TO_FULL_DC: bit(2),
  RESOURCE_BASED_CONSTRAINED_DELEGATION: bit(3),
} as const;

/** S4UUserID options (MS-SFU 2.2.2). */
export const S4uOption = {
  /** The KDC checks that the user could log on now. */
  CHECK_LOGON_RESTRICTIONS: bit(1),
  /** The reply's checksum has key usage 27. */
  USE_REPLY_KEY_USAGE: bit(2),
} as const;

/** Names of the flags that are set, in bit order, as `klist` and event logs spell them out. */
export function flagNames(table: Readonly<Record<string, number>>, flags: number): string[] {
  return Object.entries(table)
    .filter(([, value]) => (flags & value) !== 0)
    .map(([name]) => name);
}
