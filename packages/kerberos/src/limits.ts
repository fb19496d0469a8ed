/** The named limits of the Kerberos layer. Every parser here is bounded by one of them. */

/** Octets of one message on TCP or UDP; MIT's KDC takes 1 MiB too. */
export const MAX_MESSAGE = 1024 * 1024;

/** Components of a principal name. */
export const MAX_NAME_COMPONENTS = 16;

/** Characters of a name component or realm. */
export const MAX_NAME_LENGTH = 1024;

/** Elements of padata, authorization data, addresses, encryption types. */
export const MAX_LIST = 128;

/** Additional tickets in a request; S4U2Proxy and user-to-user need one. */
export const MAX_ADDITIONAL_TICKETS = 4;

/** Elements of one LastReq, tickets of one KRB-CRED. */
export const MAX_TICKETS = 32;

/** Octets of a keytab file. */
export const MAX_KEYTAB_FILE = 16 * 1024 * 1024;

/** Octets of a FILE credential cache. */
export const MAX_CACHE_FILE = 16 * 1024 * 1024;

/** Credentials of one cache, removed ones counted. */
export const MAX_CACHE_ENTRIES = 10_000;

/** Memory caches of one collection. */
export const MAX_MEMORY_CACHES = 10_000;

/** How often a cache file is read again while its last entry is still being appended. */
export const CACHE_READ_TRIES = 5;

/** Milliseconds between those reads. */
export const CACHE_READ_PAUSE = 20;

/** Octets of a krb5.conf, each included file counted alone. */
export const MAX_CONFIG_FILE = 1024 * 1024;

/** Characters of one line of a krb5.conf; MIT reads 2047. */
export const MAX_CONFIG_LINE = 8192;

/** Subsections inside each other in a krb5.conf. */
export const MAX_CONFIG_DEPTH = 16;

/** Files included in each other; a file that includes itself ends here. */
export const MAX_INCLUDE_DEPTH = 8;

/** Files included altogether. */
export const MAX_INCLUDES = 256;

/** Characters of a duration such as `7d 4h`. */
export const MAX_DURATION_LENGTH = 64;

/** Servers of a realm that one exchange considers. */
export const MAX_SERVERS = 64;

/** Seconds that an answer of the DNS about servers is kept, whatever its TTL says. */
export const MAX_LOCATION_TTL = 300;

/** Realms whose servers are kept. */
export const MAX_LOCATIONS = 256;

/** Largest request sent by UDP first: `udp_preference_limit` of MIT's krb5.conf. */
export const UDP_PREFERENCE_LIMIT = 1465;

/** Largest request sent by UDP at all, whatever the configuration says (as MIT). */
export const MAX_UDP_REQUEST = 32_700;

/** Milliseconds to wait for one server before the next is asked too (as MIT). */
export const SERVER_WAIT = 1000;

/** Milliseconds to wait after the first pass over all servers; doubled each pass (as MIT). */
export const PASS_WAIT = 2000;

/** Passes over the servers (as MIT). */
export const MAX_PASSES = 3;

/** Milliseconds that a server which took a TCP connection may take to answer. */
export const TCP_REPLY_WAIT = 10_000;

/** Milliseconds of one exchange altogether, when the configuration sets no `request_timeout`. */
export const EXCHANGE_WAIT = 30_000;
