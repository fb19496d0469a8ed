import type { Guid } from '@doublehop/security/guid';
import { decodeSid, ridOf } from '@doublehop/security/sid';
import type { Draft } from './draft.ts';
import { DirectoryError } from './errors.ts';
import { needed, type KnownAttributes } from './known-attributes.ts';
import { idOfIndexRecord, indexKey, indexValue, ROOT_ID } from './layout.ts';
import { EntryFlag, type StoredAttributes, type StoredEntry } from './record.ts';
import type { AttributeType, Schema } from './schema/schema.ts';
import type { Reader, Transaction } from './store/store.ts';
import type { View } from './view.ts';

/** GUID_DELETED_OBJECTS_CONTAINER_W (MS-ADTS 6.1.1.4). */
export const DELETED_OBJECTS_GUID = '18E2EA80684F11D2B9AA00C04F79F805';

/** The name of the container in each naming context but the schema's (MS-ADTS 6.1.1.4.2). */
export const DELETED_OBJECTS_RDN = 'CN=Deleted Objects';

/**
 * systemFlags of that container: FLAG_DISALLOW_DELETE, FLAG_DOMAIN_DISALLOW_RENAME and
 * FLAG_DOMAIN_DISALLOW_MOVE (MS-ADTS 6.1.1.4.2).
 */
export const DELETED_OBJECTS_FLAGS = '-1946157056';

/** Who may look into it: administrators list and read, the system does all (MS-ADTS 6.1.1.4.2). */
export const DELETED_OBJECTS_SDDL = 'O:SYG:SYD:PAI(A;;RPWPCCDCLCRCWOWDSDSW;;;SY)(A;;RPLC;;;BA)';

/** Days for which a tombstone is kept unless the directory service says otherwise (6.1.1.2.4). */
export const DEFAULT_TOMBSTONE_DAYS = 180;

/** Bits of systemFlags (MS-ADTS 2.2.10). */
const FLAG_DISALLOW_DELETE = 0x8000_0000;
const FLAG_DISALLOW_MOVE_ON_DELETE = 0x0200_0000;

/** fPRESERVEONDELETE of searchFlags (MS-ADTS 2.2.9). */
const PRESERVE_ON_DELETE = 8;

/** Characters of a relative name (MS-ADTS 3.1.1.5.1.2). */
const MAX_RDN = 255;

/** ERROR_DS_CANT_DELETE and ERROR_DS_NC_STILL_HAS_DSAS (MS-ERREF 2.2). */
export const CANT_DELETE = 0x20ce;
const NC_STILL_HAS_DSAS = 0x2162;

/** What a tombstone keeps besides what the schema marks (MS-ADTS 3.1.1.5.5.1.1). */
const KEPT: ReadonlySet<string> = new Set([
  'attributeID',
  'attributeSyntax',
  'distinguishedName',
  'dNReferenceUpdate',
  'dNSHostName',
  'flatName',
  'governsID',
  'groupType',
  'instanceType',
  'isDeleted',
  'isRecycled',
  'lastKnownParent',
  'lDAPDisplayName',
  'legacyExchangeDN',
  'mS-DS-CreatorSID',
  'msDS-LastKnownRDN',
  'mSMQOwnerID',
  'name',
  'nCName',
  'nTSecurityDescriptor',
  'objectClass',
  'objectGUID',
  'objectSid',
  'oMSyntax',
  'proxiedObjectName',
  'replPropertyMetaData',
  'sAMAccountName',
  'securityIdentifier',
  'sIDHistory',
  'subClassOf',
  'systemFlags',
  'trustAttributes',
  'trustDirection',
  'trustPartner',
  'trustType',
  'userAccountControl',
  'uSNChanged',
  'uSNCreated',
  'whenChanged',
  'whenCreated',
]);

/** Removed whatever the schema says of them. */
const NEVER_KEPT: ReadonlySet<string> = new Set(['objectCategory', 'sAMAccountType']);

/** Classes whose tombstones stay where they are: their systemFlags say so (3.1.1.5.2.4). */
const STAYING: ReadonlySet<string> = new Set(['nTDSDSA', 'server', 'serversContainer', 'site']);

/** Whether an entry is a tombstone, or the container of tombstones. */
export function isDeleted(entry: Pick<StoredEntry, 'flags'>): boolean {
  return (entry.flags & EntryFlag.deleted) !== 0;
}

/** The delete-mangled name (MS-ADTS 3.1.1.5.5): name, line feed, `DEL:`, GUID. */
export function deletedName(name: string, guid: Guid): string {
  const tail = `\nDEL:${guid}`;
  return name.slice(0, MAX_RDN - tail.length) + tail;
}

/** Takes from an entry what its tombstone does not keep, and marks it as one. */
export function strip(schema: Schema, draft: Draft, rdnAttribute: AttributeType | undefined): void {
  for (const code of draft.attributes.keys()) {
    const type = schema.attributeByCode(code);
    if (type === undefined || !isKept(type, rdnAttribute)) draft.attributes.delete(code);
  }
  draft.attributes.set(needed(schema, 'isDeleted').code, ['TRUE']);
  // Without the recycle bin, what is deleted is recycled at once.
  draft.attributes.set(needed(schema, 'isRecycled').code, ['TRUE']);
  draft.attributes.set(needed(schema, 'lastKnownParent').code, [draft.parentId]);
  draft.flags = (draft.flags | EntryFlag.deleted) & ~LINKED;
}

const LINKED = EntryFlag.forwardLinks | EntryFlag.backLinks;

function isKept(type: AttributeType, rdnAttribute: AttributeType | undefined): boolean {
  if (NEVER_KEPT.has(type.name)) return false;
  if (type === rdnAttribute || KEPT.has(type.name)) return true;
  return (type.searchFlags & PRESERVE_ON_DELETE) !== 0 && type.linkId === undefined;
}

/**
 * Makes an entry of a tombstone again (MS-ADTS 3.1.1.5.3.7.2): the marks go, and an account gets
 * what Windows gives it then. lastKnownParent stays.
 */
export function unmark(schema: Schema, draft: Draft): void {
  draft.attributes.delete(needed(schema, 'isDeleted').code);
  draft.attributes.delete(needed(schema, 'isRecycled').code);
  draft.flags &= ~EntryFlag.deleted;
  const isGroup = schema.isKindOf(draft.type, 'group');
  const isUser = schema.isKindOf(draft.type, 'user');
  if (!isGroup && !isUser) return;
  const zeroes = ['adminCount', 'operatorCount', ...(isUser ? ['accountExpires'] : [])];
  for (const name of zeroes) draft.attributes.set(needed(schema, name).code, ['0']);
}

/** Whether the tombstone of an entry stays where the entry was (MS-ADTS 3.1.1.5.5.6.1). */
export function staysInPlace(schema: Schema, known: KnownAttributes, entry: StoredEntry): boolean {
  if ((systemFlags(schema, entry) & FLAG_DISALLOW_MOVE_ON_DELETE) !== 0) return true;
  return STAYING.has(String(entry.values(known.objectClass.code).at(-1) ?? ''));
}

/** The first RID that is not a built-in account's (MS-DTYP 2.4.2.4). */
const FIRST_RID = 1000;

/** Throws what AD answers where an entry must not be deleted (MS-ADTS 3.1.1.5.5.5). */
export function checkDeletable(view: View, known: KnownAttributes, entry: StoredEntry): void {
  const { schema } = view;
  const kind = String(entry.values(known.objectClass.code).at(-1) ?? '');
  if ((entry.flags & EntryFlag.contextHead) !== 0) {
    throw cannot('a naming context is not removed');
  }
  if (kind === 'crossRef') checkCrossRef(view, entry);
  if (kind === 'nTDSDSA' || kind === 'rIDSet') throw cannot('the controller needs this entry');
  if ((systemFlags(schema, entry) & FLAG_DISALLOW_DELETE) !== 0) {
    throw cannot('the system keeps this entry');
  }
  const sid = entry.bytes(known.objectSid.code);
  // Of accounts only the built-in ones stay; a controller's is critical but goes (MS-SAMR 3.1.5.7).
  const isMade = sid !== undefined && ridOf(decodeSid(sid)) >= FIRST_RID;
  if (!isMade && entry.text(known.isCriticalSystemObject.code) === 'TRUE') {
    throw cannot('the domain cannot do without this entry');
  }
}

/** The crossRefs of the contexts held here stay, those with contexts below for another reason. */
function checkCrossRef(view: View, entry: StoredEntry): void {
  const [context] = entry.values(needed(view.schema, 'nCName').code);
  if (typeof context !== 'number' || view.entry(context) === undefined) return;
  for (const id of view.childIds(context)) {
    if (((view.entry(id)?.flags ?? 0) & EntryFlag.contextHead) === 0) continue;
    throw new DirectoryError('notAllowedOnNonLeaf', 'the context has others below it', {
      win32: 0x2015,
    });
  }
  throw cannot('the naming context is held here', NC_STILL_HAS_DSAS);
}

function systemFlags(schema: Schema, entry: StoredEntry): number {
  return Number(entry.text(needed(schema, 'systemFlags').code) ?? 0) >>> 0;
}

function cannot(why: string, win32: number = CANT_DELETE): DirectoryError {
  return new DirectoryError('unwillingToPerform', why, { win32 });
}

/** What of an entry stands in the indexes: of a tombstone its GUID alone, so names are free. */
export function indexedAttributes(
  known: KnownAttributes,
  flags: number,
  attributes: StoredAttributes,
): StoredAttributes {
  if ((flags & EntryFlag.deleted) === 0) return attributes;
  const { code } = known.objectGuid;
  const guid = attributes.get(code);
  return guid === undefined ? new Map() : new Map([[code, guid]]);
}

/** Notes that an entry is, or no longer is, among the deleted ones. */
export function listDeleted(tx: Transaction, schema: Schema, id: number, deleted: boolean): void {
  const key = indexKey(needed(schema, 'isDeleted').code, 'TRUE', id);
  if (deleted) tx.put(key, new Uint8Array(0));
  else tx.delete(key);
}

/** Every deleted entry, the containers of them included. */
export function* deletedIds(reader: Reader, schema: Schema): Iterable<number> {
  const range = indexValue(needed(schema, 'isDeleted').code, 'TRUE');
  for (const record of reader.range(range)) yield idOfIndexRecord(record);
}

/** The head of the naming context that an entry is in. */
export function contextOf(view: View, id: number): StoredEntry | undefined {
  let entry = view.entry(id);
  while (entry !== undefined && (entry.flags & EntryFlag.contextHead) === 0) {
    entry = entry.parentId === ROOT_ID ? undefined : view.entry(entry.parentId);
  }
  return entry;
}
