import type { Token } from '@doublehop/security/access-check';
import type { SecurityDescriptor } from '@doublehop/security/descriptor';
import type { Sid } from '@doublehop/security/sid';
import type { PolicyFacts } from './policy.ts';

/**
 * Something that was looked at: true or false; or that nobody could look at (an explanation made
 * from LDAP has no tickets): then it is `assumed` to be in order, and the decision says so.
 */
export type Finding = boolean | 'assumed';

/** The four signatures of a PAC (MS-PAC 2.8): buffer types 6, 7, 16 and 19. */
export type PacSignature = 'server' | 'kdc' | 'ticket' | 'full';

/**
 * Why a signature does not hold: `absent`; `invalid` (it does not verify); `unkeyed` (a checksum
 * type without a key, or one too weak for this domain); `unsupported` (a type this KDC lacks).
 */
export type SignatureFault = 'absent' | 'invalid' | 'unkeyed' | 'unsupported';

/** A signature of a PAC that did not hold. */
export interface BadSignature {
  readonly signature: PacSignature;
  readonly fault: SignatureFault;
}

/**
 * What was found where a ticket's PAC should be. Of a header ticket only the server signature is
 * verified, of evidence all four, and the ticket signature must be there (MS-SFU 3.2.5.2.2).
 */
export type PacFact = 'valid' | 'assumed' | 'absent' | 'malformed' | BadSignature;

/**
 * Whether an account may be used now, as compared by the caller with its clock. The worst that
 * applies; `elsewhere` is an account of another realm, whose own KDC answers for its state.
 */
export type AccountState =
  | 'usable'
  | 'disabled'
  | 'locked'
  | 'expired'
  | 'outside-logon-hours'
  | 'password-expired'
  | 'password-must-change'
  | 'elsewhere';

/** Settings of the KDC or domain that change what is decided. */
export interface DelegationSettings {
  /**
   * Mirrors the registry value NonForwardableDelegation of Windows KDCs: `enforce` is 0, the
   * default since 2021; `legacy` is 1, the rules before December 2020 (MS-SFU note 26).
   */
  readonly nonForwardableDelegation: 'enforce' | 'legacy';
  /** Whether membership in Protected Users counts (domain functional level 2012 R2 or above). */
  readonly protectedUsers: boolean;
  /**
   * Which middles get forwardable tickets by S4U2Self: all that have no list of their own, or the
   * bit (`unlisted`, the default, MS-SFU 3.2.5.1.2), or only those with the bit (`trusted`, Samba).
   */
  readonly transition?: 'unlisted' | 'trusted';
  /** S4U2Self makes no difference of Protected Users, as in Samba; tickets of their own do. */
  readonly protectedUsersTransit?: boolean;
  /** Nobody acts for a user whose password has expired or must be changed, as in Samba. */
  readonly freshPasswords?: boolean;
  /** The hours in which a user may log on do not bind who acts for it, as in Samba. */
  readonly anyHour?: boolean;
  /** NETWORK (S-1-5-2) is in the token that descriptors are asked about, as in Samba. */
  readonly networkToken?: boolean;
}

/** What an up-to-date Windows domain does. */
export const DEFAULT_SETTINGS: DelegationSettings = {
  nonForwardableDelegation: 'enforce',
  protectedUsers: true,
};

/** The middle's account: the client of the header ticket. Of another realm: from its PAC alone. */
export interface MiddleFacts {
  readonly sid: Sid;
  /** sAMAccountName, for sentences: `SERVERB$`. */
  readonly name: string;
  readonly userAccountControl: number;
  /** msDS-AllowedToDelegateTo: SPNs as they stand in the attribute, without realm. */
  readonly allowedToDelegateTo: readonly string[];
  readonly state: AccountState;
}

/** The header ticket: the TGT with which the middle asks. */
export interface HeaderFacts {
  /** Issued by another realm for this one. */
  readonly crossRealm: boolean;
  readonly forwardable: boolean;
  readonly pac: PacFact;
  /** PAC_CLIENT_INFO names the ticket's client and its authtime (MS-PAC 2.7). */
  readonly pacClientMatches: Finding;
  /** PAC_REQUESTER names the SID of the ticket's client (MS-PAC 2.15; MS-KILE 3.3.5.7). */
  readonly requester: 'matches' | 'assumed' | 'absent' | 'other';
  /**
   * Who the middle is by this ticket's PAC, and its device by that of the ticket that armored the
   * request explicitly (MS-KILE 3.3.5.7.4): see `rbcdToken`.
   */
  readonly token: Token;
  /** Number of the read-only domain controller that signed the ticket; 0 when none did. */
  readonly rodc: number;
}

/** The evidence ticket: what the middle shows to prove that the user came to it. */
export interface EvidenceFacts {
  /** Whether the user or the middle itself (S4U2Self) got it: S-1-18-1 or S-1-18-2 in the PAC. */
  readonly origin: 'kerberos' | 'protocol-transition' | 'unknown';
  /** The key of the account of its sname decrypts it. */
  readonly decrypts: Finding;
  readonly pac: PacFact;
  /** Its times and flags, as compared by the caller. */
  readonly validity: 'valid' | 'assumed' | 'expired' | 'not-yet-valid' | 'invalid';
  /** The account of its sname: undefined when there is none. */
  readonly serverSid: Sid | undefined;
  /** Its sname, for sentences. */
  readonly serverName: string;
  /** PAC_CLIENT_INFO names the ticket's cname and its authtime. */
  readonly pacClientMatches: Finding;
  readonly forwardable: boolean;
  /** KERB_VALIDATION_INFO.UserAccountControl: USER_ACCOUNT codes of MS-SAMR 2.2.1.12. */
  readonly pacUserAccountControl: number;
  /** Number of the read-only domain controller that signed its PAC; 0 when none did. */
  readonly rodc: number;
  /** Of evidence that came from another realm: see `ProxyTgtFacts`. */
  readonly proxyTgt?: ProxyTgtFacts;
}

/** Evidence in the last step of a cross-realm hop: a "proxy TGT" (MS-SFU 3.1.5.2.2). */
export interface ProxyTgtFacts {
  /** It is a cross-realm TGT to this realm. */
  readonly forThisRealm: boolean;
  /** Its cname is the header ticket's. */
  readonly clientIsMiddle: boolean;
  /** PAC_CLIENT_INFO is `name@REALM` with this ticket's authtime. */
  readonly pacNamesUser: boolean;
  /** S4U_DELEGATION_INFO names the requested target. */
  readonly targetMatches: boolean;
  /** The last transited service of S4U_DELEGATION_INFO is the middle. */
  readonly lastTransitedIsMiddle: boolean;
}

/** The user for whom the middle wants to act. */
export interface UserFacts {
  /** For sentences: `alice@CONTOSO.COM`. */
  readonly name: string;
  /** Where its account is; `unknown`: should be in this realm, and is not. */
  readonly place: 'local' | 'elsewhere' | 'unknown';
  readonly userAccountControl: number;
  /** Member of Protected Users (RID 525), directly or through groups. */
  readonly protectedUser: boolean;
  readonly state: AccountState;
}

/** The target's account, found by the SPN as requested. */
export interface TargetFacts {
  /** The SPN as sent, without realm: `cifs/serverc.contoso.com`. */
  readonly spn: string;
  /** The account's SID, where it is known: what goes to itself passes its own policy. */
  readonly sid?: Sid | undefined;
  /** sAMAccountName, for sentences: `SERVERC$`; the SPN when there is no account. */
  readonly name: string;
  /** `unknown`: no account has the SPN; `ambiguous`: more than one has. */
  readonly place: 'local' | 'elsewhere' | 'unknown' | 'ambiguous';
  readonly isKrbtgt: boolean;
  readonly userAccountControl: number;
  readonly state: AccountState;
  /** msDS-AllowedToActOnBehalfOfOtherIdentity. */
  readonly descriptor: SecurityDescriptor | 'absent' | 'unparsable';
  /**
   * AllowedToAuthenticateTo of its authentication policy (MS-KILE 3.3.5.7): the policy, which is
   * evaluated for the middle and its device, or what it was found to say.
   */
  readonly authenticationPolicy: PolicyFinding | PolicyFacts;
  /** Allowed-To-Authenticate, when the PAC has OTHER_ORGANIZATION (MS-KILE 3.3.5.7). */
  readonly selectiveAuthentication: PolicyFinding;
}

/** What a further policy says: there is `none`, or it was evaluated. */
export type PolicyFinding = 'none' | 'allows' | 'refuses';

/** The request itself (MS-SFU 3.1.5.2.1). */
export interface S4U2ProxyRequestFacts {
  /** additional-tickets has a ticket. */
  readonly evidencePresent: boolean;
  /** KDC options that do not go together with cname-in-addl-tkt, by name: `renew` and others */
  readonly conflictingOptions: readonly string[];
  /** PA-PAC-OPTIONS bit 3, resource-based constrained delegation (MS-KILE 2.2.10). */
  readonly rbcdBit: boolean;
}

/** Everything `decideS4U2Proxy` looks at. */
export interface S4U2ProxyFacts {
  readonly settings: DelegationSettings;
  readonly request: S4U2ProxyRequestFacts;
  readonly header: HeaderFacts;
  readonly middle: MiddleFacts;
  readonly evidence: EvidenceFacts;
  readonly user: UserFacts;
  readonly target: TargetFacts;
}

/** The request itself (MS-SFU 3.1.5.1.1). */
export interface S4U2SelfRequestFacts {
  /** PA-S4U-X509-USER (130) wins when both are there (MS-SFU 3.2.5.1). */
  readonly form: 'x509-user' | 'for-user';
  readonly checksum: 'valid' | 'assumed' | 'unkeyed' | 'invalid';
  /** The nonce in PA-S4U-X509-USER is the body's; true for PA-FOR-USER, which has none. */
  readonly nonceMatches: Finding;
  /** The user is named; otherwise only a certificate can tell who it is. */
  readonly userNamed: boolean;
  readonly certificate: boolean;
  /** KDC options that are not legal in an AS request, by name. */
  readonly conflictingOptions: readonly string[];
  /** The forwardable option. */
  readonly forwardable: boolean;
}

/** The service for which the ticket is asked: it must be the middle itself. */
export interface ServerFacts {
  /** As requested, for sentences: `HTTP/serverb`. */
  readonly name: string;
  readonly place: 'local' | 'elsewhere' | 'unknown';
  /** The account's SID, when it is local. */
  readonly sid: Sid | undefined;
  /**
   * True of a user without an SPN, who is no service: its password is no key that tickets may be
   * sealed with (MS-KILE 3.3.5.7). Absent: false.
   */
  readonly nameless?: boolean;
}

/** Everything `decideS4U2Self` looks at. */
export interface S4U2SelfFacts {
  readonly settings: DelegationSettings;
  readonly request: S4U2SelfRequestFacts;
  readonly header: HeaderFacts & {
    /** PAC_CLIENT_INFO is `user@REALM`, same case, of the requested user: cross-realm only. */
    readonly pacNamesUser: Finding;
  };
  readonly middle: MiddleFacts;
  readonly server: ServerFacts;
  readonly user: UserFacts;
}
