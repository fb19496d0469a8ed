import type { NtStatus } from '@doublehop/security/ntstatus';

/** The Kerberos errors with which a delegation request is refused (RFC 4120 §7.5.9, MS-KILE). */
export const KRB_ERRORS = {
  KDC_ERR_NAME_EXP: 1,
  KDC_ERR_SERVICE_EXP: 2,
  KDC_ERR_C_PRINCIPAL_UNKNOWN: 6,
  KDC_ERR_S_PRINCIPAL_UNKNOWN: 7,
  KDC_ERR_PRINCIPAL_NOT_UNIQUE: 8,
  KDC_ERR_POLICY: 12,
  KDC_ERR_BADOPTION: 13,
  KDC_ERR_SUMTYPE_NOSUPP: 15,
  KDC_ERR_CLIENT_REVOKED: 18,
  KDC_ERR_TGT_REVOKED: 20,
  KDC_ERR_KEY_EXPIRED: 23,
  KDC_ERR_MUST_USE_USER2USER: 27,
  KRB_AP_ERR_TKT_EXPIRED: 32,
  KRB_AP_ERR_TKT_NYV: 33,
  KRB_AP_ERR_BADMATCH: 36,
  KRB_AP_ERR_MODIFIED: 41,
  KRB_AP_ERR_INAPP_CKSUM: 50,
  KRB_ERR_GENERIC: 60,
} as const;

export type KrbErrorName = keyof typeof KRB_ERRORS;

/**
 * Why a hop is refused: one stable word, the same in e-text, audit event, metric and report.
 */
export type Reason =
  // The target (MS-SFU 3.2.5.2)
  | 'target-unknown'
  | 'target-ambiguous'
  | 'target-krbtgt'
  | 'target-disabled'
  | 'target-expired'
  | 'target-authentication-policy'
  | 'target-selective-authentication'
  // The request
  | 'evidence-absent'
  | 'conflicting-options'
  // The header ticket and its PAC
  | 'header-pac-absent'
  | 'header-pac-malformed'
  | 'header-signature-absent'
  | 'header-signature-invalid'
  | 'header-signature-unkeyed'
  | 'header-signature-unsupported'
  | 'header-requester-absent'
  | 'header-requester-other'
  | 'header-client-mismatch'
  | 'header-rodc'
  // The evidence ticket and its PAC
  | 'evidence-undecryptable'
  | 'evidence-pac-absent'
  | 'evidence-pac-malformed'
  | 'evidence-signature-absent'
  | 'evidence-ticket-signature-absent'
  | 'evidence-full-signature-absent'
  | 'evidence-signature-invalid'
  | 'evidence-signature-unkeyed'
  | 'evidence-signature-unsupported'
  | 'evidence-rodc'
  | 'evidence-expired'
  | 'evidence-not-yet-valid'
  | 'evidence-invalid'
  | 'evidence-not-for-middle'
  | 'evidence-client-mismatch'
  | 'evidence-not-forwardable'
  // Evidence from another realm
  | 'cross-target-elsewhere'
  | 'cross-evidence-not-proxy-tgt'
  | 'cross-evidence-client'
  | 'cross-evidence-user'
  | 'cross-evidence-target'
  | 'cross-evidence-transited'
  // Permission
  | 'kcd-not-configured'
  | 'kcd-no-match'
  | 'rbcd-descriptor-absent'
  | 'rbcd-descriptor-unparsable'
  | 'rbcd-not-listed'
  | 'rbcd-denied'
  // Accounts
  | 'middle-disabled'
  | 'middle-locked'
  | 'middle-expired'
  | 'middle-outside-logon-hours'
  | 'user-unknown'
  | 'user-disabled'
  | 'user-locked'
  | 'user-expired'
  | 'user-outside-logon-hours'
  | 'user-not-delegated'
  // The user's own ticket for the middle
  | 'user-password-expired'
  | 'user-password-must-change'
  | 'server-unknown'
  | 'server-nameless'
  | 'server-disabled'
  | 'server-authentication-policy'
  // S4U2Self alone
  | 'self-checksum-unkeyed'
  | 'self-checksum-invalid'
  | 'self-nonce-mismatch'
  | 'self-user-unnamed'
  | 'self-server-unknown'
  | 'self-not-self'
  | 'self-nameless'
  | 'self-user-local'
  | 'self-user-elsewhere'
  | 'self-certificate-only'
  | 'self-pac-other-user';

/** A refusal as it goes onto the wire and into the records. */
export interface Refusal {
  readonly reason: Reason;
  readonly error: KrbErrorName;
  /** The number of `error`. */
  readonly code: number;
  /** The NTSTATUS in e-data (MS-KILE 2.2.1 KERB-EXT-ERROR), where Windows sends one. */
  readonly status: NtStatus | undefined;
}

/** What people need to know about a refusal beyond its names. */
export interface RefusalAdvice {
  /** What it means, whatever the names of the day are. */
  readonly meaning: string;
  /** What to do about it. */
  readonly fix: string;
  /** How other KDCs differ in the same case. */
  readonly elsewhere?: string;
}

/** Every refusal there is, by its reason. */
export const REFUSALS: Readonly<Record<Reason, Refusal>> = {
  'target-unknown': row('target-unknown', 'KDC_ERR_S_PRINCIPAL_UNKNOWN'),
  'target-ambiguous': row('target-ambiguous', 'KDC_ERR_PRINCIPAL_NOT_UNIQUE'),
  'target-krbtgt': row('target-krbtgt', 'KDC_ERR_POLICY'),
  'target-disabled': row('target-disabled', 'KDC_ERR_S_PRINCIPAL_UNKNOWN'),
  'target-expired': row('target-expired', 'KDC_ERR_SERVICE_EXP'),
  'target-authentication-policy': row(
    'target-authentication-policy',
    'KDC_ERR_POLICY',
    'STATUS_AUTHENTICATION_FIREWALL_FAILED',
  ),
  'target-selective-authentication': row(
    'target-selective-authentication',
    'KDC_ERR_POLICY',
    'STATUS_AUTHENTICATION_FIREWALL_FAILED',
  ),
  'evidence-absent': row('evidence-absent', 'KDC_ERR_BADOPTION'),
  'conflicting-options': row('conflicting-options', 'KDC_ERR_BADOPTION'),
  'header-pac-absent': row('header-pac-absent', 'KDC_ERR_TGT_REVOKED'),
  'header-pac-malformed': row('header-pac-malformed', 'KRB_AP_ERR_MODIFIED'),
  'header-signature-absent': row(
    'header-signature-absent',
    'KRB_ERR_GENERIC',
    'STATUS_INSUFFICIENT_RESOURCES',
  ),
  'header-signature-invalid': row(
    'header-signature-invalid',
    'KRB_AP_ERR_MODIFIED',
    'STATUS_WRONG_PASSWORD',
  ),
  'header-signature-unkeyed': row(
    'header-signature-unkeyed',
    'KRB_ERR_GENERIC',
    'STATUS_INSUFFICIENT_RESOURCES',
  ),
  'header-signature-unsupported': row(
    'header-signature-unsupported',
    'KDC_ERR_SUMTYPE_NOSUPP',
    'STATUS_LOGON_FAILURE',
  ),
  'header-requester-absent': row('header-requester-absent', 'KDC_ERR_TGT_REVOKED'),
  'header-requester-other': row('header-requester-other', 'KDC_ERR_TGT_REVOKED'),
  'header-client-mismatch': row('header-client-mismatch', 'KDC_ERR_BADOPTION'),
  'header-rodc': row('header-rodc', 'KDC_ERR_C_PRINCIPAL_UNKNOWN'),
  'evidence-undecryptable': row('evidence-undecryptable', 'KRB_AP_ERR_MODIFIED'),
  'evidence-pac-absent': row('evidence-pac-absent', 'KRB_AP_ERR_MODIFIED'),
  'evidence-pac-malformed': row('evidence-pac-malformed', 'KRB_AP_ERR_MODIFIED'),
  'evidence-signature-absent': row('evidence-signature-absent', 'KRB_ERR_GENERIC'),
  'evidence-ticket-signature-absent': row(
    'evidence-ticket-signature-absent',
    'KRB_AP_ERR_MODIFIED',
  ),
  'evidence-full-signature-absent': row('evidence-full-signature-absent', 'KRB_ERR_GENERIC'),
  'evidence-signature-invalid': row('evidence-signature-invalid', 'KRB_AP_ERR_MODIFIED'),
  'evidence-signature-unkeyed': row('evidence-signature-unkeyed', 'KRB_ERR_GENERIC'),
  'evidence-signature-unsupported': row('evidence-signature-unsupported', 'KDC_ERR_SUMTYPE_NOSUPP'),
  'evidence-rodc': row('evidence-rodc', 'KRB_AP_ERR_MODIFIED'),
  'evidence-expired': row('evidence-expired', 'KRB_AP_ERR_TKT_EXPIRED'),
  'evidence-not-yet-valid': row('evidence-not-yet-valid', 'KRB_AP_ERR_TKT_NYV'),
  'evidence-invalid': row('evidence-invalid', 'KRB_AP_ERR_TKT_NYV'),
  'evidence-not-for-middle': row('evidence-not-for-middle', 'KDC_ERR_BADOPTION'),
  'evidence-client-mismatch': row('evidence-client-mismatch', 'KDC_ERR_BADOPTION'),
  'evidence-not-forwardable': row(
    'evidence-not-forwardable',
    'KDC_ERR_BADOPTION',
    'STATUS_ACCOUNT_RESTRICTION',
  ),
  'cross-target-elsewhere': row('cross-target-elsewhere', 'KDC_ERR_BADOPTION'),
  'cross-evidence-not-proxy-tgt': row('cross-evidence-not-proxy-tgt', 'KDC_ERR_BADOPTION'),
  'cross-evidence-client': row('cross-evidence-client', 'KDC_ERR_BADOPTION'),
  'cross-evidence-user': row('cross-evidence-user', 'KDC_ERR_BADOPTION'),
  'cross-evidence-target': row('cross-evidence-target', 'KDC_ERR_BADOPTION'),
  'cross-evidence-transited': row('cross-evidence-transited', 'KDC_ERR_BADOPTION'),
  'kcd-not-configured': row('kcd-not-configured', 'KDC_ERR_BADOPTION', 'STATUS_NOT_SUPPORTED'),
  'kcd-no-match': row('kcd-no-match', 'KDC_ERR_BADOPTION', 'STATUS_NO_MATCH'),
  'rbcd-descriptor-absent': row('rbcd-descriptor-absent', 'KDC_ERR_BADOPTION', 'STATUS_NOT_FOUND'),
  'rbcd-descriptor-unparsable': row('rbcd-descriptor-unparsable', 'KDC_ERR_BADOPTION'),
  'rbcd-not-listed': row('rbcd-not-listed', 'KDC_ERR_BADOPTION', 'STATUS_NOT_FOUND'),
  'rbcd-denied': row('rbcd-denied', 'KDC_ERR_BADOPTION', 'STATUS_NOT_FOUND'),
  'middle-disabled': row('middle-disabled', 'KDC_ERR_CLIENT_REVOKED', 'STATUS_ACCOUNT_DISABLED'),
  'middle-locked': row('middle-locked', 'KDC_ERR_CLIENT_REVOKED', 'STATUS_ACCOUNT_LOCKED_OUT'),
  'middle-expired': row('middle-expired', 'KDC_ERR_CLIENT_REVOKED', 'STATUS_ACCOUNT_EXPIRED'),
  'middle-outside-logon-hours': row(
    'middle-outside-logon-hours',
    'KDC_ERR_CLIENT_REVOKED',
    'STATUS_INVALID_LOGON_HOURS',
  ),
  'user-unknown': row('user-unknown', 'KDC_ERR_C_PRINCIPAL_UNKNOWN'),
  'user-disabled': row('user-disabled', 'KDC_ERR_CLIENT_REVOKED', 'STATUS_ACCOUNT_DISABLED'),
  'user-locked': row('user-locked', 'KDC_ERR_CLIENT_REVOKED', 'STATUS_ACCOUNT_LOCKED_OUT'),
  'user-expired': row('user-expired', 'KDC_ERR_CLIENT_REVOKED', 'STATUS_ACCOUNT_EXPIRED'),
  'user-outside-logon-hours': row(
    'user-outside-logon-hours',
    'KDC_ERR_CLIENT_REVOKED',
    'STATUS_INVALID_LOGON_HOURS',
  ),
  'user-not-delegated': row(
    'user-not-delegated',
    'KDC_ERR_BADOPTION',
    'STATUS_ACCOUNT_RESTRICTION',
  ),
  'user-password-expired': row(
    'user-password-expired',
    'KDC_ERR_KEY_EXPIRED',
    'STATUS_PASSWORD_EXPIRED',
  ),
  'user-password-must-change': row(
    'user-password-must-change',
    'KDC_ERR_KEY_EXPIRED',
    'STATUS_PASSWORD_MUST_CHANGE',
  ),
  'server-unknown': row('server-unknown', 'KDC_ERR_S_PRINCIPAL_UNKNOWN'),
  'server-nameless': row('server-nameless', 'KDC_ERR_MUST_USE_USER2USER'),
  'server-disabled': row('server-disabled', 'KDC_ERR_S_PRINCIPAL_UNKNOWN'),
  'server-authentication-policy': row(
    'server-authentication-policy',
    'KDC_ERR_POLICY',
    'STATUS_AUTHENTICATION_FIREWALL_FAILED',
  ),
  'self-checksum-unkeyed': row('self-checksum-unkeyed', 'KRB_AP_ERR_INAPP_CKSUM'),
  'self-checksum-invalid': row('self-checksum-invalid', 'KRB_AP_ERR_MODIFIED'),
  'self-nonce-mismatch': row('self-nonce-mismatch', 'KRB_AP_ERR_MODIFIED'),
  'self-user-unnamed': row('self-user-unnamed', 'KDC_ERR_C_PRINCIPAL_UNKNOWN'),
  'self-server-unknown': row('self-server-unknown', 'KDC_ERR_S_PRINCIPAL_UNKNOWN'),
  'self-not-self': row('self-not-self', 'KRB_AP_ERR_BADMATCH'),
  'self-nameless': row('self-nameless', 'KDC_ERR_S_PRINCIPAL_UNKNOWN'),
  'self-user-local': row('self-user-local', 'KDC_ERR_C_PRINCIPAL_UNKNOWN'),
  'self-user-elsewhere': row('self-user-elsewhere', 'KDC_ERR_POLICY'),
  'self-certificate-only': row('self-certificate-only', 'KDC_ERR_POLICY'),
  'self-pac-other-user': row('self-pac-other-user', 'KDC_ERR_POLICY'),
};

function row(reason: Reason, error: KrbErrorName, status?: NtStatus): Refusal {
  return Object.freeze({ reason, error, code: KRB_ERRORS[error], status });
}
