import type { Severity } from './model.ts';

/** A kind of finding. */
export interface Rule {
  /** A few words for headings. */
  readonly title: string;
  /** The usual severity; a finding may have another one, where its rule says so. */
  readonly severity: Severity;
  /** What makes it a risk, or useless. */
  readonly why: string;
  /** What other tools call it: PingCastle, Purple Knight, BloodHound, Defender for Identity. */
  readonly references: readonly string[];
}

function rule(
  severity: Severity,
  title: string,
  why: string,
  references: readonly string[] = [],
): Rule {
  return { title, severity, why, references };
}

/** Every kind of finding, by an id that does not change. */
export const RULES = {
  unconstrained: rule(
    'critical',
    'Unconstrained delegation',
    'Every user who logs on leaves a TGT there, with which the account is that user everywhere.',
    ['PingCastle P-UnconstrainedDelegation', 'BloodHound CoerceToTGT', 'ANSSI delegation_t4d'],
  ),
  'unconstrained-disabled': rule(
    'low',
    'Unconstrained delegation of a disabled account',
    'Enabling the account is enough to have unconstrained delegation back.',
    ['PingCastle P-UnconstrainedDelegation'],
  ),
  'kcd-controller-transition': rule(
    'critical',
    'Protocol transition to a domain controller',
    'The account can be anybody towards the controller, without that user having logged on.',
    ['PingCastle P-DelegationDCt2a4d', 'BloodHound AllowedToDelegate', 'ANSSI delegation_t2a4d'],
  ),
  'kcd-controller': rule(
    'high',
    'Constrained delegation to a domain controller',
    'The class of a service is not protected in a ticket: every service of the host is reached.',
    ['PingCastle P-DelegationDCa2d2', 'BloodHound AllowedToDelegate', 'ANSSI delegation_a2d2'],
  ),
  'kcd-transition': rule(
    'high',
    'Constrained delegation with protocol transition',
    'The account can be any user towards the listed hosts, without that user having logged on.',
    ['BloodHound AllowedToDelegate', 'BloodHound trustedtoauth'],
  ),
  kcd: rule(
    'low',
    'Constrained delegation',
    'Users who log on there are carried on to every service of the listed hosts.',
    ['BloodHound AllowedToDelegate'],
  ),
  'transition-without-list': rule(
    'medium',
    'Protocol transition without a list of services',
    'Its tickets for any user are forwardable, and serve wherever a target lists the account.',
    ['BloodHound trustedtoauth'],
  ),
  'ghost-spn': rule(
    'medium',
    'Delegation to a service that no account has',
    'Whoever may register the name gets the delegated tickets.',
    ['Purple Knight: constrained delegation configured to ghost SPN', 'impacket SPN Exists'],
  ),
  'duplicate-spn': rule(
    'medium',
    'One service principal name, several accounts',
    'A KDC gives no tickets for a name that two accounts have.',
    ['setspn -X'],
  ),
  'rbcd-krbtgt': rule(
    'critical',
    'Somebody may act for users to krbtgt',
    'A ticket to krbtgt as anybody is that user\u2019s TGT.',
    ['Purple Knight SI000071', 'BloodHound AllowedToAct'],
  ),
  'rbcd-controller': rule(
    'critical',
    'Somebody may act for users to a domain controller',
    'Acting as an administrator towards a controller is control of the domain.',
    ['PingCastle P-DelegationDCsourcedeleg', 'Purple Knight SI000066', 'BloodHound AllowedToAct'],
  ),
  'rbcd-tier0': rule(
    'critical',
    'Somebody may act for users to an account of the highest tier',
    'Who controls the middle controls what administers the domain.',
    ['BloodHound AllowedToAct'],
  ),
  'rbcd-everybody': rule(
    'critical',
    'Every account may act for users',
    'Any account at all can be an administrator towards this target.',
    ['PingCastle P-DelegationEveryone', 'BloodHound AllowedToAct'],
  ),
  'rbcd-null-dacl': rule(
    'critical',
    'A NULL DACL lets everybody act for users',
    'A descriptor without an access list allows everything to everybody.',
    ['BloodHound AllowedToAct'],
  ),
  'rbcd-foreign': rule(
    'high',
    'A principal of another domain may act for users',
    'Its domain decides who that principal is.',
    ['BloodHound AllowedToAct'],
  ),
  'rbcd-user-middle': rule(
    'high',
    'A user account may act for users',
    'Its password was chosen by a person; computers and managed accounts have better ones.',
    ['BloodHound AllowedToAct'],
  ),
  'rbcd-disabled-middle': rule(
    'medium',
    'A disabled account may act for users',
    'The grant is forgotten, and alive again when the account is enabled.',
  ),
  'rbcd-orphan': rule(
    'medium',
    'A SID that no account has may act for users',
    'The account was deleted; restored from the recycle bin it has the grant again.',
    ['PingCastle P-UnkownDelegation', 'BloodHound AllowedToAct'],
  ),
  'rbcd-deny-order': rule(
    'medium',
    'A denial comes too late',
    'The first entry that speaks of the right decides: the principal may act all the same.',
  ),
  'rbcd-ineffective': rule(
    'medium',
    'An entry of the list has no effect',
    'It looks like a grant or a denial and is none; tools that only list entries are misled.',
  ),
  'rbcd-unparsable': rule(
    'medium',
    'The list cannot be read',
    'Every KDC refuses; what was meant is lost.',
  ),
  'rbcd-empty': rule(
    'low',
    'An empty list was left behind',
    'It grants nothing, but tools that ask whether there is a list take it for a grant.',
  ),
  rbcd: rule(
    'info',
    'Resource-based constrained delegation',
    'Whom the owner of the target lets act for users.',
    ['BloodHound AllowedToAct', 'ANSSI delegation_sourcedeleg'],
  ),
  chain: rule(
    'high',
    'A chain: RBCD, then constrained delegation',
    'A ticket got by RBCD is evidence for constrained delegation: the middle reaches further.',
    ['BloodHound AllowedToAct + AllowedToDelegate'],
  ),
  'writer-everybody': rule(
    'critical',
    'Everybody may write who may act for users',
    'Any account can list itself, and then be an administrator towards the target.',
    ['PingCastle P-DelegationEveryone', 'BloodHound AddAllowedToAct'],
  ),
  'writer-tier0': rule(
    'high',
    'Others than administrators may write who may act for users to a high target',
    'Listing a middle is enough to be an administrator towards the target.',
    [
      'Purple Knight SI000079',
      'Purple Knight SI000080',
      'BloodHound AddAllowedToAct',
      'BloodHound WriteAccountRestrictions',
    ],
  ),
  writer: rule(
    'medium',
    'Others than administrators may write who may act for users',
    'Listing a middle is enough to be an administrator towards the target.',
    ['BloodHound AddAllowedToAct', 'BloodHound WriteAccountRestrictions', 'BloodHound GenericAll'],
  ),
  'writer-self': rule(
    'medium',
    'Accounts may write their own list',
    'A machine\u2019s authentication that is relayed to LDAP is enough to take the machine over.',
    ['BloodHound AddAllowedToAct', 'KrbRelayUp'],
  ),
  'writer-owner': rule(
    'medium',
    'An owner that is no administrator',
    'The owner may change the access list, and so write who may act.',
    ['BloodHound Owns'],
  ),
  'machine-account-quota': rule(
    'medium',
    'Every user may add computers',
    'A computer of one\u2019s own is a middle of one\u2019s own, and its maker may write to it.',
    ['PingCastle S-ADRegistration', 'ANSSI user_accounts_machineaccountquota'],
  ),
  'quota-computers': rule(
    'low',
    'Computers that users added by the quota',
    'Their makers keep the right to write their account restrictions.',
    ['PingCastle S-ADRegistration'],
  ),
  'implicit-owner-rights': rule(
    'low',
    'Owners of computers may change access lists',
    'KB5008383 is not enforced: characters 28 and 29 of dSHeuristics are not 1.',
    ['PingCastle A-DsHeuristicsLDAPSecurity', 'CVE-2021-42291'],
  ),
  'admin-delegatable': rule(
    'high',
    'An administrator can be acted for',
    'Neither "sensitive and cannot be delegated" nor a member of Protected Users.',
    ['PingCastle P-Delegated', 'PingCastle P-ProtectedUsers', 'ANSSI protected_users'],
  ),
  'former-admin-delegatable': rule(
    'low',
    'An account was an administrator and can be acted for',
    'adminCount is 1, so it was in a protected group and its permissions are still those.',
    ['PingCastle P-Delegated'],
  ),
  'trust-tgt-delegation': rule(
    'high',
    'TGTs are delegated across a trust',
    'Users\u2019 TGTs go to unconstrained hosts of the other forest.',
    ['PingCastle T-TGTDelegation', 'BloodHound AbuseTGTDelegation', 'ANSSI trusts_tgt_deleg'],
  ),
  'trust-sid-filtering': rule(
    'high',
    'SIDs of a trusted domain are not filtered',
    'Its tickets may claim any group of this domain.',
    ['PingCastle T-SIDFiltering', 'BloodHound SpoofSIDHistory'],
  ),
  'trust-everybody': rule(
    'info',
    'A trust without selective authentication',
    'Every account over there can authenticate to every service here.',
    ['BloodHound CrossForestTrust'],
  ),
  unread: rule(
    'medium',
    'The audit could not read everything',
    'What cannot be read may hold findings.',
  ),
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleId = keyof typeof RULES;
