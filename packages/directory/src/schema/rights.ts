import type { Guid } from '@doublehop/security/guid';
import { RIGHTS_TABLE } from './rights-table.ts';
import type { Schema } from './schema.ts';

/**
 * What an object GUID in an ACE stands for besides attributes and classes: a right of its own, a
 * write that the server checks first, or a set of attributes (MS-ADTS 5.1.3.2.1).
 */
export type RightKind = 'extendedRight' | 'validatedWrite' | 'propertySet';

/** A controlAccessRight object's facts (MS-ADTS 6.1.1.2.7). */
export interface ControlRight {
  /** cn: `User-Force-Change-Password`. */
  readonly name: string;
  /** Two rights may have the same one: a validated write and the property set of the same name. */
  readonly rightsGuid: Guid;
  readonly kind: RightKind;
  readonly displayName: string;
  /** Rights of an ACE that carries the GUID (MS-ADTS 5.1.3.2): 0x100, 0x8, or 0x30. */
  readonly validAccesses: number;
  /** Classes by lDAPDisplayName, or by schemaIDGUID where the schema lacks the class. */
  readonly appliesTo: readonly string[];
}

/** ADS_RIGHT_DS_CONTROL_ACCESS; ADS_RIGHT_DS_SELF; read and write property together. */
const ACCESSES = { extendedRight: 0x100, validatedWrite: 0x8, propertySet: 0x30 } as const;

const KINDS = { right: 'extendedRight', write: 'validatedWrite', set: 'propertySet' } as const;

/** Every control access right, by cn. */
export function controlRights(): readonly ControlRight[] {
  const rights: ControlRight[] = [];
  let appliesTo: string[] = [];
  for (const line of RIGHTS_TABLE.split('\n')) {
    if (line === '') continue;
    if (line.startsWith('  on ')) {
      appliesTo.push(...line.slice('  on '.length).split(' '));
      continue;
    }
    appliesTo = [];
    rights.push(parseRight(line, appliesTo));
  }
  return rights;
}

/** The schemaIDGUIDs of the classes that a right applies to: its object's appliesTo. */
export function classGuids(right: ControlRight, schema: Schema): Guid[] {
  return right.appliesTo.map(
    // What is no class of the schema is a GUID in its usual text form, in lower case.
    (name) => schema.classType(name)?.schemaIdGuid ?? (name as Guid),
  );
}

/**
 * rightsGuid of what the server itself decides by (MS-ADTS 5.1.3.2.1, 3.1.1.5.3.1.1). GUIDs are
 * written in their usual text form, in lower case.
 */
export const RIGHT = {
  allowedToAuthenticate: '68b1d179-0d15-4d4f-ab71-46152e79a7bc' as Guid,
  changeInfrastructureMaster: 'cc17b1fb-33d9-11d2-97d4-00c04fd8d5cd' as Guid,
  changePassword: 'ab721a53-1e2f-11d0-9819-00aa0040529b' as Guid,
  createInboundForestTrust: 'e2a36dc9-ae17-47c3-b58b-be34c55ba633' as Guid,
  enablePerUserReversiblyEncryptedPassword: '05c74c5e-4deb-43b4-bd9f-86664c2a7fd5' as Guid,
  getChanges: '1131f6aa-9c07-11d1-f79f-00c04fc2dcd2' as Guid,
  getChangesAll: '1131f6ad-9c07-11d1-f79f-00c04fc2dcd2' as Guid,
  getChangesInFilteredSet: '89e95b76-444d-4c62-991a-0facbeda640c' as Guid,
  installReplica: '9923a32a-3607-11d2-b9be-0000f87a36b2' as Guid,
  manageOptionalFeatures: '7c0e2a7c-a419-48e4-a995-10180aad54dd' as Guid,
  migrateSidHistory: 'ba33815a-4f93-4c76-87f3-57574bff8109' as Guid,
  reanimateTombstones: '45ec5156-db7e-47bb-b53f-dbeb2d03c40f' as Guid,
  resetPassword: '00299570-246d-11d0-a768-00aa006e0529' as Guid,
  setOwner: '4125c71f-7fac-4ff0-bcb7-f09a41325286' as Guid,
  unexpirePassword: 'ccc2dc7d-a6ad-4a7a-8846-c04e3cc53501' as Guid,
  updatePasswordNotRequiredBit: '280f369c-67c7-438e-ae98-1d46f3c6f541' as Guid,
} as const;

/** rightsGuid of validated writes (MS-ADTS 3.1.1.5.3.1.1). */
export const VALIDATED_WRITE = {
  additionalDnsHostName: '80863791-dbe9-4eb8-837e-7f0ab55d9ac7' as Guid,
  behaviorVersion: 'd31a8757-2447-4545-8081-3bb610cacbf2' as Guid,
  computer: '9b026da6-0d3c-465c-8bee-5199d7165cba' as Guid,
  dnsHostName: '72e39547-7b18-11d1-adef-00c04fd8d5cd' as Guid,
  selfMembership: 'bf9679c0-0de6-11d0-a285-00aa003049e2' as Guid,
  spn: 'f3a64788-5306-11d1-a9c5-0000f80367c1' as Guid,
} as const;

function parseRight(line: string, appliesTo: readonly string[]): ControlRight {
  const [name = '', guid = '', short = '', ...words] = line.split(' ');
  const kind = isKind(short) ? KINDS[short] : undefined;
  if (kind === undefined) throw new TypeError(`rights table: kind of ${name}`);
  const displayName = words.join(' ');
  const validAccesses = ACCESSES[kind];
  // The table holds GUIDs in their usual text form, in lower case.
  return { name, rightsGuid: guid as Guid, kind, displayName, validAccesses, appliesTo };
}

function isKind(text: string): text is keyof typeof KINDS {
  return Object.hasOwn(KINDS, text);
}
