import type { DomainInfo } from '@doublehop/directory/domain';
import type { Entry } from '@doublehop/directory/entry';
import type { AttributeType, Schema } from '@doublehop/directory/schema/schema';
import type { Token } from '@doublehop/security/access-check';
import { Right } from '@doublehop/security/access-mask';
import {
  type Ace,
  decodeDescriptor,
  type SecurityDescriptor,
} from '@doublehop/security/descriptor';
import { SecurityError } from '@doublehop/security/errors';
import type { Guid } from '@doublehop/security/guid';
import { type ObjectRights, objectRights } from '@doublehop/security/object-access';
import { parseSddl } from '@doublehop/security/sddl';
import { withRid } from '@doublehop/security/sid';
import { DomainRid, wellKnown } from '@doublehop/security/well-known-sids';
import { MAX_ACCESS_DECISIONS } from '../../limits.ts';
import { type EntrySource, readHeuristics } from './heuristics.ts';
import { ServiceMappings } from './service-mappings.ts';

/** What access is decided with. */
export interface DecisionOptions {
  readonly source: EntrySource;
  readonly schema: Schema;
  readonly domain: DomainInfo;
  readonly token: Token;
}

/** Whether the children of an entry may be seen: all, one by one, or none. */
export type ListRight = 'children' | 'single' | 'none';

/** The rights on one entry, and which attributes were found to be readable by them. */
interface Decided {
  readonly rights: ObjectRights;
  /** Whether an ACE names a class: it counts for entries of that class alone. */
  readonly namesClass: boolean;
  readonly readable: Map<AttributeType, boolean>;
}

/** A descriptor that was seen, and what was decided of it so far. */
interface Seen {
  readonly descriptor: SecurityDescriptor;
  readonly namesSelf: boolean;
  readonly owned: boolean;
  /** By whether the entry is the client's own (1) and its owner is blocked (2). */
  readonly decided: (Decided | undefined)[];
}

/** Decisions by the numbers of descriptors, and how many they are. */
interface Memory {
  readonly seen: Map<number, Seen>;
  readonly services: ServiceMappings;
  kept: number;
  /** `Schema.extensions` when the decisions were made. */
  extensions: number;
}

/**
 * What one token may do to entries. Decisions are kept by the number of the descriptor, so a search
 * over many entries with equal descriptors decides once; a descriptor's number never means another
 * one. Bounded by `MAX_ACCESS_DECISIONS`, beyond which it starts afresh.
 */
export class Decisions {
  readonly #options: DecisionOptions;
  readonly #memory: Memory;
  #classes: ReadonlySet<Guid> | undefined;
  #extensions: number;
  /** The entry asked about last: its attributes are asked about one after the other. */
  #last: { readonly entry: Entry; readonly decided: Decided } | undefined;
  #containers = { revision: Number.NaN, rights: new Map<number, ListRight>() };

  constructor(options: DecisionOptions, memory?: Memory) {
    this.#options = options;
    const { extensions } = options.schema;
    this.#extensions = extensions;
    this.#memory = memory ?? {
      seen: new Map(),
      services: new ServiceMappings(),
      kept: 0,
      extensions,
    };
  }

  get source(): EntrySource {
    return this.#options.source;
  }

  /** What service classes stand for, for rules about SPNs. */
  get services(): ServiceMappings {
    return this.#memory.services;
  }

  get schema(): Schema {
    return this.#options.schema;
  }

  get domain(): DomainInfo {
    return this.#options.domain;
  }

  /**
   * The same client's decisions inside a unit of work. What was decided is shared with it: the
   * number of a descriptor never means another, even if the unit comes to nothing.
   */
  within(source: EntrySource): Decisions {
    return new Decisions({ ...this.#options, source }, this.#memory);
  }

  /** What was found out of containers' children, by number; others when something has changed. */
  containers(): Map<number, ListRight> {
    const revision = this.source.revision?.();
    if (revision === undefined) return new Map();
    const { rights } = this.#containers;
    if (this.#containers.revision === revision && rights.size < MAX_ACCESS_DECISIONS) return rights;
    this.#containers = { revision, rights: new Map() };
    return this.#containers.rights;
  }

  /** The rights on an entry. */
  rightsOn(entry: Entry): ObjectRights {
    return this.#decide(entry).rights;
  }

  /** Whether an attribute may be read: READ_PROPERTY, and CONTROL_ACCESS for confidential ones. */
  mayRead(entry: Entry, attribute: AttributeType, mask: number): boolean {
    const { rights, namesClass, readable } = this.#decide(entry);
    if (namesClass) return rights.has(mask, this.wayTo(entry, attribute));
    const known = readable.get(attribute);
    if (known !== undefined) return known;
    const may = rights.has(mask, [attribute.schemaIdGuid, attribute.propertySet]);
    readable.set(attribute, may);
    this.#memory.kept += 1;
    return may;
  }

  /** An attribute's way to the root of the object type tree (MS-ADTS 5.1.3.3.3). */
  wayTo(entry: Entry, { schemaIdGuid, propertySet }: AttributeType): (Guid | undefined)[] {
    return [schemaIdGuid, propertySet, this.classOf(entry)];
  }

  classOf(entry: Entry): Guid | undefined {
    return this.schema.classType(entry.structuralClass)?.schemaIdGuid;
  }

  #namesClass({ objectTypes }: ObjectRights): boolean {
    if (objectTypes.size === 0) return false;
    this.#classes ??= new Set([...this.schema.classes()].map((type) => type.schemaIdGuid));
    for (const type of objectTypes) if (this.#classes.has(type)) return true;
    return false;
  }

  /** A searchFlags or attributeSecurityGUID that has changed makes other decisions. */
  #followSchema(): void {
    const { extensions } = this.schema;
    if (extensions !== this.#memory.extensions) {
      this.#memory.extensions = extensions;
      this.#memory.seen.clear();
      this.#memory.kept = 0;
    }
    if (extensions === this.#extensions) return;
    this.#extensions = extensions;
    this.#last = undefined;
    this.#classes = undefined;
  }

  #decide(entry: Entry): Decided {
    this.#followSchema();
    const last = this.#last;
    if (last?.entry === entry) return last.decided;
    const decided = this.#decideAnew(entry);
    this.#last = { entry, decided };
    return decided;
  }

  #decideAnew(entry: Entry): Decided {
    const seen = this.#descriptorOf(entry);
    if (seen === undefined) return nothing();
    const self = seen.namesSelf ? this.#selfOf(entry) : undefined;
    const blockOwner = seen.owned && this.#isOwnerBlocked(entry);
    const variant = (self === undefined ? 0 : 1) | (blockOwner ? 2 : 0);
    const known = seen.decided[variant];
    if (known !== undefined) return known;
    const rights = objectRights(seen.descriptor, this.#options.token, {
      ...(self === undefined ? {} : { self }),
      blockOwner,
    });
    const namesClass = this.#namesClass(rights);
    const decided = { rights, namesClass, readable: new Map<AttributeType, boolean>() };
    seen.decided[variant] = decided;
    return decided;
  }

  #descriptorOf(entry: Entry): Seen | undefined {
    const memory = this.#memory;
    const number = entry.descriptorId;
    const known = number === 0 ? undefined : memory.seen.get(number);
    if (known !== undefined) return known;
    const shared = number === 0 ? undefined : this.source.descriptor?.(number);
    const descriptor = shared ?? readDescriptor(entry.bytes('nTSecurityDescriptor'));
    if (descriptor === undefined) return undefined;
    const seen = this.#look(descriptor);
    if (number === 0) return seen;
    if (memory.kept >= MAX_ACCESS_DECISIONS) {
      memory.seen.clear();
      memory.kept = 0;
    }
    memory.seen.set(number, seen);
    memory.kept += 1;
    return seen;
  }

  #look(descriptor: SecurityDescriptor): Seen {
    const { dacl, owner } = descriptor;
    const aces = dacl === undefined || dacl === 'null' ? [] : dacl.aces;
    return {
      descriptor,
      namesSelf: aces.some((ace) => ace.sid === wellKnown.principalSelf),
      owned: owner !== undefined && this.#options.token.sids.has(owner),
      decided: [],
    };
  }

  /** SELF stands for the entry's own SID, where that is one of the token's. */
  #selfOf({ sid }: Entry): Entry['sid'] {
    return sid !== undefined && this.#options.token.sids.has(sid) ? sid : undefined;
  }

  /** BlockOwnerImplicitRights (MS-ADTS 6.1.3.4). */
  #isOwnerBlocked(entry: Entry): boolean {
    const type = this.schema.classType(entry.structuralClass);
    if (type === undefined || !this.schema.isKindOf(type, 'computer')) return false;
    return isOwnerBlocked(this.#options);
  }
}

/** Whether owning a computer gives a client no WRITE_DAC (MS-ADTS 6.1.3.4). */
export function isOwnerBlocked({
  source,
  domain,
  token,
}: Pick<DecisionOptions, 'source' | 'domain' | 'token'>): boolean {
  return (
    !isDomainAdministrator(token, domain) &&
    readHeuristics(source, domain.configurationDn).blockOwner
  );
}

/** Member of Domain Admins or Enterprise Admins: whom CVE-2021-42291's rules do not bind. */
export function isDomainAdministrator({ sids }: Token, { sid }: DomainInfo): boolean {
  return (
    sids.has(withRid(sid, DomainRid.domainAdmins)) ||
    sids.has(withRid(sid, DomainRid.enterpriseAdmins)) ||
    sids.has(wellKnown.localSystem)
  );
}

/** Octets that are no descriptor give nobody anything. */
function nothing(): Decided {
  const no = (): boolean => false;
  const rights = { has: no, hasExplicitly: no, denies: () => true, objectTypes: new Set<Guid>() };
  return { rights, namesClass: false, readable: new Map() };
}

/** For entries of stores made before every entry had a descriptor. */
const ABSENT = 'O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)(A;;RPLCLORC;;;AU)';

function readDescriptor(bytes: Uint8Array | undefined): SecurityDescriptor | undefined {
  if (bytes === undefined) return parseSddl(ABSENT);
  try {
    const descriptor = decodeDescriptor(bytes);
    const { dacl } = descriptor;
    if (dacl === undefined || dacl === 'null') return descriptor;
    return { ...descriptor, dacl: { ...dacl, aces: dacl.aces.map(specific) } };
  } catch (error) {
    if (error instanceof SecurityError) return undefined;
    throw error;
  }
}

/** Generic rights of a directory object (MS-ADTS 5.1.3.2). */
const GENERIC: readonly (readonly [number, number])[] = [
  [Right.genericAll, 0x000f_01ff],
  [Right.genericRead, 0x0002_0094],
  [Right.genericWrite, 0x0002_0028],
  [Right.genericExecute, 0x0002_0004],
];

function specific(ace: Ace): Ace {
  let { mask } = ace;
  for (const [generic, rights] of GENERIC) if ((ace.mask & generic) !== 0) mask |= rights;
  return mask === ace.mask ? ace : { ...ace, mask: mask >>> 0 };
}
