/** The named limits of the ground floor. Every decoder above passes its own or takes these. */

/** How deep recursive types (a filter in a filter) may nest before `depth` is thrown. */
export const MAX_DEPTH = 32;

/** Elements of one SEQUENCE OF or SET OF, where the schema names no smaller number. */
export const MAX_ELEMENTS = 65_536;

/** Octets of one encoding that `decodeDer` and `decodeBer` accept. */
export const MAX_ENCODING = 64 * 1024 * 1024;

/** Elements of one NDR conformant array. */
export const MAX_NDR_ELEMENTS = 65_536;
