/** Message types, which are the application tags too (RFC 4120 §7.5.7). */
export const MessageType = {
  AS_REQ: 10,
  AS_REP: 11,
  TGS_REQ: 12,
  TGS_REP: 13,
  AP_REQ: 14,
  AP_REP: 15,
  KRB_SAFE: 20,
  KRB_PRIV: 21,
  KRB_CRED: 22,
  KRB_ERROR: 30,
} as const;

/** Kerberos protocol version number (RFC 4120 §5.4.1). */
export const PVNO = 5;
