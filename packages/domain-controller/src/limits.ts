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

/** Tombstones that go in one unit of work when their lifetime is over. */
export const GARBAGE_BATCH = 1000;

/** Entries that a search looks at before other clients get their turn. */
export const SEARCH_PAUSE = 2048;

/** Entries of a tree that are removed before other clients get their turn. */
export const TREE_DELETE_UNIT = 256;

/** Entries of a tree that one request removes: 16,384 on Windows too (MS-ADTS 3.1.1.5.5.7). */
export const MAX_TREE_DELETE = 16_384;

/** Entries that one search sorts: MaxTempTableSize (MS-ADTS 3.1.1.3.4.6). */
export const MAX_SORTED_ENTRIES = 10_000;

/** Sorted lists that one connection looks at part by part: MaxResultSetsPerConn. */
export const MAX_LIST_VIEWS = 10;

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

/** Octets of one CLDAP request: a ping has about 200. */
export const MAX_CLDAP_REQUEST = 4096;

/**
 * Octets of CLDAP replies to one source, an IPv4 /24 or IPv6 /56: at once, and a second. A reply is
 * longer than its request, and who asks may be forged: this is what a victim gets at most.
 */
export const CLDAP_BURST = 256 * 1024;
export const CLDAP_RATE = 32 * 1024;

/** The same for all sources together. */
export const CLDAP_TOTAL_BURST = 16 * 1024 * 1024;
export const CLDAP_TOTAL_RATE = 4 * 1024 * 1024;

/** Sources that are counted one by one. */
export const MAX_CLDAP_SOURCES = 4096;

/** Accounts with wrong passwords that are kept in memory beside what is not written yet. */
export const MAX_GUARDED_ACCOUNTS = 10_000;

/** Milliseconds until a wrong password, and until a mere logon, is written; many together. */
export const LOCKOUT_WRITE_DELAY = 20;
export const LOGON_WRITE_DELAY = 60_000;

/** Accounts whose logons are written as one. */
export const MAX_LOGONS_A_WRITE = 256;

/** Decisions about descriptors and attributes that one session keeps; beyond, it starts afresh. */
export const MAX_ACCESS_DECISIONS = 50_000;

/** Memberships that are looked through at a bind for the groups of BUILTIN. */
export const MAX_LOCAL_GROUPS = 4096;

/** Machine accounts that are counted for the quota of one client. */
export const MAX_COUNTED_MACHINES = 10_000;

/** Octets of one message of NTLM: names, a response and its pairs have some hundred. */
export const MAX_NTLM_MESSAGE = 16 * 1024;

/** AV_PAIRs of one NTLM response (MS-NLMP 2.2.2.1 knows ten). */
export const MAX_NTLM_AV_PAIRS = 32;

/** Entries of one DirSync answer, and its octets where the client names no limit. */
export const MAX_DIRSYNC_ENTRIES = 10_000;
export const MAX_DIRSYNC_BYTES = 10 * 1024 * 1024;

/** Octets of a DirSync cookie; ours have 68. */
export const MAX_DIRSYNC_COOKIE = 1024;
