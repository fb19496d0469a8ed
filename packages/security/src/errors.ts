/** What went wrong, as a stable word that callers may switch on. */
export type SecurityErrorCode =
  | 'truncated'
  | 'length'
  | 'value'
  | 'revision'
  | 'oversize'
  | 'depth'
  | 'alignment'
  | 'duplicate'
  | 'syntax'
  | 'unsupported';

/** The structure that was being read or written when the error arose. */
export type SecurityStructure =
  | 'sid'
  | 'guid'
  | 'access-mask'
  | 'ace'
  | 'acl'
  | 'descriptor'
  | 'sddl'
  | 'condition'
  | 'claim'
  | 'pac'
  | 'logon-info'
  | 'client-info'
  | 'delegation-info'
  | 'device-info'
  | 'upn-dns-info'
  | 'attributes'
  | 'requester'
  | 'signature';

/** Structured facts of a SecurityError. */
export interface SecurityErrorDetails {
  /** Byte offset (binary forms) or character offset (SDDL) in the input. */
  readonly offset?: number;
  readonly cause?: unknown;
}

/**
 * The one error of this package: a descriptor, SID, SDDL text or PAC that came from a peer or a
 * person is not what its format says. Never carries key material or signed contents.
 */
export class SecurityError extends Error {
  readonly code: SecurityErrorCode;
  readonly structure: SecurityStructure;
  readonly offset: number | undefined;

  constructor(
    code: SecurityErrorCode,
    structure: SecurityStructure,
    message: string,
    details: SecurityErrorDetails = {},
  ) {
    super(`${structure}: ${message}`, 'cause' in details ? { cause: details.cause } : undefined);
    this.name = 'SecurityError';
    this.code = code;
    this.structure = structure;
    this.offset = details.offset;
  }
}
