/** NETLOGON_NT_VERSION: what a client understands, and what a reply is (MS-ADTS 6.3.1.1). */
export const NetlogonVersion = {
  V1: 0x1,
  V5: 0x2,
  V5EX: 0x4,
  V5EX_WITH_IP: 0x8,
  WITH_CLOSEST_SITE: 0x10,
} as const;

/** Operation codes of replies (MS-ADTS 6.3.1.3). */
export const NetlogonOpcode = {
  LOGON_SAM_LOGON_RESPONSE: 19,
  LOGON_SAM_USER_UNKNOWN: 21,
  LOGON_SAM_LOGON_RESPONSE_EX: 23,
  LOGON_SAM_USER_UNKNOWN_EX: 25,
} as const;

/** DS_FLAG: what a controller is (MS-ADTS 6.3.1.2). */
export const DsFlag = {
  PDC: 0x1,
  GC: 0x4,
  LDAP: 0x8,
  DS: 0x10,
  KDC: 0x20,
  TIMESERV: 0x40,
  CLOSEST: 0x80,
  WRITABLE: 0x100,
  FULL_SECRET_DOMAIN_6: 0x1000,
  DS_8: 0x4000,
  DS_9: 0x8000,
  DS_10: 0x1_0000,
} as const;

/** LmNtToken and Lm20Token at the end of every reply (MS-ADTS 6.3.1.7 to 6.3.1.9). */
export const NETLOGON_TOKENS = 0xffff_ffff;
