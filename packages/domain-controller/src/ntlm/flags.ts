/** NEGOTIATE: the options of a session (MS-NLMP 2.2.2.5). */
export const NtlmFlag = {
  UNICODE: 0x1,
  REQUEST_TARGET: 0x4,
  SIGN: 0x10,
  SEAL: 0x20,
  NTLM: 0x200,
  ALWAYS_SIGN: 0x8000,
  TARGET_TYPE_DOMAIN: 0x1_0000,
  EXTENDED_SESSIONSECURITY: 0x8_0000,
  TARGET_INFO: 0x80_0000,
  VERSION: 0x200_0000,
  KEY_128: 0x2000_0000,
  KEY_EXCH: 0x4000_0000,
  KEY_56: 0x8000_0000,
} as const;

/** AvId of the pairs that are read or written (MS-NLMP 2.2.2.1). */
export const AvId = {
  EOL: 0,
  NB_COMPUTER_NAME: 1,
  NB_DOMAIN_NAME: 2,
  DNS_COMPUTER_NAME: 3,
  DNS_DOMAIN_NAME: 4,
  DNS_TREE_NAME: 5,
  FLAGS: 6,
  TIMESTAMP: 7,
  CHANNEL_BINDINGS: 10,
} as const;

/** MsvAvFlags: the AUTHENTICATE_MESSAGE has a MIC (MS-NLMP 2.2.2.1). */
export const AV_FLAG_MIC = 0x2;
