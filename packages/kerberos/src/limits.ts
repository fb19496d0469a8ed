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
