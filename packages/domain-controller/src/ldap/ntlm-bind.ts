import type { Account, KeySet } from '@doublehop/directory/account';
import type { Negotiation } from '@doublehop/kerberos/gss/negotiation';
import type { SaslServerContext } from '@doublehop/ldap/sasl/mechanism';
import { NtlmAcceptor, type NtlmClaim, type NtlmLogon } from '../ntlm/acceptor.ts';
import type { NtlmContext } from '../ntlm/context.ts';
import type { LdapContext } from './context.ts';
import { bindFailure, LogonFailure, SecurityStatus } from './failures.ts';
import { logonResult } from './logon.ts';
import type { LdapSettings } from './settings.ts';
import { graceKeys } from './verify-password.ts';

/** Makes the server's side of NTLM for a connection (MS-NLMP 3.2). */
export function ntlmAcceptor(
  context: LdapContext,
  { channelBinding: bindingPolicy }: LdapSettings,
  { channelBinding }: SaslServerContext,
): Negotiation<NtlmContext> {
  const { clock, random, domain } = context;
  const { netbiosName, dnsName, controller } = domain;
  return new NtlmAcceptor({
    target: {
      netbiosDomainName: netbiosName,
      netbiosComputerName: controller,
      dnsDomainName: dnsName,
      dnsComputerName: `${controller.toLowerCase()}.${dnsName}`,
    },
    clock,
    random,
    bindingPolicy,
    ...(channelBinding === undefined
      ? {}
      : { channelBindings: { applicationData: channelBinding } }),
    authenticate: (claim) => authenticate(context, claim),
  });
}

/** rc4-hmac, whose key is the NT hash (RFC 4757 §2). */
const RC4 = 23;

/** What is compared with where there is no hash, so that time does not tell who has one. */
const NOBODY = new Uint8Array(16);

/** Who proved to be whom. Throws invalidCredentials; one reason for who proved nothing. */
function authenticate(context: LdapContext, claim: NtlmClaim): NtlmLogon {
  const { accounts, directory } = context;
  directory.refresh();
  accounts.refresh();
  const account = findAccount(context, claim);
  const present = hashOf(account?.keys);
  const earlier = hashOf(graceKeys(context, account, context.clock()));
  const isEarlier = earlier !== undefined && !claim.proves(present ?? NOBODY);
  const ntHash = isEarlier ? earlier : present;
  const right = claim.proves(ntHash ?? NOBODY) && ntHash !== undefined;
  const reason = logonResult(context, account, right);
  if (account === undefined || ntHash === undefined || reason !== undefined) {
    const told = reason === LogonFailure.noSuchUser ? LogonFailure.wrongPassword : reason;
    throw bindFailure(told ?? LogonFailure.wrongPassword, SecurityStatus.logonDenied);
  }
  // Members of Protected Users do not log on by NTLM (MS-APDS 3.1.5, STATUS_ACCOUNT_RESTRICTION).
  if (account.protectedUser) {
    throw bindFailure(LogonFailure.restricted, SecurityStatus.logonDenied);
  }
  return { account, ntHash };
}

function hashOf(keys: KeySet | undefined): Uint8Array | undefined {
  return keys?.keys.find(({ etype }) => etype === RC4)?.bytes;
}

function findAccount(
  { accounts, domain }: LdapContext,
  { domain: given, user }: NtlmClaim,
): Account | undefined {
  const ours = ['', domain.netbiosName.toLowerCase(), domain.dnsName.toLowerCase()];
  if (!ours.includes(given.toLowerCase()) || user === '') return undefined;
  const account = accounts.byName(user);
  // A name with @ is a UPN, which goes without a domain (MS-NLMP 2.2.1.3 UserName).
  const upn = user.includes('@') && given === '';
  return upn || account?.samAccountName.toLowerCase() === user.toLowerCase() ? account : undefined;
}
