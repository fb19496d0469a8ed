import { SecureText } from '@doublehop/powershell/objects/value';
import type {
  LoggedOn,
  SessionIdentities,
} from '@doublehop/remoting/configurations/session-identities';
import type { Sid } from '@doublehop/security/sid';
import { wellKnown } from '@doublehop/security/well-known-sids';
import { groupName } from '../commands/sid-names.ts';
import { LabError } from '../errors.ts';
import type { Host } from '../hosts/host.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { openGmsaSession, openRunAsSession, openVirtualSession } from '../sessions/open-session.ts';
import { userOf, type WinRmCaller } from './caller.ts';

/** Whom a host of the lab logs on for its session configurations. */
export function hostIdentities(host: Host): SessionIdentities<WinRmCaller, HostSession> {
  return {
    token: ({ identity }) => host.tokenFor(identity),
    memberOf: ({ identity }, group) => {
      const wanted = group.toLowerCase();
      if (identity.user.toLowerCase() === wanted) return true;
      const { sids } = host.tokenFor(identity);
      return [...sids].some((sid) => nameOf(host, sid).toLowerCase() === wanted || sid === group);
    },
    asCaller: async ({ caller }) => loggedOn(await caller.logOn()),
    asRunAs: async ({ caller }, user, password) =>
      loggedOn(
        await openRunAsSession(host, caller.identity, {
          user: userOf(host.scenario, user),
          // The session keeps its own: this one is wiped when it was used.
          password: new SecureText(password.reveal().slice()),
        }),
      ),
    asVirtualAccount: async ({ caller }, groups) => {
      const sids = groups.map((group) => localGroup(group));
      const session =
        sids.length === 0
          ? openVirtualSession(host, caller.identity)
          : openVirtualSession(host, caller.identity, sids);
      return loggedOn(session);
    },
    asManagedAccount: async ({ caller }, name) => {
      const { readManagedAccount } = await import('../sessions/managed-account.ts');
      const logon = await readManagedAccount(host, name);
      return loggedOn(await openGmsaSession(host, caller.identity, logon));
    },
  };
}

function loggedOn(session: HostSession): LoggedOn<HostSession> {
  return { session, user: session.identity.user, close: () => session.logOff() };
}

function nameOf({ scenario }: Host, sid: Sid): string {
  return groupName(sid, scenario.netbiosName).name;
}

/** A local group that a virtual account may be in. Throws LabError. */
function localGroup(group: string): Sid {
  const name = group.replace(/^.*\\/u, '').toLowerCase();
  if (name === 'administrators') return wellKnown.builtinAdministrators;
  if (name === 'users') return wellKnown.builtinUsers;
  throw new LabError('unknown-account', `this computer has no local group ${group}`);
}
