/** What went wrong, as a stable word; the message may change, the code may not. */
export type CryptoErrorCode =
  /** The encryption type is not one this package implements. */
  | 'unsupported-etype'
  /** The checksum type is not one this package implements. */
  | 'unsupported-checksum'
  /** The key has not the length its encryption type asks for. */
  | 'key-length'
  /** A keyed checksum was asked for without a key. */
  | 'key-required'
  /** The checksum type cannot be computed with a key of this encryption type. */
  | 'key-mismatch'
  /** The ciphertext is too short, was changed, or belongs to another key or usage. */
  | 'integrity'
  /** The string-to-key parameters are malformed or ask for more work than the limit allows. */
  | 's2k-params';

/** The numbers behind a {@link CryptoError}; never secrets. */
export interface CryptoErrorFields {
  readonly etype?: number;
  readonly checksumType?: number;
  /** The value that was required or the limit that was passed. */
  readonly expected?: number;
  readonly actual?: number;
}

/**
 * The one error of this package for anything that keys, peers or their data can cause. Mistakes of
 * the calling program (a usage that is no number, a random source that returns too few bytes) are
 * RangeErrors instead.
 */
export class CryptoError extends Error {
  override readonly name = 'CryptoError';
  readonly code: CryptoErrorCode;
  readonly fields: CryptoErrorFields;

  constructor(code: CryptoErrorCode, message: string, fields: CryptoErrorFields = {}) {
    super(message);
    this.code = code;
    this.fields = fields;
  }
}
