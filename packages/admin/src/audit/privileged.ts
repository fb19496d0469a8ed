import { hasControl } from '@doublehop/delegation/account-control';
import { ridOf, type Sid, withRid } from '@doublehop/security/sid';
import { DomainRid, wellKnown } from '@doublehop/security/well-known-sids';
import type { DomainConnection } from '../connection.ts';
import type { AuditPrincipal, Principals } from './principals.ts';

/** Who administers the domain. */
export interface Privileged {
  /** Whether whoever has the SID controls the domain anyway. */
  readonly controls: (sid: Sid) => boolean;
  /** Users in groups that are protected (MS-ADTS 3.1.1.6.1.2), with the group. */
  readonly administrators: readonly Administrator[];
  /** Members of Protected Users, for whom nobody may act (MS-KILE 3.3.5.1). */
  readonly protectedUsers: ReadonlySet<Sid>;
}

export interface Administrator {
  readonly principal: AuditPrincipal;
  /** Names of the groups. */
  readonly groups: readonly string[];
}

/** Groups and accounts that control the domain by what they are. */
const CONTROLLING: ReadonlySet<Sid> = new Set<Sid>([
  wellKnown.localSystem,
  wellKnown.builtinAdministrators,
  wellKnown.enterpriseDomainControllers,
]);

const CONTROLLING_RIDS: readonly number[] = [
  DomainRid.administrator,
  DomainRid.krbtgt,
  DomainRid.domainAdmins,
  DomainRid.domainControllers,
  DomainRid.schemaAdmins,
  DomainRid.enterpriseAdmins,
  DomainRid.enterpriseReadOnlyDomainControllers,
];

/** Groups whose members are administrators: the first four control the domain. */
const ADMINISTRATORS: readonly (Sid | number)[] = [
  wellKnown.builtinAdministrators,
  DomainRid.domainAdmins,
  DomainRid.enterpriseAdmins,
  DomainRid.schemaAdmins,
  'S-1-5-32-548',
  'S-1-5-32-549',
  'S-1-5-32-550',
  'S-1-5-32-551',
  DomainRid.keyAdmins,
  DomainRid.enterpriseKeyAdmins,
];

const CONTROL_GROUPS = 4;

/** Reads who is in the groups of administrators. */
export async function readPrivileged(
  { domain }: DomainConnection,
  principals: Principals,
): Promise<Privileged> {
  const { sid: base } = domain;
  const sidOf = (id: Sid | number): Sid | undefined => {
    if (typeof id === 'string') return id;
    return base === undefined ? undefined : withRid(base, id);
  };
  const guarded = sidOf(DomainRid.protectedUsers);
  const groups = ADMINISTRATORS.map(sidOf);
  await principals.lookUp([...groups, guarded].filter((sid) => sid !== undefined));
  const controllers = new Set<Sid>();
  const administrators = new Map<Sid, { principal: AuditPrincipal; groups: string[] }>();
  for (const [index, sid] of groups.entries()) {
    if (sid === undefined) continue;
    const group = principals.get(sid);
    if (group.dn === undefined) continue;
    const members = await principals.membersOf(group);
    for (const principal of members.principals) {
      if (index < CONTROL_GROUPS) controllers.add(principal.sid);
      const known = administrators.get(principal.sid) ?? { principal, groups: [] };
      known.groups.push(group.display);
      administrators.set(principal.sid, known);
    }
  }
  const protectedGroup = guarded === undefined ? undefined : principals.get(guarded);
  const protectedUsers =
    protectedGroup?.dn === undefined ? undefined : await principals.membersOf(protectedGroup);
  const ours = (sid: Sid): boolean =>
    sid.startsWith('S-1-5-21-') && CONTROLLING_RIDS.includes(ridOf(sid));
  return {
    controls: (sid) => CONTROLLING.has(sid) || ours(sid) || controllers.has(sid),
    administrators: [...administrators.values()].filter(({ principal }) => isPerson(principal)),
    protectedUsers: new Set(protectedUsers?.principals.map(({ sid }) => sid) ?? []),
  };
}

/** Somebody who logs on: krbtgt is disabled and does not. */
function isPerson({ kind, control }: AuditPrincipal): boolean {
  return kind === 'user' && !hasControl(control, 'ACCOUNTDISABLE');
}
