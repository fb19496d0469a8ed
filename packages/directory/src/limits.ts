/** LMDB's compiled-in key limit is 1978 bytes (lmdb-js with 4 KB pages); ours leaves room. */
export const MAX_KEY_BYTES = 1024;

/** Bytes of a value that an index key holds; longer values are told apart by their digest. */
export const MAX_INDEX_VALUE_BYTES = 256;

/** Bytes of a distinguished name as text; AD refuses longer ones earlier. */
export const MAX_DN_BYTES = 16_384;

/** Relative names in one distinguished name. */
export const MAX_DN_DEPTH = 256;

/** Nesting of a search filter; also bounds recursion. */
export const MAX_FILTER_DEPTH = 128;

/** Values that one attribute of one entry holds outside of the link table. */
export const MAX_VALUES = 100_000;

/** Bytes of one value (MS-ADA2 2.218: the largest rangeUpper of a descriptor is 132096). */
export const MAX_VALUE_BYTES = 1_048_576;

/** Groups and members that a transitive walk visits before it stops. */
export const MAX_CLOSURE = 100_000;

/** Changes that the change log keeps; a cache that is further behind starts afresh. */
export const CHANGE_LOG_LENGTH = 65_536;

/** Links that one change may note in the log one by one; of more, only that there were some. */
export const MAX_LOGGED_LINKS = 1024;

/**
 * Accounts that one process keeps, and names of each kind: half of it at least, the most recently
 * used. An account takes about 1 KB, its names included, so that at most 200 MB are held here; keys
 * made of them are the KDC's and come to that.
 */
export const ACCOUNT_CACHE_SIZE = 200_000;

/** So many accounts are kept when they are asked for; beyond, those asked for a second time. */
export const ACCOUNTS_KEPT_AT_ONCE = 4096;

/** Records that the search planner counts before it calls an index unselective. */
export const PLANNER_PROBE = 64;

/** Numbers of entries that one search remembers, so as to find each entry once: some MB. */
export const MAX_SEEN = 100_000;

/** Values of an attribute beyond which looking for its presence means looking at all entries. */
export const PLANNER_COMMON = 4096;

/** Decoded security descriptors that one process keeps: half of it at least. */
export const DESCRIPTOR_CACHE_SIZE = 4096;

/** Bytes of a descriptor that is kept decoded; larger ones are decoded whenever they are needed. */
export const DESCRIPTOR_CACHE_BYTES = 16_384;

/** Entries whose descriptors are brought in step with those above in one unit of work. */
export const PROPAGATION_BATCH = 512;

/** Entries, or records, that one unit of work at an index of the schema goes through. */
export const INDEX_BATCH = 1024;

/** Records of a store that a server goes through when it starts: those of 4,000,000 entries. */
export const PRELOAD_RECORDS = 50_000_000;

/** Records that it goes through in one turn of the event loop: a third of a millisecond. */
export const PRELOAD_STEP = 5000;
