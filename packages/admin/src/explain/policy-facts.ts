import type { PolicyFacts } from '@doublehop/delegation/policy';
import { textOf, textsOf, valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import { LdapError } from '@doublehop/ldap/errors';
import { decodeDescriptor } from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import type { DomainConnection } from '../connection.ts';
import { firstEntries } from '../directory-client.ts';
import type { HopAccount } from './account-facts.ts';

/** The authentication policy of an account (MS-KILE 3.3.5.5), as far as hops ask for it. */
export interface AccountPolicy {
  /** AllowedToAuthenticateTo: who may get tickets to the account. */
  readonly allowedTo: PolicyFacts | undefined;
  /** Name of the policy, where it says from which devices the account may log on. */
  readonly devices: string | undefined;
}

/** `unread`: there is one, and it cannot be read. */
export type PolicyReading = AccountPolicy | 'none' | 'unread';

/**
 * The policy that applies to an account: that of its silo, where the silo names it among its
 * members, and else its own.
 */
export async function readPolicy(
  connection: DomainConnection,
  hop: HopAccount,
): Promise<PolicyReading> {
  const { siloDn, policyDn, account } = hop;
  if (siloDn === undefined && policyDn === undefined) return 'none';
  const kind = KIND[account.kind] ?? 'Service';
  const silo = siloDn === undefined ? undefined : await read(connection, siloDn);
  if (siloDn !== undefined && silo === undefined) return 'unread';
  const members = silo === undefined ? [] : textsOf(silo, 'msDS-AuthNPolicySiloMembers');
  const inSilo = members.some((dn) => dn.toLowerCase() === account.dn.toLowerCase());
  // Who is in a silo has its policy and no other, enforced as the silo is.
  const dn = inSilo && silo !== undefined ? textOf(silo, `msDS-${kind}AuthNPolicy`) : policyDn;
  if (dn === undefined) return 'none';
  const policy = await read(connection, dn);
  if (policy === undefined) return 'unread';
  return policyOf(policy, inSilo ? silo : undefined, kind);
}

const KIND: Readonly<Partial<Record<HopAccount['account']['kind'], 'User' | 'Computer'>>> = {
  user: 'User',
  computer: 'Computer',
};

function policyOf(policy: ClientEntry, silo: ClientEntry | undefined, kind: string): AccountPolicy {
  const name = textOf(policy, 'name') ?? policy.dn;
  const enforced =
    silo === undefined
      ? textOf(policy, 'msDS-AuthNPolicyEnforced') === 'TRUE'
      : textOf(silo, 'msDS-AuthNPolicySiloEnforced') === 'TRUE';
  const [to] = valuesOf(policy, `msDS-${kind}AllowedToAuthenticateTo`);
  const [from] = valuesOf(policy, `msDS-${kind}AllowedToAuthenticateFrom`);
  const siloName = silo === undefined ? undefined : (textOf(silo, 'name') ?? silo.dn);
  const whose = siloName === undefined ? { name, enforced } : { name, enforced, silo: siloName };
  return {
    allowedTo: to === undefined ? undefined : { ...whose, descriptor: decoded(to) },
    devices: from === undefined || !enforced ? undefined : name,
  };
}

/** A descriptor without an owner is refused, as Windows does. */
function decoded(bytes: Uint8Array): PolicyFacts['descriptor'] {
  try {
    const descriptor = decodeDescriptor(bytes);
    return descriptor.owner === undefined ? 'unparsable' : descriptor;
  } catch (error) {
    if (error instanceof SecurityError) return 'unparsable';
    throw error;
  }
}

async function read({ client }: DomainConnection, dn: string): Promise<ClientEntry | undefined> {
  const search = client.search({ base: dn, scope: 'base', attributes: ['*'] });
  try {
    return (await firstEntries(search, 1))[0];
  } catch (error) {
    if (error instanceof LdapError && HIDDEN.has(error.code)) return undefined;
    throw error;
  }
}

const HIDDEN: ReadonlySet<string> = new Set(['noSuchObject', 'insufficientAccessRights']);
