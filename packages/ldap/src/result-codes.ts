/** The result codes of LDAP by name (RFC 4511 §4.1.9 and appendix A, RFC 2891, 3909, 4370). */
export const RESULT_CODES = {
  success: 0,
  operationsError: 1,
  protocolError: 2,
  timeLimitExceeded: 3,
  sizeLimitExceeded: 4,
  compareFalse: 5,
  compareTrue: 6,
  authMethodNotSupported: 7,
  strongerAuthRequired: 8,
  referral: 10,
  adminLimitExceeded: 11,
  unavailableCriticalExtension: 12,
  confidentialityRequired: 13,
  saslBindInProgress: 14,
  noSuchAttribute: 16,
  undefinedAttributeType: 17,
  inappropriateMatching: 18,
  constraintViolation: 19,
  attributeOrValueExists: 20,
  invalidAttributeSyntax: 21,
  noSuchObject: 32,
  aliasProblem: 33,
  invalidDNSyntax: 34,
  aliasDereferencingProblem: 36,
  inappropriateAuthentication: 48,
  invalidCredentials: 49,
  insufficientAccessRights: 50,
  busy: 51,
  unavailable: 52,
  unwillingToPerform: 53,
  loopDetect: 54,
  sortControlMissing: 60,
  offsetRangeError: 61,
  namingViolation: 64,
  objectClassViolation: 65,
  notAllowedOnNonLeaf: 66,
  notAllowedOnRDN: 67,
  entryAlreadyExists: 68,
  objectClassModsProhibited: 69,
  affectsMultipleDSAs: 71,
  virtualListViewError: 76,
  other: 80,
  canceled: 118,
  noSuchOperation: 119,
  tooLate: 120,
  cannotCancel: 121,
  assertionFailed: 122,
  authorizationDenied: 123,
} as const;

/** Name of a result code as the RFC spells it. */
export type ResultCode = keyof typeof RESULT_CODES;

/** The name of a result code; codes that no RFC here names are `other`. */
export function resultCodeName(code: number): ResultCode {
  return NAMES.get(code) ?? 'other';
}

/** Whether a text is the name of a result code, and not a condition of the local side. */
export function isResultCode(name: string): name is ResultCode {
  return Object.hasOwn(RESULT_CODES, name);
}

const NAMES: ReadonlyMap<number, ResultCode> = new Map(
  // Sound: the entries of the table have its keys.
  Object.entries(RESULT_CODES).map(([name, code]) => [code, name as ResultCode]),
);
