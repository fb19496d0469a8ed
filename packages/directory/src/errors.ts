/** What went wrong, named and one to one with the LDAP result codes of RFC 4511 §4.1.9. */
export type DirectoryErrorCode =
  | 'operationsError'
  | 'adminLimitExceeded'
  | 'noSuchAttribute'
  | 'undefinedAttributeType'
  | 'inappropriateMatching'
  | 'constraintViolation'
  | 'attributeOrValueExists'
  | 'invalidAttributeSyntax'
  | 'noSuchObject'
  | 'invalidDNSyntax'
  | 'insufficientAccessRights'
  | 'unwillingToPerform'
  | 'namingViolation'
  | 'objectClassViolation'
  | 'notAllowedOnNonLeaf'
  | 'notAllowedOnRDN'
  | 'entryAlreadyExists'
  | 'objectClassModsProhibited'
  | 'sizeLimitExceeded'
  | 'timeLimitExceeded'
  | 'other';

/** What the error is about, as far as it is about something. */
export interface DirectoryErrorDetails {
  /** Attribute that was refused. */
  readonly attribute?: string;
  /** For `noSuchObject`: the deepest entry of the name that exists (RFC 4511 §4.1.9). */
  readonly matchedDn?: string;
  /** Win32 error that AD puts in front of its diagnostic text (MS-ADTS 3.1.1.1.9), if any. */
  readonly win32?: number;
}

/** A request that the directory refuses; the caller's mistake, never a defect of the directory. */
export class DirectoryError extends Error {
  override readonly name = 'DirectoryError';
  readonly code: DirectoryErrorCode;
  readonly attribute: string | undefined;
  readonly matchedDn: string | undefined;
  readonly win32: number | undefined;

  constructor(code: DirectoryErrorCode, message: string, details: DirectoryErrorDetails = {}) {
    super(message);
    this.code = code;
    this.attribute = details.attribute;
    this.matchedDn = details.matchedDn;
    this.win32 = details.win32;
  }
}

/** What is wrong with a store, or with how it is used. */
export type StoreErrorCode = 'closed' | 'format' | 'key' | 'conflict' | 'read-only';

/** A store that cannot be used: closed, or holding what this version does not read. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
