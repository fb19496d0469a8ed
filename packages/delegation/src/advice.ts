import type { Reason, RefusalAdvice } from './refusals.ts';

const RETRY_MIDDLE =
  'get a new TGT for the middle (klist purge -li 0x3e7 there) and try again; if it stays, look ' +
  'at replication of the krbtgt password between the domain controllers';
const NEW_EVIDENCE =
  'let the user call the middle again with a fresh ticket; if it stays, the ticket was changed ' +
  'on its way, or signed by a KDC without the krbtgt key of this domain';
const CROSS_CHAIN =
  "ask again from the start: evidence to the middle's own KDC, then follow its referrals with " +
  'PA-PAC-OPTIONS set';
const ENABLE = 'if the account is meant to be used, make it usable again';

/** What each refusal means and what to do about it, in the words of an administrator. */
export const ADVICE: Readonly<Record<Reason, RefusalAdvice>> = {
  'target-unknown': {
    meaning: 'no account has the requested service name',
    fix: "register the SPN on the target's account (setspn -S), or ask for a name that it has",
  },
  'target-ambiguous': {
    meaning: 'more than one account has the requested service name',
    fix: 'remove the SPN from all accounts but one (setspn -X lists them)',
    elsewhere: 'Windows logs event 11 of the KDC and may answer S_PRINCIPAL_UNKNOWN',
  },
  'target-krbtgt': {
    meaning: 'a TGT for the user was asked for, which would be unconstrained delegation',
    fix: "ask for the target's own service name",
  },
  'target-disabled': {
    meaning: "the target's account is disabled",
    fix: ENABLE,
  },
  'target-expired': {
    meaning: "the target's account has expired",
    fix: ENABLE,
  },
  'target-authentication-policy': {
    meaning: 'the authentication policy of the target does not admit this middle',
    fix:
      'extend AllowedToAuthenticateTo of the policy, or move the target out of its silo; where ' +
      'the policy asks about the device, let the middle armor its requests (FAST)',
  },
  'target-selective-authentication': {
    meaning: 'the trust is selective and the user lacks Allowed-To-Authenticate on the target',
    fix: "grant Allowed to Authenticate on the target's computer object",
  },
  'evidence-absent': {
    meaning: 'the request has no evidence ticket',
    fix: "send the user's ticket for the middle in additional-tickets",
  },
  'conflicting-options': {
    meaning: 'the request asks for something that does not go together with delegation',
    fix: 'leave out renew, validate, forwarded, proxy and enc-tkt-in-skey',
  },
  'header-pac-absent': {
    meaning: "the middle's TGT has no PAC, so nobody can tell who it is",
    fix: 'let the middle get its TGT with a PAC (PA-PAC-REQUEST not false)',
    elsewhere: 'Windows before the 2021 updates answered BADOPTION or went on with KCD',
  },
  'header-pac-malformed': {
    meaning: "the PAC of the middle's TGT cannot be read",
    fix: RETRY_MIDDLE,
  },
  'header-signature-absent': {
    meaning: "the PAC of the middle's TGT is not signed",
    fix: RETRY_MIDDLE,
  },
  'header-signature-invalid': {
    meaning: "the signature of the PAC of the middle's TGT does not verify",
    fix: RETRY_MIDDLE,
    elsewhere: 'Samba may answer KRB_AP_ERR_BAD_INTEGRITY',
  },
  'header-signature-unkeyed': {
    meaning: "the PAC of the middle's TGT is signed with a checksum that proves nothing",
    fix: RETRY_MIDDLE,
    elsewhere: 'Samba answers KRB_AP_ERR_INAPP_CKSUM',
  },
  'header-signature-unsupported': {
    meaning: "the PAC of the middle's TGT is signed with an unknown checksum type",
    fix: RETRY_MIDDLE,
    elsewhere: 'Samba answers KRB_AP_ERR_INAPP_CKSUM or KRB_AP_ERR_BAD_INTEGRITY',
  },
  'header-requester-absent': {
    meaning: "the middle's TGT does not say which account asked for it",
    fix: 'let the middle get a new TGT from an updated KDC',
    elsewhere: 'Windows before the October 2022 enforcement let it pass',
  },
  'header-requester-other': {
    meaning: "the middle's name now belongs to another account than the one its TGT was made for",
    fix: 'let the middle get a new TGT; if it stays, look for a renamed or spoofed account',
  },
  'header-client-mismatch': {
    meaning: "the PAC of the middle's TGT is about somebody else",
    fix: RETRY_MIDDLE,
  },
  'header-rodc': {
    meaning: "the middle's TGT comes from a read-only domain controller, which may not do this",
    fix: 'let the middle get its TGT from a writable domain controller',
    elsewhere: 'as Windows Server 2022 and Samba',
  },
  'evidence-undecryptable': {
    meaning: 'the evidence ticket does not open with the key of the account it is for',
    fix: "let the user get a new ticket: the middle's password changed, or two accounts differ",
    elsewhere: 'MIT and Heimdal answer KRB_AP_ERR_BAD_INTEGRITY',
  },
  'evidence-pac-absent': {
    meaning: 'the evidence ticket has no PAC',
    fix: "clear NO_AUTH_DATA_REQUIRED on the middle's account and let the user get a new ticket",
    elsewhere: 'Samba answers BADOPTION or TGT_REVOKED',
  },
  'evidence-pac-malformed': {
    meaning: 'the PAC of the evidence ticket cannot be read',
    fix: NEW_EVIDENCE,
  },
  'evidence-signature-absent': {
    meaning: 'the PAC of the evidence ticket is not signed',
    fix: NEW_EVIDENCE,
  },
  'evidence-ticket-signature-absent': {
    meaning: 'nothing protects the flags of the evidence ticket (CVE-2020-17049, "Bronze bit")',
    fix: 'let the user get a new ticket from a KDC with the November 2020 updates',
    elsewhere: 'Samba may answer BADOPTION; KDCs without those updates do not look',
  },
  'evidence-full-signature-absent': {
    meaning: 'nothing of the KDC alone protects the PAC of the evidence ticket (CVE-2022-37967)',
    fix: 'let the user get a new ticket from a KDC with the October 2023 updates',
    elsewhere: 'KDCs without those updates, and those set to audit only, take it',
  },
  'evidence-signature-invalid': {
    meaning: 'a signature of the evidence ticket does not verify: it was changed or forged',
    fix: NEW_EVIDENCE,
    elsewhere: 'Samba may answer KRB_AP_ERR_BAD_INTEGRITY',
  },
  'evidence-signature-unkeyed': {
    meaning: 'the PAC of the evidence ticket is signed with a checksum that proves nothing',
    fix: NEW_EVIDENCE,
    elsewhere: 'Samba answers KRB_AP_ERR_INAPP_CKSUM',
  },
  'evidence-signature-unsupported': {
    meaning: 'the PAC of the evidence ticket is signed with an unknown checksum type',
    fix: NEW_EVIDENCE,
    elsewhere: 'Samba answers KRB_AP_ERR_INAPP_CKSUM',
  },
  'evidence-rodc': {
    meaning: 'the evidence ticket is signed by another read-only domain controller than the TGT',
    fix: 'let middle and user get their tickets from the same domain controller',
  },
  'evidence-expired': {
    meaning: 'the evidence ticket has expired',
    fix: 'let the user call the middle again',
  },
  'evidence-not-yet-valid': {
    meaning: 'the evidence ticket is not valid yet',
    fix: 'look at the clocks of the KDC and of the machine that got the ticket',
  },
  'evidence-invalid': {
    meaning: 'the evidence ticket is postdated and was never validated',
    fix: 'let the user call the middle again with an ordinary ticket',
  },
  'evidence-not-for-middle': {
    meaning: 'the evidence ticket is for another service than the one that asks',
    fix: 'ask with the account whose SPN the user called: service and TGT must be one account',
    elsewhere: 'MIT answers KDC_ERR_SERVER_NOMATCH',
  },
  'evidence-client-mismatch': {
    meaning: 'the PAC of the evidence ticket is about somebody else',
    fix: NEW_EVIDENCE,
  },
  'evidence-not-forwardable': {
    meaning: 'the evidence ticket is not forwardable, so nobody may act with it for the user',
    fix:
      'a user who is sensitive or in Protected Users cannot be delegated; otherwise let the user ' +
      'get a forwardable TGT, or for protocol transition set TRUSTED_TO_AUTH_FOR_DELEGATION on ' +
      'the middle or clear its msDS-AllowedToDelegateTo',
    elsewhere:
      'MS-SFU 3.2.5.2.1 has STATUS_NO_MATCH for KCD; Windows sends this status; with ' +
      'NonForwardableDelegation = 1 Windows lets RBCD pass',
  },
  'cross-target-elsewhere': {
    meaning: "the last step of a cross-realm hop was sent to a realm that is not the target's",
    fix: CROSS_CHAIN,
  },
  'cross-evidence-not-proxy-tgt': {
    meaning: "the evidence of a cross-realm hop is not a TGT for the target's realm",
    fix: CROSS_CHAIN,
  },
  'cross-evidence-client': {
    meaning: 'the evidence of a cross-realm hop was made for another middle',
    fix: CROSS_CHAIN,
  },
  'cross-evidence-user': {
    meaning: 'the PAC of the cross-realm evidence does not name the user with a realm',
    fix: CROSS_CHAIN,
  },
  'cross-evidence-target': {
    meaning: 'the cross-realm evidence was made for another target',
    fix: CROSS_CHAIN,
  },
  'cross-evidence-transited': {
    meaning: 'the last service in the cross-realm evidence is not the middle that asks',
    fix: CROSS_CHAIN,
  },
  'kcd-not-configured': {
    meaning: 'the middle has no list of targets, and did not ask for resource-based delegation',
    fix: 'grant the middle on the target, and ask with a client that sends PA-PAC-OPTIONS',
    elsewhere: 'a Windows client tries another domain controller (MS-SFU 3.1.5.2.3)',
  },
  'kcd-no-match': {
    meaning: "the target is not in the middle's list, and resource-based was not asked for",
    fix: 'grant the middle on the target, and ask with a client that sends PA-PAC-OPTIONS',
    elsewhere: 'a Windows client tries another domain controller (MS-SFU 3.1.5.2.3)',
  },
  'rbcd-descriptor-absent': {
    meaning: 'the target lists nobody who may act on behalf of users',
    fix: 'grant the middle on the target, then klist purge -li 0x3e7 on the middle',
  },
  'rbcd-descriptor-unparsable': {
    meaning: "the target's list of who may act on behalf of users cannot be read",
    fix: 'set the grants of the target anew',
  },
  'rbcd-not-listed': {
    meaning: "the target's list has no entry that lets this middle act on behalf of users",
    fix:
      'grant the middle on the target; when it is listed through a group, let it get a new TGT; ' +
      'then klist purge -li 0x3e7 on the middle',
    elsewhere: 'STATUS_UNSUCCESSFUL instead where a conditional ACE decided, as on Windows',
  },
  'rbcd-denied': {
    meaning: "the target's list denies this middle, directly or through a group",
    fix: 'remove the deny entry, or the middle from the group that it names',
  },
  'middle-disabled': { meaning: "the middle's account is disabled", fix: ENABLE },
  'middle-locked': { meaning: "the middle's account is locked out", fix: ENABLE },
  'middle-expired': { meaning: "the middle's account has expired", fix: ENABLE },
  'middle-outside-logon-hours': {
    meaning: 'the middle may not log on at this hour',
    fix: 'extend its logon hours',
  },
  'user-unknown': {
    meaning: 'there is no such user in this realm',
    fix: "look at the name; a user of another realm is found through that realm's KDC",
  },
  'user-disabled': { meaning: "the user's account is disabled", fix: ENABLE },
  'user-locked': { meaning: "the user's account is locked out", fix: ENABLE },
  'user-expired': {
    meaning: "the user's account has expired",
    fix: ENABLE,
    elsewhere: 'MIT answers KDC_ERR_NAME_EXP',
  },
  'user-outside-logon-hours': {
    meaning: 'the user may not log on at this hour',
    fix: "extend the user's logon hours",
  },
  'user-not-delegated': {
    meaning: 'the user is sensitive and cannot be delegated',
    fix: 'none: this is what the flag is for; use another user',
  },
  'user-password-expired': {
    meaning: "the user's password has expired, so that there is no new ticket of the user's own",
    fix: 'let the user change it (doublehop kpasswd)',
  },
  'user-password-must-change': {
    meaning: 'the user must change the password before the first logon',
    fix: 'let the user change it (doublehop kpasswd)',
  },
  'server-unknown': {
    meaning: 'the middle has no name that the user could ask for',
    fix: "register an SPN on the middle's account (setspn -S)",
  },
  'server-nameless': {
    meaning: 'the middle is a user without an SPN, which is no service that one gets tickets to',
    fix: "register an SPN on the middle's account (setspn -S)",
  },
  'server-disabled': {
    meaning: "the middle's account is disabled, so that nobody gets tickets to it",
    fix: ENABLE,
  },
  'server-authentication-policy': {
    meaning: 'the authentication policy of the middle does not admit the user',
    fix: 'extend AllowedToAuthenticateTo of the policy, or move the middle out of its silo',
  },
  'self-checksum-unkeyed': {
    meaning: 'the name of the user is protected with a checksum that proves nothing',
    fix: 'use a client that sends a keyed checksum',
  },
  'self-checksum-invalid': {
    meaning: "the name of the user was changed on its way, or the client's checksum is wrong",
    fix: 'use a client that follows MS-SFU 2.2.1 and 2.2.2',
    elsewhere: 'MIT answers KRB_AP_ERR_BAD_INTEGRITY for some checksum types',
  },
  'self-nonce-mismatch': {
    meaning: 'the part that names the user belongs to another request',
    fix: 'use a client that follows MS-SFU 2.2.2',
  },
  'self-user-unnamed': {
    meaning: 'the request names no user and has no certificate',
    fix: 'name the user',
  },
  'self-server-unknown': {
    meaning: 'the service that asks for itself is not known here',
    fix: 'register its SPN, or ask with its sAMAccountName',
  },
  'self-not-self': {
    meaning: 'a ticket for the user was asked for to another service than the one that asks',
    fix: 'S4U2Self gives tickets to oneself only; use S4U2Proxy for others',
  },
  'self-nameless': {
    meaning: 'the middle is a user without an SPN, which is no service',
    fix: "register an SPN on the middle's account (setspn -S), or act with a computer's account",
  },
  'self-user-local': {
    meaning: 'a service of this realm came for a user of this realm through another realm',
    fix: "ask with the service's own TGT",
  },
  'self-user-elsewhere': {
    meaning: 'the user is of another realm: its KDC must be asked first',
    fix: "use a client that finds the user's realm and follows the referrals back",
  },
  'self-certificate-only': {
    meaning: "only the user's own KDC can tell who a certificate belongs to",
    fix: 'name the user beside the certificate',
  },
  'self-pac-other-user': {
    meaning: 'the referral was made for another user than the one requested',
    fix: 'ask for the user in the same spelling in every step',
    elsewhere: 'MIT answers KDC_ERR_BADOPTION',
  },
};
