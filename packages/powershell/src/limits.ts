/** Most UTF-16 units of one script, command line or data file. */
export const MAX_SCRIPT_LENGTH = 1_048_576;

/** Deepest nesting of blocks, parentheses, strings and members in a script. */
export const MAX_SCRIPT_NESTING = 256;

/** Most steps of one run of a script: statements, operations, and items that they copy. */
export const MAX_SCRIPT_STEPS = 10_000_000;

/** Deepest script blocks that run script blocks. */
export const MAX_BLOCK_DEPTH = 32;

/** Most UTF-16 units of a text that a script makes. */
export const MAX_TEXT_LENGTH = 4_194_304;

/**
 * Most items of a collection that a script makes, with those of the collections in it, however
 * often they are in it; 16 units of text count as one.
 */
export const MAX_COLLECTION_ITEMS = 1_000_000;

/** Most instructions of a regular expression. */
export const MAX_PATTERN_SIZE = 4_096;

/** Most errors that `$Error` keeps (`$MaximumErrorCount`). */
export const MAX_KEPT_ERRORS = 256;
