import type { Token } from '@doublehop/security/access-check';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';

/** Privileges that updates of a directory ask for (MS-LSAD 3.1.1.2.1). */
export type Privilege =
  | 'SeEnableDelegationPrivilege'
  | 'SeMachineAccountPrivilege'
  | 'SeRestorePrivilege'
  | 'SeSecurityPrivilege'
  | 'SeTakeOwnershipPrivilege';

/** Whom the default policy of domain controllers gives each privilege. */
const HOLDERS: Readonly<Record<Privilege, readonly Sid[]>> = {
  SeEnableDelegationPrivilege: [wellKnown.builtinAdministrators],
  SeMachineAccountPrivilege: [wellKnown.authenticatedUsers],
  SeRestorePrivilege: [wellKnown.builtinAdministrators, 'S-1-5-32-549', 'S-1-5-32-551'],
  SeSecurityPrivilege: [wellKnown.builtinAdministrators],
  SeTakeOwnershipPrivilege: [wellKnown.builtinAdministrators],
};

/** Whether a token has a privilege: by its groups, as there is no policy to say otherwise. */
export function hasPrivilege({ sids }: Token, privilege: Privilege): boolean {
  return sids.has(wellKnown.localSystem) || HOLDERS[privilege].some((sid) => sids.has(sid));
}
