import { type Ace, AceFlag, AceType, buildAce, isObjectType } from './ace.ts';
import { formatRights, parseRights } from './access-mask.ts';
import { decodeCondition, encodeCondition } from './condition-codec.ts';
import { formatCondition, parseCondition } from './condition-text.ts';
import { type Acl, Control, neededRevision, type SecurityDescriptor } from './descriptor.ts';
import { SecurityError } from './errors.ts';
import { type Guid, parseGuid } from './guid.ts';
import { MAX_SDDL_LENGTH } from './limits.ts';
import { formatResourceAttribute, parseResourceAttribute } from './resource-attribute-text.ts';
import { decodeResourceAttribute, encodeResourceAttribute } from './resource-attribute.ts';
import { SddlCursor } from './sddl-cursor.ts';
import type { Sid } from './sid.ts';
import { aliasOfSid, type SddlDomain } from './well-known-sids.ts';

/** What texts mean in a domain, and what parsing makes of them. */
export interface SddlOptions extends SddlDomain {
  /**
   * Revision of the ACLs that parsing makes. Absent: 4 where there are object ACEs, else 2, as
   * MS-DTYP 2.4.5 has it. Directories write 4 everywhere.
   */
  readonly aclRevision?: number;
}

/** Reads SDDL text (MS-DTYP 2.5.1.1); throws SecurityError `syntax` with the place. */
export function parseSddl(text: string, options: SddlOptions = {}): SecurityDescriptor {
  if (text.length > MAX_SDDL_LENGTH) throw new SecurityError('oversize', 'sddl', 'is too long');
  const cursor = new SddlCursor(text);
  let sd: SecurityDescriptor = { control: Control.selfRelative };
  cursor.space();
  while (!cursor.atEnd()) {
    sd = parseSection(cursor, sd, options);
    cursor.space();
  }
  return sd;
}

/** Writes a descriptor as SDDL text; throws `unsupported` for ACEs that SDDL cannot say. */
export function formatSddl(sd: SecurityDescriptor, domain: SddlDomain = {}): string {
  const { owner, group, dacl, sacl, control } = sd;
  let text = '';
  if (owner !== undefined) text += `O:${formatSid(owner, domain)}`;
  if (group !== undefined) text += `G:${formatSid(group, domain)}`;
  if (dacl !== undefined) text += `D:${formatAcl(dacl, control, DACL_FLAGS, domain)}`;
  if (sacl !== undefined) text += `S:${formatAcl(sacl, control, SACL_FLAGS, domain)}`;
  return text;
}

/** Reads one ACE with its parentheses. */
export function parseAce(text: string, domain: SddlDomain = {}): Ace {
  const cursor = new SddlCursor(text);
  const ace = readAce(cursor, domain);
  return cursor.atEnd() ? ace : cursor.fail('text after the ACE');
}

/** Writes one ACE with its parentheses; throws `unsupported` when SDDL cannot say it. */
export function formatAce(ace: Ace, domain: SddlDomain = {}): string {
  const type = TYPE_LETTERS.get(ace.type);
  if (type === undefined) {
    throw new SecurityError('unsupported', 'sddl', `ACE type ${ace.type} has no letters`);
  }
  const rights = ace.type === AceType.mandatoryLabel ? labelRights(ace) : formatRights(ace.mask);
  const fields = [
    type,
    formatFlags(ace.flags),
    rights,
    ace.objectType ?? '',
    ace.inheritedObjectType ?? '',
    formatSid(ace.sid, domain),
  ];
  return `(${fields.join(';')}${formatTail(ace, domain)})`;
}

/** A SID as SDDL writes it: its alias if it has one here. */
export function formatSid(sid: Sid, domain: SddlDomain = {}): string {
  return aliasOfSid(sid, domain) ?? sid;
}

/** Letters of ACE types (MS-DTYP 2.5.1.1); the byte codes of XU and ZA are those of 2.4.4.1. */
const ACE_TYPES: readonly (readonly [string, number])[] = [
  ['A', AceType.allowed],
  ['D', AceType.denied],
  ['AU', AceType.audit],
  ['AL', AceType.alarm],
  ['OA', AceType.allowedObject],
  ['OD', AceType.deniedObject],
  ['OU', AceType.auditObject],
  ['OL', AceType.alarmObject],
  ['XA', AceType.allowedCallback],
  ['XD', AceType.deniedCallback],
  ['XU', AceType.auditCallback],
  ['ZA', AceType.allowedCallbackObject],
  ['ML', AceType.mandatoryLabel],
  ['RA', AceType.resourceAttribute],
  ['SP', AceType.scopedPolicy],
];
const TYPES: ReadonlyMap<string, number> = new Map(ACE_TYPES);
const TYPE_LETTERS: ReadonlyMap<number, string> = new Map(
  ACE_TYPES.map(([letters, type]) => [type, letters]),
);

/** Letters of ACE flags in the order in which they are written; CR is 0x20, "critical". */
const ACE_FLAGS: readonly (readonly [string, number])[] = [
  ['OI', AceFlag.objectInherit],
  ['CI', AceFlag.containerInherit],
  ['NP', AceFlag.noPropagate],
  ['IO', AceFlag.inheritOnly],
  ['ID', AceFlag.inherited],
  ['CR', 0x20],
  ['SA', AceFlag.successfulAccess],
  ['FA', AceFlag.failedAccess],
];
const FLAGS: ReadonlyMap<string, number> = new Map(ACE_FLAGS);

/** Control bits that SDDL writes before the ACEs of a list. */
const DACL_FLAGS: readonly (readonly [string, number])[] = [
  ['P', Control.daclProtected],
  ['AR', Control.daclAutoInheritRequired],
  ['AI', Control.daclAutoInherited],
];
const SACL_FLAGS: readonly (readonly [string, number])[] = [
  ['P', Control.saclProtected],
  ['AR', Control.saclAutoInheritRequired],
  ['AI', Control.saclAutoInherited],
];

/** What stands for a list that is present but NULL. */
const NULL_LIST = 'NO_ACCESS_CONTROL';

function parseSection(
  cursor: SddlCursor,
  sd: SecurityDescriptor,
  options: SddlOptions,
): SecurityDescriptor {
  if (sd.owner === undefined && cursor.accept('O:')) return { ...sd, owner: cursor.sid(options) };
  if (sd.group === undefined && cursor.accept('G:')) return { ...sd, group: cursor.sid(options) };
  if (sd.dacl === undefined && cursor.accept('D:')) {
    const { acl, control } = parseAcl(cursor, DACL_FLAGS, options);
    return { ...sd, control: sd.control | control | Control.daclPresent, dacl: acl };
  }
  if (sd.sacl === undefined && cursor.accept('S:')) {
    const { acl, control } = parseAcl(cursor, SACL_FLAGS, options);
    return { ...sd, control: sd.control | control | Control.saclPresent, sacl: acl };
  }
  return cursor.fail('expected O:, G:, D: or S:, each once');
}

function parseAcl(
  cursor: SddlCursor,
  flags: readonly (readonly [string, number])[],
  options: SddlOptions,
): { acl: Acl | 'null'; control: number } {
  let control = 0;
  let isNull = false;
  cursor.space();
  for (;;) {
    const flag = flags.find(([letters]) => cursor.accept(letters));
    if (flag !== undefined) control |= flag[1];
    else if (!isNull && cursor.accept(NULL_LIST)) isNull = true;
    else break;
  }
  const aces: Ace[] = [];
  cursor.space();
  while (cursor.sees('(')) {
    aces.push(readAce(cursor, options));
    cursor.space();
  }
  if (!isNull) {
    return { acl: { revision: options.aclRevision ?? neededRevision(aces), aces }, control };
  }
  return aces.length === 0 ? { acl: 'null', control } : cursor.fail('ACEs in a NULL list');
}

function readAce(cursor: SddlCursor, domain: SddlDomain): Ace {
  cursor.expect('(');
  cursor.space();
  const type = TYPES.get(cursor.field().toUpperCase()) ?? cursor.fail('unknown ACE type');
  const flags = parseFlags(cursor.field()) ?? cursor.fail('unknown ACE flag');
  const mask = parseRights(cursor.field().trim()) ?? cursor.fail('unknown right');
  const objectType = readGuid(cursor);
  const inheritedObjectType = readGuid(cursor);
  if (!isObjectType(type) && (objectType ?? inheritedObjectType) !== undefined) {
    cursor.fail('GUID in an ACE that is not an object ACE');
  }
  cursor.space();
  const sid = cursor.sid(domain);
  const applicationData = readTail(cursor, type, domain);
  cursor.space();
  cursor.expect(')');
  return buildAce({
    type,
    flags,
    mask,
    sid,
    ...(objectType === undefined ? {} : { objectType }),
    ...(inheritedObjectType === undefined ? {} : { inheritedObjectType }),
    ...(applicationData === undefined ? {} : { applicationData }),
  });
}

/** The seventh field: a condition, or the data of a resource attribute. */
function readTail(cursor: SddlCursor, type: number, domain: SddlDomain): Uint8Array | undefined {
  cursor.space();
  if (!cursor.accept(';')) return undefined;
  cursor.space();
  if (type === AceType.resourceAttribute) {
    return encodeResourceAttribute(parseResourceAttribute(cursor, domain));
  }
  const letters = TYPE_LETTERS.get(type) ?? '';
  if (!/^[XZ]/.test(letters)) cursor.fail('condition in an ACE that is not conditional');
  return encodeCondition(parseCondition(cursor, domain));
}

function formatTail(ace: Ace, domain: SddlDomain): string {
  const { condition, applicationData } = ace;
  const sidText = (sid: Sid): string => formatSid(sid, domain);
  if (condition !== undefined) return `;${formatCondition(decodeCondition(condition), sidText)}`;
  if (applicationData === undefined) return '';
  if (ace.type === AceType.resourceAttribute) {
    return `;${formatResourceAttribute(decodeResourceAttribute(applicationData), sidText)}`;
  }
  throw new SecurityError('unsupported', 'sddl', 'application data that is no condition');
}

function readGuid(cursor: SddlCursor): Guid | undefined {
  const text = cursor.field().trim();
  return text === '' ? undefined : parseGuid(text);
}

function parseFlags(text: string): number | undefined {
  if (text.length % 2 !== 0 || text.length > 64) return undefined;
  let flags = 0;
  for (let at = 0; at < text.length; at += 2) {
    const flag = FLAGS.get(text.slice(at, at + 2).toUpperCase());
    if (flag === undefined) return undefined;
    flags |= flag;
  }
  return flags;
}

function formatFlags(flags: number): string {
  return ACE_FLAGS.filter(([, flag]) => (flags & flag) !== 0)
    .map(([letters]) => letters)
    .join('');
}

function formatAcl(
  acl: Acl | 'null',
  control: number,
  flags: readonly (readonly [string, number])[],
  domain: SddlDomain,
): string {
  const letters = flags.filter(([, bit]) => (control & bit) !== 0).map(([text]) => text);
  if (acl === 'null') return `${letters.join('')}${NULL_LIST}`;
  return `${letters.join('')}${acl.aces.map((ace) => formatAce(ace, domain)).join('')}`;
}

/** A label's mask says what lower levels may not do (MS-DTYP 2.4.4.13). */
function labelRights(ace: Ace): string {
  const names = ['NW', 'NR', 'NX'];
  if (ace.mask >= 2 ** names.length) return `0x${ace.mask.toString(16)}`;
  return names.filter((_name, bit) => (ace.mask & (1 << bit)) !== 0).join('');
}
