/** Context flags (RFC 2744 appendix A); the low six travel in the checksum (RFC 4121 §4.1.1.1). */
export const GssFlag = {
  DELEG: 0x1,
  MUTUAL: 0x2,
  REPLAY: 0x4,
  SEQUENCE: 0x8,
  CONF: 0x10,
  INTEG: 0x20,
  /** Channel bindings of both sides were compared and are the same (MIT krb5; not on the wire). */
  CHANNEL_BOUND: 0x800,
  /** Three legs, tokens without framing (RFC 4757 §7.1); refused here. */
  DCE_STYLE: 0x1000,
} as const;

/** What an initiator asks for unless told otherwise; what an acceptor grants of a wish. */
export const DEFAULT_FLAGS: number =
  GssFlag.MUTUAL | GssFlag.REPLAY | GssFlag.SEQUENCE | GssFlag.CONF | GssFlag.INTEG;
