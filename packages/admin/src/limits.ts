/** Candidates that are looked at, and named in an error, when an identity is ambiguous. */
export const MAX_CANDIDATES = 10;

/** SIDs that are looked up by one filter; keeps a filter small for every server. */
export const SIDS_PER_SEARCH = 50;

/** Searches for names of a policy file that are under way at a time. */
export const SEARCHES_AT_A_TIME = 8;

/** Names of SIDs that are remembered for one connection. */
export const MAX_NAMES = 100_000;

/** Longest identity that is looked up: no name in a directory is longer. */
export const MAX_IDENTITY = 2_048;

/**
 * Writes that are under way at the same time on one connection, unless told otherwise: enough for
 * a controller that works on some, flushes others, and finds more when it is done.
 */
export const DEFAULT_CONCURRENCY = 192;

/** The most that may be asked for. */
export const MAX_CONCURRENCY = 256;

/** Controllers that are tried before it is said that none can be reached. */
export const MAX_CONTROLLERS = 8;

/** Largest policy file; 10,000 targets that are named with comments take about one MB. */
export const MAX_POLICY_BYTES = 8 * 1_048_576;

/** Values of a policy file, those counted again that an alias repeats. */
export const MAX_POLICY_VALUES = 500_000;

/** Lists and mappings of a policy file within each other: more than its rules need. */
export const MAX_POLICY_DEPTH = 16;

/** Problems of one policy file that are told; the rest follows from them for the most part. */
export const MAX_POLICY_PROBLEMS = 20;

/** Longest line of a journal: a change with 64 KB before and after, or thousands of services. */
export const MAX_JOURNAL_LINE = 8 * 1_048_576;

/** Intents that go to a journal in one write. */
export const JOURNAL_BATCH = 500;

/** Lines of a list of targets; more are better said by a sweep or a group. */
export const MAX_LIST_LINES = 1_000_000;

/** Largest list that is read. */
export const MAX_LIST_BYTES = 128 * 1_048_576;

/** Names of accounts that are told as examples where a finding is about many. */
export const AUDIT_SAMPLES = 10;

/** Members of a group that an audit tells by name; further ones are counted. */
export const MAX_AUDIT_MEMBERS = 1_000;

/** Service names that are looked up by one filter. */
export const SPNS_PER_SEARCH = 25;

/** Octets of a controller's answer to a ping; it comes in one datagram. */
export const MAX_PING_ANSWER = 65_535;

/** Milliseconds between two controllers that are pinged. */
export const PING_INTERVAL = 100;

/** Milliseconds for the answers to pings; then the order of the DNS holds. */
export const PING_WAIT = 1_500;

/** Entries of one search that are remembered, to go on with it at another controller. */
export const MAX_SEEN_ENTRIES = 250_000;

/** How often a write is offered again to a controller that is busy, and after how many ms. */
export const BUSY_TRIES = 4;
export const BUSY_PAUSE = 500;

/** Largest saved audit, in octets: some hundred thousand findings. */
export const MAX_AUDIT_FILE = 256 * 1_048_576;
