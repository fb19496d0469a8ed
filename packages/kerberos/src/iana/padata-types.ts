/** Pre-authentication and other padata types (RFC 4120 §7.5.2, RFC 6113 §7.1, MS-KILE, MS-SFU). */
export const PaType = {
  TGS_REQ: 1,
  ENC_TIMESTAMP: 2,
  PW_SALT: 3,
  ETYPE_INFO: 11,
  PK_AS_REQ_OLD: 14,
  PK_AS_REQ: 16,
  PK_AS_REP: 17,
  ETYPE_INFO2: 19,
  SVR_REFERRAL_INFO: 20,
  PAC_REQUEST: 128,
  FOR_USER: 129,
  S4U_X509_USER: 130,
  FX_COOKIE: 133,
  FX_FAST: 136,
  FX_ERROR: 137,
  ENCRYPTED_CHALLENGE: 138,
  REQ_ENC_PA_REP: 149,
  SUPPORTED_ETYPES: 165,
  PAC_OPTIONS: 167,
} as const;

/** Authorization data types (RFC 4120 §7.5.4, MS-KILE, RFC 4537, RFC 6113). */
export const AdType = {
  IF_RELEVANT: 1,
  KDC_ISSUED: 4,
  AND_OR: 5,
  MANDATORY_FOR_KDC: 8,
  FX_FAST_ARMOR: 71,
  FX_FAST_USED: 72,
  WIN2K_PAC: 128,
  ETYPE_NEGOTIATION: 129,
  TOKEN_RESTRICTIONS: 141,
  LOCAL: 142,
  AP_OPTIONS: 143,
  TARGET_PRINCIPAL: 144,
} as const;

/** Address types (RFC 4120 §7.5.3). */
export const AddressType = { IPV4: 2, NETBIOS: 20, IPV6: 24 } as const;

/** LastReq types (RFC 4120 §5.4.2). */
export const LastReqType = { NONE: 0, PASSWORD_EXPIRES: 6, ACCOUNT_EXPIRES: 7 } as const;
