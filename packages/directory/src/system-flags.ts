import { DirectoryError } from './errors.ts';
import type { Draft } from './draft.ts';
import { numberOf, setNumber } from './draft.ts';
import { parseDn } from './dn.ts';
import { readDomain } from './domain.ts';
import { needed } from './known-attributes.ts';
import type { StoredEntry } from './record.ts';
import type { Schema } from './schema/schema.ts';
import { contextOf } from './tombstone.ts';
import { checkSubnetName } from './subnet-name.ts';
import type { View } from './view.ts';

/** Bits of systemFlags about names and places (MS-ADTS 2.2.10). */
const Flag = {
  schemaBase: 0x10,
  staysOnDelete: 0x200_0000,
  noMove: 0x400_0000,
  noRename: 0x800_0000,
  allowLimitedMove: 0x1000_0000,
  allowMove: 0x2000_0000,
  allowRename: 0x4000_0000,
} as const;

/** What a client may say of a new entry; the rest is the directory's. */
const CLIENTS = Flag.allowLimitedMove | Flag.allowMove | Flag.allowRename;

/** What entries of a class have from the beginning (MS-ADTS 3.1.1.5.2.4). */
const OF_CLASS: ReadonlyMap<string, number> = new Map([
  ['nTDSConnection', Flag.allowRename],
  ['nTDSDSA', Flag.staysOnDelete],
  ['server', Flag.staysOnDelete | Flag.allowRename | Flag.allowLimitedMove],
  ['serversContainer', Flag.staysOnDelete],
  ['site', Flag.staysOnDelete | Flag.allowRename],
  ['siteLink', Flag.allowRename],
  ['siteLinkBridge', Flag.allowRename],
  ['subnet', Flag.allowRename],
]);

/** A client's new entry: of its systemFlags what is a client's stays, and the class has some. */
export function settleSystemFlags(schema: Schema, draft: Draft): void {
  if (draft.type.name === 'subnet') checkSubnetName(draft.rdn.value);
  const type = needed(schema, 'systemFlags');
  const given = numberOf(draft, type);
  const own = OF_CLASS.get(draft.type.name);
  if (given === undefined && own === undefined) return;
  setNumber(draft, type, ((given ?? 0) & CLIENTS) | (own ?? 0));
}

/** How a name is to change. */
export interface NameChange {
  readonly renamed: boolean;
  readonly moved: boolean;
  /** The name that it is to have, and the class of the entry. */
  readonly name: string;
  readonly class: string;
  /** The new parent; undefined where there is none of that name. */
  readonly parentId: number | undefined;
}

/**
 * Whether systemFlags and the place of an entry let its name change (MS-ADTS 3.1.1.5.4.1.1,
 * 3.1.1.5.4.1.2). Throws unwillingToPerform, or `other` for what would leave the container System.
 */
export function checkNameChange(view: View, entry: StoredEntry, change: NameChange): void {
  if (!change.renamed && !change.moved) return;
  const domain = readDomain(view.reader);
  if (domain === undefined) return;
  const context = contextOf(view, entry.id)?.id;
  const isHead = (dn: string): boolean => view.resolve(parseDn(dn)).id === context;
  const flags = Number(entry.text(needed(view.schema, 'systemFlags').code) ?? 0);
  const { parentId, moved, renamed } = change;
  if (renamed && change.class === 'subnet') checkSubnetName(change.name);
  if (isHead(domain.schemaDn)) {
    if (moved || (flags & Flag.schemaBase) !== 0) throw fixed();
    return;
  }
  if (isHead(domain.configurationDn)) {
    if (renamed && (flags & Flag.allowRename) === 0) throw fixed();
    if (moved && !mayMove(view, entry, flags, parentId)) throw fixed();
    return;
  }
  const system = view.resolve(parseDn(`CN=System,${domain.dn}`)).id;
  const leaves = moved && system !== undefined && parentId !== undefined;
  if (leaves && view.isWithin(entry.id, system) && !view.isWithin(parentId, system)) {
    throw new DirectoryError('other', 'what is in the container System stays there');
  }
  if (renamed && (flags & Flag.noRename) !== 0) throw fixed();
  if (moved && (flags & Flag.noMove) !== 0) throw fixed();
}

/** A limited move is one below the same entry two levels up, as from site to site. */
function mayMove(
  view: View,
  entry: StoredEntry,
  flags: number,
  parentId: number | undefined,
): boolean {
  if ((flags & Flag.allowMove) !== 0) return true;
  if ((flags & Flag.allowLimitedMove) === 0 || parentId === undefined) return false;
  const above = (id: number): number | undefined => view.entry(id)?.parentId;
  const [then, now] = [above(entry.parentId), above(parentId)];
  return then !== undefined && now !== undefined && above(then) === above(now);
}

function fixed(): DirectoryError {
  return new DirectoryError('unwillingToPerform', 'systemFlags keep the entry where it is');
}
