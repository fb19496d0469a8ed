import { textOf, textsOf, valuesOf } from '@doublehop/ldap/client/entry';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import { equals, type Filter } from '@doublehop/ldap/filter';
import {
  decodeSid,
  domainOf,
  encodeSid,
  isSid,
  parseSid,
  ridOf,
  type Sid,
} from '@doublehop/security/sid';
import { DomainRid } from '@doublehop/security/well-known-sids';
import { type AccountKind, kindOf } from '../account.ts';
import type { DomainConnection } from '../connection.ts';
import { entriesOf, firstEntries } from '../directory-client.ts';
import { MAX_AUDIT_MEMBERS, SIDS_PER_SEARCH } from '../limits.ts';
import { USUAL_GROUPS } from './collect.ts';
import { WELL_KNOWN_NAMES } from '../well-known-names.ts';

/** Whoever a descriptor names. */
export interface AuditPrincipal {
  readonly sid: Sid;
  /** `CONTOSO\SERVERB$`, `NT AUTHORITY\SYSTEM`; the SID where nobody has it. */
  readonly display: string;
  /** sAMAccountName, for commands. */
  readonly name: string;
  readonly dn: string | undefined;
  /** Undefined: no account of this domain has the SID, and it is not well known. */
  readonly kind: AccountKind | 'well-known' | undefined;
  /** userAccountControl; 0 where it is no account of this domain. */
  readonly control: number;
}

/** Who is in a group, groups in groups followed. */
export interface Members {
  readonly principals: readonly AuditPrincipal[];
  /** All of them, those counted in that are not told by name. */
  readonly count: number;
}

const ATTRIBUTES = [
  'objectSid',
  'sAMAccountName',
  'objectClass',
  'userAccountControl',
  'primaryGroupID',
];

/** Principals of a domain by their SIDs, each looked up once, many at a time. */
export class Principals {
  /** Members of groups of whom nothing is known but that they are there. */
  hiddenMembers = 0;
  readonly #connection: DomainConnection;
  readonly #known = new Map<Sid, AuditPrincipal>();
  readonly #members = new Map<Sid, Members>();
  readonly #direct = new Map<Sid, readonly AuditPrincipal[]>();
  readonly #primary = new Map<number, Sid[]>();
  readonly #groups = new Map<Sid, ReadonlySet<Sid>>();

  constructor(connection: DomainConnection) {
    this.#connection = connection;
  }

  /** Looks up all that are not known yet. */
  async lookUp(sids: Iterable<Sid>): Promise<void> {
    const missing = [...new Set(sids)].filter((sid) => this.#isMissing(sid));
    for (let at = 0; at < missing.length; at += SIDS_PER_SEARCH) {
      const some = missing.slice(at, at + SIDS_PER_SEARCH);
      const filters = some.map((sid) => equals('objectSid', encodeSid(sid)));
      for await (const entry of this.#search({ kind: 'or', filters })) this.#take(entry);
    }
  }

  /** What is known of a SID; it must have been looked up before. */
  get(sid: Sid): AuditPrincipal {
    const known = this.#known.get(sid);
    if (known !== undefined) return known;
    const wellKnown = WELL_KNOWN_NAMES.get(sid);
    const name = wellKnown ?? sid;
    const kind = wellKnown === undefined ? undefined : 'well-known';
    return { sid, name, display: name, dn: undefined, kind, control: 0 };
  }

  /** Whether a SID is of an account of this very domain, be it there or not. */
  isOurs(sid: Sid): boolean {
    const { sid: domain } = this.#connection.domain;
    return domain !== undefined && sid.startsWith('S-1-5-21-') && domainOf(sid) === domain;
  }

  /** Whose primary group is which: where the walk over the accounts did not see all of them. */
  async readPrimaryGroups(): Promise<void> {
    const usual = [...USUAL_GROUPS].map((rid) => equals('primaryGroupID', String(rid)));
    const others = usual.map((filter) => ({ kind: 'not', filter }) as const);
    const filters = [equals('objectClass', 'user'), ...others];
    for await (const entry of this.#search({ kind: 'and', filters })) {
      const principal = this.#take(entry);
      const rid = Number(textOf(entry, 'primaryGroupID'));
      if (principal !== undefined) this.#ofPrimary(rid).push(principal.sid);
    }
  }

  /** Takes over what the walk over the accounts saw of primary groups. */
  async takePrimaryGroups(groups: ReadonlyMap<number, readonly Sid[]>): Promise<void> {
    for (const [rid, sids] of groups) this.#ofPrimary(rid).push(...sids);
    await this.lookUp([...groups.values()].flat());
  }

  /**
   * Everybody in a group and in the groups in it, level by level. One question a group: the link
   * is indexed in both directions, while a rule that follows it all the way looks at every account.
   */
  async membersOf(group: AuditPrincipal): Promise<Members> {
    const known = this.#members.get(group.sid);
    if (known !== undefined) return known;
    const found = new Set<Sid>();
    const principals: AuditPrincipal[] = [];
    const groups = new Set<Sid>([group.sid]);
    const open = [group];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const principal of await this.#directMembersOf(next)) {
        if (principal.kind !== 'group') {
          if (!found.has(principal.sid) && found.size < MAX_AUDIT_MEMBERS) {
            principals.push(principal);
          }
          found.add(principal.sid);
        } else if (!groups.has(principal.sid)) {
          groups.add(principal.sid);
          open.push(principal);
        }
      }
    }
    const members = { principals, count: found.size };
    this.#members.set(group.sid, members);
    return members;
  }

  /** SIDs of all groups that a principal is in; none where the directory does not tell. */
  async groupsOf({ sid, dn }: AuditPrincipal): Promise<ReadonlySet<Sid>> {
    const known = this.#groups.get(sid);
    if (known !== undefined) return known;
    const groups = new Set<Sid>();
    this.#groups.set(sid, groups);
    if (dn === undefined) return groups;
    const { client } = this.#connection;
    const search = client.search({ base: dn, scope: 'base', attributes: ['tokenGroups'] });
    const [entry] = await firstEntries(search, 1);
    for (const value of entry === undefined ? [] : valuesOf(entry, 'tokenGroups')) {
      groups.add(decodeSid(value));
    }
    return groups;
  }

  /** By the attribute, and those whose primary group it is (MS-ADTS 3.1.1.2.3). */
  async #directMembersOf(group: AuditPrincipal): Promise<readonly AuditPrincipal[]> {
    const known = this.#direct.get(group.sid);
    if (known !== undefined) return known;
    const members: AuditPrincipal[] = [];
    for await (const entry of this.#search(equals('memberOf', group.dn ?? ''))) {
      const principal = this.#take(entry);
      if (principal !== undefined) members.push(principal);
    }
    members.push(...(await this.#hiddenMembersOf(group, members)));
    if (this.isOurs(group.sid)) {
      const primary = this.#primary.get(ridOf(group.sid)) ?? [];
      members.push(...primary.map((sid) => this.get(sid)));
    }
    this.#direct.set(group.sid, members);
    return members;
  }

  /**
   * Members that the group names and that cannot be read themselves. The DN of a foreign principal
   * tells its SID (MS-ADTS 6.1.1.4.10); of others it is only known that there is somebody.
   */
  async #hiddenMembersOf(
    { dn }: AuditPrincipal,
    visible: readonly AuditPrincipal[],
  ): Promise<readonly AuditPrincipal[]> {
    if (dn === undefined) return [];
    const { client } = this.#connection;
    const search = client.search({ base: dn, scope: 'base', attributes: ['member'] });
    const [entry] = await firstEntries(search, 1);
    const seen = new Set(visible.map((one) => one.dn?.toLowerCase()));
    const named = entry === undefined ? [] : textsOf(entry, 'member');
    const hidden = named.filter((member) => !seen.has(member.toLowerCase()));
    return hidden.flatMap((member) => {
      const sid = /^CN=(S-1-[\d-]+),CN=ForeignSecurityPrincipals,/i.exec(member)?.[1];
      if (sid !== undefined && isSid(sid)) return [{ ...this.get(parseSid(sid)), dn: member }];
      this.hiddenMembers += 1;
      return [];
    });
  }

  #ofPrimary(rid: number): Sid[] {
    const known = this.#primary.get(rid) ?? [];
    this.#primary.set(rid, known);
    return known;
  }

  #isMissing(sid: Sid): boolean {
    if (this.#known.has(sid)) return false;
    // BUILTIN groups are well known by name, and are groups with members all the same.
    return sid.startsWith('S-1-5-32-') || !WELL_KNOWN_NAMES.has(sid);
  }

  async *#search(filter: Filter): AsyncGenerator<ClientEntry> {
    const { client, domain } = this.#connection;
    const base = domain.namingContext;
    yield* entriesOf(client.searchAll({ base, filter, attributes: ATTRIBUTES }));
  }

  #take(entry: ClientEntry): AuditPrincipal | undefined {
    const [octets] = valuesOf(entry, 'objectSid');
    if (octets === undefined) return undefined;
    const sid = decodeSid(octets);
    const known = this.#known.get(sid);
    if (known !== undefined) return known;
    const name = textOf(entry, 'sAMAccountName');
    // A foreign principal's entry says no more than the SID does (MS-ADTS 6.1.1.4.10).
    if (name === undefined) return { ...this.get(sid), dn: entry.dn };
    const { netbiosName } = this.#connection.domain;
    const wellKnown = WELL_KNOWN_NAMES.get(sid);
    const principal: AuditPrincipal = {
      sid,
      name,
      display: wellKnown ?? `${netbiosName}\\${name}`,
      dn: entry.dn,
      kind: kindOf(textsOf(entry, 'objectClass')),
      control: Number(textOf(entry, 'userAccountControl') ?? '0') | 0,
    };
    this.#known.set(sid, principal);
    return principal;
  }
}

/** Groups of a domain whose members are everybody, or every computer (MS-DTYP 2.4.2.4). */
const BROAD_RIDS: ReadonlySet<number> = new Set([
  DomainRid.domainUsers,
  DomainRid.domainGuests,
  DomainRid.domainComputers,
]);

const BROAD_SIDS: ReadonlySet<Sid> = new Set<Sid>([
  'S-1-1-0',
  'S-1-5-7',
  'S-1-5-11',
  'S-1-5-15',
  'S-1-5-2',
  'S-1-5-32-545',
  'S-1-5-32-546',
  'S-1-5-32-554',
]);

/** Whether a principal is every account, every user or every computer. */
export function isEverybody(sid: Sid): boolean {
  if (BROAD_SIDS.has(sid)) return true;
  return sid.startsWith('S-1-5-21-') && BROAD_RIDS.has(ridOf(sid));
}
