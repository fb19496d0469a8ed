import { DirectoryError, type DirectoryErrorCode } from '@doublehop/directory/errors';
import { LdapError } from '@doublehop/ldap/errors';

/** Why a bind failed, as Windows tells it (MS-ADTS 5.1.1.1.1, Win32 codes of MS-ERREF 2.2). */
export const LogonFailure = {
  noSuchUser: 0x525,
  wrongPassword: 0x52e,
  restricted: 0x52f,
  logonHours: 0x530,
  passwordExpired: 0x532,
  disabled: 0x533,
  accountExpired: 0x701,
  passwordMustChange: 0x773,
  locked: 0x775,
} as const;

/** What Windows' security packages answer (MS-ERREF 2.1): where binds end, in 49's text. */
export const SecurityStatus = {
  /** SEC_E_INVALID_TOKEN: simple binds, and tokens that cannot be read. */
  invalidToken: 0x8009_0308,
  /** SEC_E_LOGON_DENIED: NTLM. */
  logonDenied: 0x8009_030c,
  /** SEC_E_BAD_BINDINGS: another TLS channel. */
  badBindings: 0x8009_0346,
} as const;

/** Result 49 with the text that programs look into for the reason. */
export function bindFailure(
  reason: number,
  status: number = SecurityStatus.invalidToken,
): LdapError {
  const data = reason.toString(16);
  const comment = `comment: AcceptSecurityContext error, data ${data}, v4f7c`;
  const head = status.toString(16).toUpperCase();
  // Programs tell the kinds of binds apart by the places that Windows names here.
  const place = status === SecurityStatus.invalidToken ? 'DSID-0C0903A9' : 'DSID-0C0904DC';
  return new LdapError('invalidCredentials', `${head}: LdapErr: ${place}, ${comment}`);
}

/** Result 1: anonymous clients may read the rootDSE and nothing else (MS-ADTS 5.1.3.3.5). */
export function notBound(): LdapError {
  const comment =
    'comment: In order to perform this operation a successful bind must be completed ' +
    'on the connection.';
  return new LdapError('operationsError', `000004DC: LdapErr: ${PLACE}, ${comment}, data 0, v4f7c`);
}

/** Result 50. */
export function accessDenied(): LdapError {
  return new LdapError('insufficientAccessRights', textOf('insufficientAccessRights', undefined));
}

/** Result 53 of a password that cannot be set this way (MS-ADTS 3.1.1.3.1.5). */
export function passwordRefused(win32: number, what?: string): LdapError {
  const text = textOf('unwillingToPerform', win32);
  return new LdapError('unwillingToPerform', what === undefined ? text : `${text} (${what})`);
}

/** Result 19 of a password change that breaks a rule (MS-SAMR 3.1.1.7). */
export function passwordConstraint(win32: number, what: string): LdapError {
  return new LdapError('constraintViolation', `${textOf('constraintViolation', win32)} (${what})`);
}

/** The LDAP result of what the directory refuses; other errors stay what they are. */
export function asLdapError(error: unknown): unknown {
  if (!(error instanceof DirectoryError)) return error;
  const { code, matchedDn = '', win32, message } = error;
  const text = `${textOf(code, win32, matchedDn)} (${message})`;
  return new LdapError(code, text, { matchedDn, cause: error });
}

/** Where in Windows' sources an error arose stands in its texts; ours has no such places. */
const PLACE = 'DSID-00000000';

interface Problem {
  readonly win32: number;
  readonly kind: string;
  readonly problem: string;
}

const WILL_NOT_PERFORM = '5003 (WILL_NOT_PERFORM)';

/** Win32 code, kind and problem of each result (MS-ADTS 3.1.1.1.9, MS-DRSR 4.1.10.2). */
const PROBLEMS: Readonly<Record<DirectoryErrorCode, Problem>> = {
  noSuchAttribute: { win32: 0x2085, kind: 'AtrErr', problem: '1001 (NO_ATTRIBUTE_OR_VAL)' },
  undefinedAttributeType: { win32: 0x57, kind: 'AtrErr', problem: '1003 (UNDEFINED_TYPE)' },
  inappropriateMatching: { win32: 0x57, kind: 'AtrErr', problem: '1004 (WRONG_MATCHING)' },
  constraintViolation: { win32: 0x207b, kind: 'AtrErr', problem: '1005 (CONSTRAINT_ATT_TYPE)' },
  attributeOrValueExists: { win32: 0x2083, kind: 'AtrErr', problem: '1006 (ATT_OR_VALUE_EXISTS)' },
  invalidAttributeSyntax: { win32: 0x57, kind: 'AtrErr', problem: '1002 (INVALID_SYNTAX)' },
  noSuchObject: { win32: 0x208d, kind: 'NameErr', problem: '2001 (NO_OBJECT)' },
  invalidDNSyntax: { win32: 0x208f, kind: 'NameErr', problem: '2006 (BAD_NAME)' },
  insufficientAccessRights: {
    win32: 0x2098,
    kind: 'SecErr',
    problem: '4003 (INSUFF_ACCESS_RIGHTS)',
  },
  unwillingToPerform: { win32: 0x2035, kind: 'SvcErr', problem: WILL_NOT_PERFORM },
  namingViolation: { win32: 0x2099, kind: 'NameErr', problem: '2005 (NAMING_VIOLATION)' },
  objectClassViolation: { win32: 0x207d, kind: 'UpdErr', problem: '6002 (OBJ_CLASS_VIOLATION)' },
  notAllowedOnNonLeaf: { win32: 0x2015, kind: 'UpdErr', problem: "6003 (CAN'T_ON_NON_LEAF)" },
  notAllowedOnRDN: { win32: 0x2016, kind: 'UpdErr', problem: "6004 (CAN'T_ON_RDN)" },
  entryAlreadyExists: { win32: 0x2071, kind: 'UpdErr', problem: '6005 (ENTRY_EXISTS)' },
  objectClassModsProhibited: {
    win32: 0x2017,
    kind: 'UpdErr',
    problem: "6006 (CAN'T_MOD_OBJ_CLASS)",
  },
  sizeLimitExceeded: { win32: 0x2023, kind: 'SvcErr', problem: '5005 (ADMIN_LIMIT_EXCEEDED)' },
  operationsError: { win32: 0x20d6, kind: 'SvcErr', problem: '5012 (DIR_ERROR)' },
  adminLimitExceeded: { win32: 0x2024, kind: 'SvcErr', problem: '5005 (ADMIN_LIMIT_EXCEEDED)' },
  other: { win32: 0x57, kind: 'SysErr', problem: '0 (OTHER)' },
  timeLimitExceeded: { win32: 0x2022, kind: 'SvcErr', problem: '5005 (ADMIN_LIMIT_EXCEEDED)' },
};

function textOf(code: DirectoryErrorCode, win32: number | undefined, matchedDn = ''): string {
  const { win32: usual, kind, problem } = PROBLEMS[code];
  const number = (win32 ?? usual).toString(16).toUpperCase().padStart(8, '0');
  const match = kind === 'NameErr' && matchedDn !== '' ? `, best match of: '${matchedDn}'` : '';
  return `${number}: ${kind}: ${PLACE}, problem ${problem}, data 0${match}`;
}
