/** The named limits of the domain controller. docs/limits.md lists what they protect. */

/** Octets of one KDC request on TCP; a request with a large PAC and evidence has about 10,000. */
export const MAX_KDC_REQUEST = 128 * 1024;

/** TCP connections to the KDC at a time, and from one address. */
export const MAX_KDC_CONNECTIONS = 1024;
export const MAX_KDC_CONNECTIONS_PER_ADDRESS = 256;

/** Milliseconds in which a TCP client must deliver a request it began, or ask again. */
export const KDC_TCP_TIMEOUT = 10_000;

/** Octets of datagrams and replies kept for retransmission, and for how long (milliseconds). */
export const RETRANSMIT_BYTES = 8 * 1024 * 1024;
export const RETRANSMIT_LIFE = 10_000;
/** Places in which they are looked for; a power of two. */
export const RETRANSMIT_BUCKETS = 8192;

/** Decrypted keys kept beside accounts and session keys beside ticket-granting tickets. */
export const MAX_SESSION_KEYS = 8192;

/** Opened evidence tickets kept: a few KB each. */
export const MAX_EVIDENCE = 4096;

/** Nested AD-IF-RELEVANT in authorization data. */
export const MAX_AUTHDATA_DEPTH = 3;

/** Entries of one answer without paging, and of one page: MaxPageSize (MS-ADTS 3.1.1.3.4.6). */
export const MAX_PAGE_SIZE = 1000;

/** Paged searches that one connection holds open: MaxResultSetsPerConn. */
export const MAX_PAGED_SEARCHES = 10;

/** Milliseconds for which a paged search waits for its next page. */
export const PAGED_SEARCH_LIFE = 600_000;

/** Values of one attribute in one answer; the rest is had by ranges: MaxValRange. */
export const MAX_VALUE_RANGE = 1500;

/** UTF-16 units of a password; the unicodePwd of a machine has at most 256 (MS-SAMR 3.1.1.8.7). */
export const MAX_PASSWORD = 1024;

/** Passwords of which keys are made at the same time. */
export const MAX_PENDING_CHANGES = 64;

/** Passwords of simple binds that are checked at the same time; the others are told to wait. */
export const MAX_PENDING_BINDS = 64;

/** Replies of the password service kept for datagrams that come again, and for how many ms. */
export const MAX_PASSWORD_REPLIES = 1024;
export const PASSWORD_REPLY_LIFE = 10_000;
