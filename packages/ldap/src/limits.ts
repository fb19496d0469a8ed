/** The named limits of this package: what a peer may ask of our memory and time. */

/** Octets of one LDAPMessage from an authenticated peer; Active Directory's MaxReceiveBuffer. */
export const MAX_MESSAGE = 10_485_760;

/** Octets of one LDAPMessage before a bind has succeeded: anonymous peers get less memory. */
export const MAX_ANONYMOUS_MESSAGE = 262_144;

/** Octets of one LDAPMessage that a client takes from the server it chose. */
export const MAX_RESPONSE = 64 * 1024 * 1024;

/** Elements of one Filter, all levels together (RFC 4511 §4.5.1.7); wire bounds its depth. */
export const MAX_FILTER_ELEMENTS = 4_096;

/** Characters of one filter in its text form (RFC 4515). */
export const MAX_FILTER_TEXT = 1_048_576;

/** Levels of a filter in its text form; as many as the wire form may have. */
export const MAX_FILTER_DEPTH = 32;

/** Substrings between initial and final of one filter element. */
export const MAX_SUBSTRINGS = 256;

/** Controls of one message. */
export const MAX_CONTROLS = 64;

/** Attributes of one entry, and names in one attribute selection. */
export const MAX_ATTRIBUTES = 4_096;

/** Values of one attribute. */
export const MAX_VALUES = 262_144;

/** Changes of one modify request. */
export const MAX_CHANGES = 16_384;

/** URIs of one referral or continuation reference. */
export const MAX_REFERRALS = 256;

/** Keys of one server-side sort control (RFC 2891 §1.1). */
export const MAX_SORT_KEYS = 16;

/** Octets of one buffer inside a SASL security layer that we accept; RFC 4752 §3.3 has 24 bits. */
export const MAX_SASL_BUFFER = 0xff_ffff;

/** Steps of one SASL exchange, more than any mechanism here needs. */
export const MAX_SASL_STEPS = 16;

/** Octets of plain text put into one SASL buffer: keeps memory and latency flat. */
export const MAX_SASL_SEND = 262_144;

/** Octets that the transport gathers before it hands them to the socket. */
export const WRITE_BATCH = 65_536;

/** Entries of a synchronous search after which other connections get their turn. */
export const SEARCH_TURN = 128;

/** Entries that a client keeps for a slow reader before it stops reading from the socket. */
export const MAX_QUEUED_ITEMS = 1_024;

/** What one server gives to its peers; times in milliseconds. */
export interface ServerLimits {
  /** Connections at a time; the next one is closed (MaxConnections, MS-ADTS 3.1.1.3.4.6). */
  readonly maxConnections: number;
  /** Connections of one remote address at a time. */
  readonly maxConnectionsPerAddress: number;
  /** Octets of one message after, and before, a successful bind. */
  readonly maxMessage: number;
  readonly maxAnonymousMessage: number;
  /**
   * Operations of one connection in progress; beyond it nothing is read. Writes that wait together
   * share one flush of the disk.
   */
  readonly maxOperations: number;
  /** From the connection, or the end of its handshake, to a whole message (InitRecvTimeout). */
  readonly firstMessageTimeout: number;
  /** From the first octet of a message to its last: drops peers that send slowly or half. */
  readonly messageTimeout: number;
  /** Silence with nothing in progress (MaxConnIdleTime). */
  readonly idleTimeout: number;
  /** How long the peer may leave full buffers unread. */
  readonly writeTimeout: number;
  /** The longest search, whatever it asks; ends in timeLimitExceeded (MaxQueryDuration). */
  readonly searchTimeout: number;
  /** How long `close` waits for operations in progress. */
  readonly closeTimeout: number;
}

/** The defaults: Active Directory's where it has them (MS-ADTS 3.1.1.3.4.6). */
export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  maxConnections: 5_000,
  maxConnectionsPerAddress: 1_000,
  maxMessage: MAX_MESSAGE,
  maxAnonymousMessage: MAX_ANONYMOUS_MESSAGE,
  maxOperations: 64,
  firstMessageTimeout: 120_000,
  messageTimeout: 30_000,
  idleTimeout: 900_000,
  writeTimeout: 60_000,
  searchTimeout: 120_000,
  closeTimeout: 5_000,
};
