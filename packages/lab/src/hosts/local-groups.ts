import type { Token } from '@doublehop/security/access-check';
import { domainOf, ridOf, type Sid } from '@doublehop/security/sid';
import { DomainRid, wellKnown } from '@doublehop/security/well-known-sids';
import { findHost, type Scenario } from '../scenario.ts';
import type { UserIdentity } from './identity.ts';
import type { KeptAdministrators } from './kept-administrators.ts';

/** Who is in the local group Administrators of a host, and what that makes of a user. */
export class LocalGroups {
  readonly #scenario: Scenario;
  /** `contoso\alice`, in lower case. */
  readonly #administrators: Map<string, string>;
  readonly #kept: KeptAdministrators | undefined;
  #saved: Promise<void> = Promise.resolve();

  /** `kept`: changes outlast the process; the scenario's members where nobody made one. */
  constructor(scenario: Scenario, host: string, kept?: KeptAdministrators) {
    this.#scenario = scenario;
    this.#kept = kept;
    const names = kept?.names ?? findHost(scenario, host).administrators;
    this.#administrators = new Map(names.map((name) => this.#entry(name)));
  }

  /** Resolves when the last change is where it outlasts the process. */
  get saved(): Promise<void> {
    return this.#saved;
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
    this.#keep();
  }

  /** Whether it was one. */
  removeAdministrator(name: string): boolean {
    const wasOne = this.#administrators.delete(this.#entry(name)[0]);
    if (wasOne) this.#keep();
    return wasOne;
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

  #keep(): void {
    if (this.#kept === undefined) return;
    this.#saved = this.#kept.keep([...this.#administrators.values()]);
    // Who changed it awaits `saved`, and hears of a failure there.
    this.#saved.catch(() => undefined);
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
