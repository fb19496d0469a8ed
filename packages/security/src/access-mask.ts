/** Rights of directory objects and the standard rights (MS-ADTS 5.1.3.2, MS-DTYP 2.4.3). */
export const Right = {
  createChild: 0x0000_0001,
  deleteChild: 0x0000_0002,
  listChildren: 0x0000_0004,
  self: 0x0000_0008,
  readProperty: 0x0000_0010,
  writeProperty: 0x0000_0020,
  deleteTree: 0x0000_0040,
  listObject: 0x0000_0080,
  /** RIGHT_DS_CONTROL_ACCESS: the one that counts for delegation. */
  controlAccess: 0x0000_0100,
  delete: 0x0001_0000,
  readControl: 0x0002_0000,
  writeDac: 0x0004_0000,
  writeOwner: 0x0008_0000,
  synchronize: 0x0010_0000,
  accessSystemSecurity: 0x0100_0000,
  genericAll: 0x1000_0000,
  genericExecute: 0x2000_0000,
  genericWrite: 0x4000_0000,
  genericRead: 0x8000_0000,
} as const;

/** Every right of a directory object, one by one: what administrators' tools call full control. */
export const FULL_CONTROL = 0x000f_01ff;

/** What generic rights mean for a directory object (MS-ADTS 5.1.3.2, GenericMapping). */
const GENERIC: readonly (readonly [generic: number, specific: number])[] = [
  [Right.genericAll, FULL_CONTROL],
  [Right.genericExecute, Right.readControl | Right.listChildren],
  [Right.genericWrite, Right.readControl | Right.writeProperty | Right.self],
  [
    Right.genericRead,
    Right.readControl | Right.readProperty | Right.listChildren | Right.listObject,
  ],
];

/** The bits of all generic rights. */
export const GENERIC_RIGHTS = 0xf000_0000;

/** A mask with its generic rights replaced by those of directory objects that they stand for. */
export function mapGenericRights(mask: number): number {
  if ((mask & GENERIC_RIGHTS) === 0) return mask;
  let mapped = mask & ~GENERIC_RIGHTS;
  for (const [generic, specific] of GENERIC) if ((mask & generic) !== 0) mapped |= specific;
  return mapped >>> 0;
}

/**
 * Members of System.DirectoryServices.ActiveDirectoryRights, largest value first, which is the
 * order in which .NET takes a flags value apart. Generic rights there are spelled out in
 * specific ones: GenericAll is 0xF01FF, not the generic bit.
 */
const NET_RIGHTS: readonly (readonly [number, string])[] = [
  [0x0100_0000, 'AccessSystemSecurity'],
  [0x0010_0000, 'Synchronize'],
  [FULL_CONTROL, 'GenericAll'],
  [0x0008_0000, 'WriteOwner'],
  [0x0004_0000, 'WriteDacl'],
  [0x0002_0094, 'GenericRead'],
  [0x0002_0028, 'GenericWrite'],
  [0x0002_0004, 'GenericExecute'],
  [0x0002_0000, 'ReadControl'],
  [0x0001_0000, 'Delete'],
  [0x0000_0100, 'ExtendedRight'],
  [0x0000_0080, 'ListObject'],
  [0x0000_0040, 'DeleteTree'],
  [0x0000_0020, 'WriteProperty'],
  [0x0000_0010, 'ReadProperty'],
  [0x0000_0008, 'Self'],
  [0x0000_0004, 'ListChildren'],
  [0x0000_0002, 'DeleteChild'],
  [0x0000_0001, 'CreateChild'],
];

/**
 * A mask as the ActiveDirectoryRights column of Get-Acl and of a module's access rules prints
 * it: names from the smallest value up, separated by commas, or the signed number when a bit
 * has no name there.
 */
export function activeDirectoryRights(mask: number): string {
  let rest = mask >>> 0;
  const names: string[] = [];
  for (const [value, name] of NET_RIGHTS) {
    if (rest === 0) break;
    if ((rest & value) >>> 0 !== value) continue;
    names.unshift(name);
    rest = (rest & ~value) >>> 0;
  }
  return rest === 0 && names.length > 0 ? names.join(', ') : String(mask | 0);
}

/** SDDL letters of the rights (MS-DTYP 2.5.1.1), smallest first. */
const LETTERS: readonly (readonly [number, string])[] = [
  [Right.createChild, 'CC'],
  [Right.deleteChild, 'DC'],
  [Right.listChildren, 'LC'],
  [Right.self, 'SW'],
  [Right.readProperty, 'RP'],
  [Right.writeProperty, 'WP'],
  [Right.deleteTree, 'DT'],
  [Right.listObject, 'LO'],
  [Right.controlAccess, 'CR'],
  [Right.delete, 'SD'],
  [Right.readControl, 'RC'],
  [Right.writeDac, 'WD'],
  [Right.writeOwner, 'WO'],
  [Right.genericAll, 'GA'],
  [Right.genericExecute, 'GX'],
  [Right.genericWrite, 'GW'],
  [Right.genericRead, 'GR'],
];

/** SDDL letters that stand for several rights of files and registry keys. */
const COMBINED: ReadonlyMap<string, number> = new Map([
  ['FA', 0x001f_01ff],
  ['FX', 0x0012_00a0],
  ['FW', 0x0012_0116],
  ['FR', 0x0012_0089],
  ['KA', 0x000f_003f],
  ['KR', 0x0002_0019],
  ['KX', 0x0002_0019],
  ['KW', 0x0002_0006],
]);

/** SDDL letters in the mask of a mandatory label (MS-DTYP 2.4.4.13). */
const LABEL: ReadonlyMap<string, number> = new Map([
  ['NW', 1],
  ['NR', 2],
  ['NX', 4],
]);

const BY_LETTERS: ReadonlyMap<string, number> = new Map([
  ...LETTERS.map(([value, letters]) => [letters, value] as const),
  ...COMBINED,
  ...LABEL,
]);

/** Reads SDDL rights: letters in pairs, or a number; undefined for anything else. */
export function parseRights(text: string): number | undefined {
  if (/^(?:0x[0-9a-f]{1,8}|[0-9]{1,11})$/i.test(text)) return parseNumber(text);
  if (text.length % 2 !== 0 || text.length > 128) return undefined;
  let mask = 0;
  for (let at = 0; at < text.length; at += 2) {
    const value = BY_LETTERS.get(text.slice(at, at + 2).toUpperCase());
    if (value === undefined) return undefined;
    mask |= value;
  }
  return mask >>> 0;
}

/** Writes SDDL rights as letters, or as a hexadecimal number when a bit has no letters. */
export function formatRights(mask: number): string {
  let rest = mask >>> 0;
  let text = '';
  for (const [value, letters] of LETTERS) {
    if ((rest & value) === 0) continue;
    text += letters;
    rest = (rest & ~value) >>> 0;
  }
  if (rest === 0) return text;
  for (const [letters, value] of COMBINED) if (value === mask >>> 0) return letters;
  return `0x${(mask >>> 0).toString(16)}`;
}

/** A leading 0x means hexadecimal, a leading 0 octal (MS-DTYP 2.5.1.1, ace-rights). */
function parseNumber(text: string): number | undefined {
  const octal = /^0[0-7]+$/.test(text);
  const value = octal ? Number.parseInt(text, 8) : Number(text);
  return value <= 0xffff_ffff ? value : undefined;
}
