import { hasControl } from '@doublehop/delegation/account-control';
import { textOf, textsOf, valuesOf } from '@doublehop/ldap/client/entry';
import { equals } from '@doublehop/ldap/filter';
import { AceFlag } from '@doublehop/security/ace';
import { decodeSid, domainOf, ridOf, type Sid, withRid } from '@doublehop/security/sid';
import { DomainRid, wellKnown } from '@doublehop/security/well-known-sids';
import type { DomainConnection } from '../connection.ts';
import { entriesOf } from '../directory-client.ts';
import type { Judged } from './audit.ts';
import {
  type AccountDetail,
  type AuditAccount,
  type CollectOptions,
  type DescriptorClass,
  isController,
} from './collect.ts';
import { type Trust, TRUST_ATTRIBUTE } from './settings.ts';
import type { Writer } from './writers.ts';

/** Files that BloodHound takes in, by their names: JSON of version 6, as SharpHound 2 writes it. */
export type BloodHoundFiles = Readonly<Record<BloodHoundType, unknown>>;

type BloodHoundType = 'computers' | 'users' | 'groups' | 'domains';

const VERSION = 6;

/** Object types of BloodHound. */
type NodeType = 'User' | 'Computer' | 'Group' | 'Base';

interface Node {
  readonly account: AuditAccount;
  readonly spns: readonly string[];
  readonly descriptor: DescriptorClass | undefined;
  readonly host: string | undefined;
  readonly primaryGroup: number;
}

interface GroupNode {
  readonly sid: Sid;
  readonly name: string;
  readonly dn: string;
  readonly memberOf: readonly string[];
  readonly members: { readonly sid: Sid; readonly type: NodeType }[];
}

/**
 * Collects a domain for BloodHound while it is audited: computers, users, groups with members, and
 * the domain with its trusts. Edges are the effective ones: denied and ineffective entries of lists
 * make no AllowedToAct.
 */
export class BloodHoundCollector {
  readonly #connection: DomainConnection;
  readonly #nodes: Node[] = [];
  readonly #groups = new Map<string, GroupNode>();
  readonly #types = new Map<Sid, NodeType>();
  readonly #domain: string;

  private constructor(connection: DomainConnection) {
    this.#connection = connection;
    this.#domain = connection.domain.dnsName.toUpperCase();
  }

  /** Reads the groups, of which an audit itself needs only a few. */
  static async start(connection: DomainConnection): Promise<BloodHoundCollector> {
    const collector = new BloodHoundCollector(connection);
    await collector.#readGroups();
    return collector;
  }

  /** What the audit has to be told, so that this collector hears of every account. */
  get options(): Pick<CollectOptions, 'attributes' | 'onAccount'> {
    return {
      attributes: ['dNSHostName', 'memberOf'],
      onAccount: (account, detail) => this.#take(account, detail),
    };
  }

  /** The files; `judged` is what the audit concluded. */
  files(judged: Judged): BloodHoundFiles {
    const writers = new Map(judged.descriptors.map((one) => [one.class, one.writers]));
    const computers = this.#nodes.filter(({ account }) => account.kind === 'computer');
    const users = this.#nodes.filter(({ account }) => account.kind !== 'computer');
    const context = { judged, writers };
    return {
      computers: file(
        'computers',
        computers.map((node) => this.#computer(node, context)),
      ),
      users: file(
        'users',
        users.map((node) => this.#user(node, context)),
      ),
      groups: file(
        'groups',
        [...this.#groups.values()].map((group) => this.#group(group)),
      ),
      domains: file('domains', [this.#domainNode(judged)]),
    };
  }

  #take(account: AuditAccount, { spns, descriptor, entry }: AccountDetail): void {
    const type = account.kind === 'computer' ? 'Computer' : 'User';
    this.#types.set(account.sid, type);
    const group = textOf(entry, 'primaryGroupID') ?? '';
    const primaryGroup = /^\d{1,9}$/.test(group) ? Number(group) : DomainRid.domainUsers;
    const host = textOf(entry, 'dNSHostName');
    this.#nodes.push({ account, spns, descriptor, host, primaryGroup });
    for (const dn of textsOf(entry, 'memberOf')) {
      this.#groups.get(dn.toLowerCase())?.members.push({ sid: account.sid, type });
    }
  }

  async #readGroups(): Promise<void> {
    const { client, domain } = this.#connection;
    const items = client.searchAll({
      base: domain.namingContext,
      filter: equals('objectClass', 'group'),
      attributes: ['objectSid', 'sAMAccountName', 'memberOf'],
    });
    for await (const entry of entriesOf(items)) {
      const [octets] = valuesOf(entry, 'objectSid');
      if (octets === undefined) continue;
      const sid = decodeSid(octets);
      const name = textOf(entry, 'sAMAccountName') ?? sid;
      const memberOf = textsOf(entry, 'memberOf');
      this.#groups.set(entry.dn.toLowerCase(), { sid, name, dn: entry.dn, memberOf, members: [] });
      this.#types.set(sid, 'Group');
    }
    for (const { sid, memberOf } of this.#groups.values()) {
      for (const dn of memberOf) {
        this.#groups.get(dn.toLowerCase())?.members.push({ sid, type: 'Group' });
      }
    }
  }

  #computer(node: Node, context: Context): unknown {
    const { account, host } = node;
    const name = host ?? `${account.name.replace(/\$$/, '')}.${this.#domain}`;
    const nothing = { Collected: false, FailureReason: null, Results: [] };
    return {
      ...this.#common(node, context),
      AllowedToAct: this.#allowedToAct(account, context),
      Sessions: nothing,
      PrivilegedSessions: nothing,
      RegistrySessions: nothing,
      LocalGroups: [],
      UserRights: [],
      DumpSMSAPassword: [],
      Status: null,
      Properties: {
        ...this.#properties(node, name.toUpperCase()),
        isdc: isController(account),
      },
    };
  }

  #user(node: Node, context: Context): unknown {
    const { account, spns } = node;
    return {
      ...this.#common(node, context),
      SPNTargets: [],
      Properties: {
        ...this.#properties(node, `${account.name.toUpperCase()}@${this.#domain}`),
        hasspn: spns.length > 0,
        sensitive: hasControl(account.control, 'NOT_DELEGATED'),
        dontreqpreauth: hasControl(account.control, 'DONT_REQ_PREAUTH'),
        gmsa: account.kind === 'gMSA',
        msa: account.kind === 'MSA',
      },
    };
  }

  #common({ account, descriptor, primaryGroup }: Node, context: Context): object {
    const writers = descriptor === undefined ? [] : (context.writers.get(descriptor) ?? []);
    return {
      ObjectIdentifier: account.sid,
      AllowedToDelegate: this.#allowedToDelegate(account, context),
      PrimaryGroupSID: withRid(domainOf(account.sid), primaryGroup),
      HasSIDHistory: [],
      IsDeleted: false,
      IsACLProtected: false,
      ContainedBy: null,
      Aces: writers.flatMap((writer) => this.#aces(writer, account.sid)),
    };
  }

  #properties({ account, spns }: Node, name: string): object {
    const { control } = account;
    return {
      name,
      domain: this.#domain,
      domainsid: this.#connection.domain.sid ?? null,
      distinguishedname: account.dn.toUpperCase(),
      samaccountname: account.name,
      enabled: !hasControl(control, 'ACCOUNTDISABLE'),
      unconstraineddelegation: hasControl(control, 'TRUSTED_FOR_DELEGATION'),
      trustedtoauth: hasControl(control, 'TRUSTED_TO_AUTH_FOR_DELEGATION'),
      admincount: account.isGuarded,
      serviceprincipalnames: spns,
      allowedtodelegate: account.services,
    };
  }

  #allowedToAct({ list }: AuditAccount, { judged }: Context): readonly unknown[] {
    const middles = list === undefined ? [] : (judged.lists.get(list)?.middles ?? []);
    return middles.map(({ principal }) => this.#reference(principal.sid));
  }

  #allowedToDelegate({ services }: AuditAccount, { judged }: Context): readonly unknown[] {
    const found = services.flatMap((spn) => judged.services.get(spn.toLowerCase()) ?? []);
    const sids = new Set(found.map(({ sid }) => sid));
    return [...sids].flatMap((sid) => (sid === undefined ? [] : [this.#reference(sid)]));
  }

  #aces({ sid, ways, ace }: Writer, self: Sid): readonly unknown[] {
    const who = sid === wellKnown.principalSelf ? self : sid;
    const { ObjectIdentifier, ObjectType } = this.#reference(who);
    const inherited = ace !== undefined && (ace.flags & AceFlag.inherited) !== 0;
    return ways.map((RightName) => ({
      PrincipalSID: ObjectIdentifier,
      PrincipalType: ObjectType,
      RightName,
      IsInherited: inherited && RightName !== 'Owns',
      InheritanceHash: '',
    }));
  }

  #group({ sid, name, dn, members }: GroupNode): unknown {
    return {
      ObjectIdentifier: this.#identifier(sid),
      Properties: {
        name: `${name.toUpperCase()}@${this.#domain}`,
        domain: this.#domain,
        domainsid: this.#connection.domain.sid ?? null,
        distinguishedname: dn.toUpperCase(),
        samaccountname: name,
        highvalue: HIGH_RIDS.has(ridOf(sid)),
      },
      Members: members.map((one) => ({
        ObjectIdentifier: this.#identifier(one.sid),
        ObjectType: one.type,
      })),
      Aces: [],
      IsDeleted: false,
      IsACLProtected: false,
      ContainedBy: null,
    };
  }

  #domainNode({ settings }: Judged): unknown {
    const { domain } = this.#connection;
    return {
      ObjectIdentifier: domain.sid ?? null,
      Properties: {
        name: this.#domain,
        domain: this.#domain,
        domainsid: domain.sid ?? null,
        distinguishedname: domain.namingContext.toUpperCase(),
        machineaccountquota: settings.machineAccountQuota ?? null,
        highvalue: true,
        collected: true,
      },
      Trusts: settings.trusts.map(trustOf),
      Links: [],
      ChildObjects: [],
      Aces: [],
      GPOChanges: {
        LocalAdmins: [],
        RemoteDesktopUsers: [],
        DcomUsers: [],
        PSRemoteUsers: [],
        AffectedComputers: [],
      },
      IsDeleted: false,
      IsACLProtected: false,
      ContainedBy: null,
    };
  }

  #reference(sid: Sid): { readonly ObjectIdentifier: string; readonly ObjectType: NodeType } {
    const type = this.#types.get(sid) ?? (isGroupSid(sid) ? 'Group' : 'Base');
    return { ObjectIdentifier: this.#identifier(sid), ObjectType: type };
  }

  /** SIDs that are the same in every domain get its name in front. */
  #identifier(sid: Sid): string {
    return sid.startsWith('S-1-5-21-') ? sid : `${this.#domain}-${sid}`;
  }
}

interface Context {
  readonly judged: Judged;
  readonly writers: ReadonlyMap<DescriptorClass, readonly Writer[]>;
}

const HIGH_RIDS: ReadonlySet<number> = new Set([
  DomainRid.domainAdmins,
  DomainRid.domainControllers,
  DomainRid.schemaAdmins,
  DomainRid.enterpriseAdmins,
  544,
]);

function isGroupSid(sid: Sid): boolean {
  return !sid.startsWith('S-1-5-21-') && sid !== wellKnown.localSystem;
}

function file(type: BloodHoundType, data: readonly unknown[]): unknown {
  return { data, meta: { methods: 0, type, count: data.length, version: VERSION } };
}

/** Directions and types by the numbers of SharpHound's own enumerations. */
function trustOf(trust: Trust): unknown {
  const { partner, sid, direction, attributes } = trust;
  const has = (bit: number): boolean => (attributes & bit) !== 0;
  const forest = has(TRUST_ATTRIBUTE.forestTransitive);
  return {
    TargetDomainSid: sid ?? null,
    TargetDomainName: partner.toUpperCase(),
    IsTransitive: forest || has(TRUST_ATTRIBUTE.withinForest),
    SidFilteringEnabled:
      has(TRUST_ATTRIBUTE.quarantined) || (forest && !has(TRUST_ATTRIBUTE.treatAsExternal)),
    TGTDelegationEnabled:
      forest && has(TRUST_ATTRIBUTE.tgtDelegation) && !has(TRUST_ATTRIBUTE.noTgtDelegation),
    TrustAttributes: String(attributes),
    TrustDirection: direction,
    TrustType: has(TRUST_ATTRIBUTE.withinForest) ? 0 : forest ? 2 : 3,
  };
}
