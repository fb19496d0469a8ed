import type { Token } from '@doublehop/security/access-check';
import { domainOf, ridOf, type Sid } from '@doublehop/security/sid';
import { DomainRid, wellKnown } from '@doublehop/security/well-known-sids';
import { findHost, type Scenario } from '../scenario.ts';
import type { UserIdentity } from './identity.ts';

/** Who is in the local group Administrators of a host, and what that makes of a user. */
export class LocalGroups {
  readonly #scenario: Scenario;
  /** `contoso\alice`, in lower case. */
  readonly #administrators: Map<string, string>;

  constructor(scenario: Scenario, host: string) {
    this.#scenario = scenario;
    const { administrators } = findHost(scenario, host);
    this.#administrators = new Map(administrators.map((name) => this.#entry(name)));
  }

  /** `CONTOSO\alice`, those of the domain's groups first. */
  administrators(): readonly string[] {
    const { netbiosName } = this.#scenario;
    return [`${netbiosName}\\Domain Admins`, ...this.#administrators.values()];
  }

  /** `alice`, `CONTOSO\alice` or `CONTOSO\SERVERB$`. */
  addAdministrator(name: string): void {
    const [key, value] = this.#entry(name);
    this.#administrators.set(key, value);
  }

  /** Whether it was one. */
  removeAdministrator(name: string): boolean {
    return this.#administrators.delete(this.#entry(name)[0]);
  }

  /**
   * The token of a user on this host: account and groups of the PAC, local groups, and what
   * everybody has who was authenticated (MS-DTYP 2.7.1).
   */
  token({ user, sid, groups }: UserIdentity): Token {
    const sids = new Set<Sid>([
      sid,
      ...groups,
      wellKnown.everyone,
      wellKnown.authenticatedUsers,
      wellKnown.builtinUsers,
    ]);
    const isDomainAdmin = groups.some(
      (one) =>
        one.startsWith('S-1-5-21-') && ridOf(one) === DomainRid.domainAdmins && isSame(one, sid),
    );
    if (isDomainAdmin || this.#administrators.has(user.toLowerCase())) {
      sids.add(wellKnown.builtinAdministrators);
    }
    return { sids };
  }

  #entry(name: string): [string, string] {
    const full = name.includes('\\') ? name : `${this.#scenario.netbiosName}\\${name}`;
    return [full.toLowerCase(), full];
  }
}

/** Domain Admins of a domain that trusts us administer nothing here. */
function isSame(group: Sid, user: Sid): boolean {
  return user.startsWith('S-1-5-21-') && domainOf(group) === domainOf(user);
}

/** Whether a user administers the host. */
export function isAdministrator({ sids }: Token): boolean {
  return sids.has(wellKnown.builtinAdministrators);
}
