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

/** Addresses and transports that one exchange tries. */
export const MAX_ATTEMPTS = 128;

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

/** Realms that one exchange visits by referrals (as MIT's KRB5_REFERRAL_MAXHOPS). */
export const MAX_REFERRALS = 10;

/** Requests of one AS exchange: pre-authentication, clock, referrals. */
export const MAX_AS_ROUNDS = 16;

/**
 * Fewest PBKDF2 iterations that a KDC may ask for: the default of RFC 3962 §4. Whoever pretends to
 * be a KDC gets something to guess passwords with, and fewer iterations would make that cheaper.
 */
export const MIN_ITERATIONS = 4096;

/** S4U tickets that one client keeps in memory. */
export const MAX_S4U_TICKETS = 1000;

/** Milliseconds to wait for a DNS server. */
export const DNS_WAIT = 2000;

/** How often a DNS server is asked. */
export const DNS_TRIES = 2;

/** Labels of a host name: a name of the DNS has at most 255 octets (RFC 1035 §2.3.4). */
export const MAX_HOST_LABELS = 128;

/** Octets of one GSS-API context token: an AP-REQ that carries a large PAC and a forwarded TGT. */
export const MAX_CONTEXT_TOKEN = 256 * 1024;

/** Octets of one message in a wrap or MIC token. */
export const MAX_GSS_MESSAGE = 64 * 1024 * 1024;

/** Numbers behind the newest one that a replay-only context still tells apart. */
export const REPLAY_WINDOW = 64;

/** Authenticators that a replay cache remembers; beyond, everything is refused. */
export const MAX_REPLAY_ENTRIES = 1_000_000;

/** Keys of a keytab that are tried on one ticket. */
export const MAX_KEY_TRIES = 32;

/** Mechanisms that a peer may offer in one SPNEGO token. */
export const MAX_MECHANISMS = 32;

/** Tokens that a peer may send until a context is established. */
export const MAX_NEGOTIATION_LEGS = 8;

/** Characters of an Authorization or WWW-Authenticate field that carries a token. */
export const MAX_NEGOTIATE_FIELD = 128 * 1024;

/** Octets of a response's body that the HTTP client keeps, unless its caller says otherwise. */
export const MAX_HTTP_BODY = 16 * 1024 * 1024;

/** Milliseconds of one call of the HTTP client, unless its caller says otherwise. */
export const HTTP_WAIT = 120_000;

/** Octets of one message of the change-password protocol: its length has 16 bits (RFC 3244 §2). */
export const MAX_KPASSWD_MESSAGE = 0xffff;
