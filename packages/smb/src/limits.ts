/** The named limits of this package: what a peer may ask of our memory and time. */

/** Octets of one message, and of the payload of one READ, WRITE or transaction (MaxReadSize). */
export const MAX_TRANSFER = 1_048_576;

/** Octets of one framed message: the largest payload, with headers and a compound around it. */
export const MAX_FRAME = MAX_TRANSFER + 65_536;

/** Octets of one framed message before anybody has authenticated. */
export const MAX_ANONYMOUS_FRAME = 131_072;

/** Octets of one message that a client takes from the server it chose. */
export const MAX_RESPONSE_FRAME = 8_519_680 + 65_536;

/** Requests of one compound. */
export const MAX_COMPOUND = 64;

/** Dialects of one NEGOTIATE request. */
export const MAX_DIALECTS = 64;

/** Negotiate contexts, and algorithms within one. */
export const MAX_NEGOTIATE_CONTEXTS = 32;

/** Create contexts of one CREATE. */
export const MAX_CREATE_CONTEXTS = 64;

/** Octets of one security buffer: a ticket with a large PAC has less (MaxTokenSize). */
export const MAX_SECURITY_BUFFER = 65_535;

/** Characters of a path, and of one of its names (MS-FSCC 2.1.5). */
export const MAX_PATH = 32_760;
export const MAX_NAME = 255;

/** Names in one path. */
export const MAX_PATH_DEPTH = 255;

/** Octets of the pattern of a QUERY_DIRECTORY. */
export const MAX_PATTERN = 1_024;

/** Entries of one folder that are read, and that a client gathers. */
export const MAX_ENTRIES = 1_000_000;

/** Octets that a client reads of a file at once; more are read in ranges. */
export const MAX_READ = 1_073_741_824;

/** Ranges of one LOCK request. */
export const MAX_LOCKS = 64;

/** Octets of a security descriptor that a client takes. */
export const MAX_DESCRIPTOR = 65_536;

/** Octets of one fragment of DCE/RPC, and of one request all its fragments together. */
export const MAX_RPC_FRAGMENT = 4_280;
export const MAX_RPC_REQUEST = 1_048_576;

/** Presentation contexts of one bind (C706 12.6.4.3). */
export const MAX_RPC_CONTEXTS = 16;

/** Shares that one enumeration gives. */
export const MAX_SHARES = 4_096;

/** Messages of a pipe that wait to be read. */
export const MAX_PIPE_MESSAGES = 1_024;

/** Milliseconds that a client waits for a connection, and for an answer. */
export const CONNECT_WAIT = 15_000;
export const RESPONSE_WAIT = 60_000;

/** Rounds of the authentication. */
export const MAX_SETUP_LEGS = 8;

/** Credits that a client asks for with each request (MS-SMB2 3.2.4.1.2). */
export const CLIENT_CREDITS = 128;

/** What one server gives to its peers; times in milliseconds. */
export interface ServerLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerAddress: number;
  /** Sessions, tree connects and opens of one connection. */
  readonly maxSessions: number;
  readonly maxTrees: number;
  readonly maxOpens: number;
  /** Message numbers that a client may have in use (MS-SMB2 3.3.1.1). */
  readonly maxCredits: number;
  /** Requests that wait for an event: CHANGE_NOTIFY. */
  readonly maxPending: number;
  /** From the connection to the first authenticated session. */
  readonly authenticationTimeout: number;
  /** From the first octet of a message to its last. */
  readonly messageTimeout: number;
  /** Silence of a connection that is authenticated. */
  readonly idleTimeout: number;
  /** How long the peer may leave full buffers unread. */
  readonly writeTimeout: number;
}

/** The defaults: Windows' where it documents them (MS-SMB2 appendix A, 512 to 8192 credits). */
export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  maxConnections: 5_000,
  maxConnectionsPerAddress: 256,
  maxSessions: 64,
  maxTrees: 256,
  maxOpens: 4_096,
  maxCredits: 512,
  maxPending: 64,
  authenticationTimeout: 45_000,
  messageTimeout: 30_000,
  idleTimeout: 900_000,
  writeTimeout: 60_000,
};
