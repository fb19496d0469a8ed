/**
 * The most PBKDF2 iterations that string-to-key does for a peer. RFC 3962 §4 lets a KDC ask for up
 * to 2^32, which would be half an hour of work for whoever believes the first reply. 2^20 is 32
 * times the largest default and below a second.
 */
export const maxIterations = 0x10_0000;

/** The most bytes that PRF+ (RFC 6113 §5.1) can yield: its counter is one octet, from 1 to 255. */
export const maxPrfPlusCounter = 255;

/** Folded key-usage constants exist from the start for usages below this; others fold on demand. */
export const foldedUsages = 128;
