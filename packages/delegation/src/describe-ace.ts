import { type Ace, AceFlag } from '@doublehop/security/ace';
import type { Sid } from '@doublehop/security/sid';
import { isAllow } from './ace-effect.ts';

/**
 * An ACE with the properties, in the order, and with the words of .NET's
 * System.DirectoryServices.ActiveDirectoryAccessRule, which is what PowerShell shows for
 * `$computer.'msDS-AllowedToActOnBehalfOfOtherIdentity'.Access`.
 */
export interface AccessRule {
  readonly ActiveDirectoryRights: string;
  readonly InheritanceType: 'None' | 'All' | 'Descendents' | 'SelfAndChildren' | 'Children';
  readonly ObjectType: string;
  readonly InheritedObjectType: string;
  readonly ObjectFlags: string;
  readonly AccessControlType: 'Allow' | 'Deny';
  readonly IdentityReference: string;
  readonly IsInherited: boolean;
  readonly InheritanceFlags: string;
  readonly PropagationFlags: string;
}

const NO_GUID = '00000000-0000-0000-0000-000000000000';

/** System.DirectoryServices.ActiveDirectoryRights, highest value first. */
const RIGHTS: readonly (readonly [string, number])[] = [
  ['AccessSystemSecurity', 0x1000000],
  ['Synchronize', 0x100000],
  ['GenericAll', 0xf01ff],
  ['WriteOwner', 0x80000],
  ['WriteDacl', 0x40000],
  ['GenericRead', 0x20094],
  ['GenericWrite', 0x20028],
  ['GenericExecute', 0x20004],
  ['ReadControl', 0x20000],
  ['Delete', 0x10000],
  ['ExtendedRight', 0x100],
  ['ListObject', 0x80],
  ['DeleteTree', 0x40],
  ['WriteProperty', 0x20],
  ['ReadProperty', 0x10],
  ['Self', 0x8],
  ['ListChildren', 0x4],
  ['DeleteChild', 0x2],
  ['CreateChild', 0x1],
];

/** The ACE as .NET describes it; `nameOf` turns its SID into `CONTOSO\SERVERB$` or the like. */
export function describeAce(ace: Ace, nameOf: (sid: Sid) => string): AccessRule {
  return {
    ActiveDirectoryRights: rightsText(ace.mask),
    InheritanceType: inheritanceType(ace.flags),
    ObjectType: ace.objectType ?? NO_GUID,
    InheritedObjectType: ace.inheritedObjectType ?? NO_GUID,
    ObjectFlags: flagsText([
      [ace.objectType !== undefined, 'ObjectAceTypePresent'],
      [ace.inheritedObjectType !== undefined, 'InheritedObjectAceTypePresent'],
    ]),
    AccessControlType: isAllow(ace) ? 'Allow' : 'Deny',
    IdentityReference: nameOf(ace.sid),
    IsInherited: (ace.flags & AceFlag.inherited) !== 0,
    InheritanceFlags: flagsText([
      [(ace.flags & AceFlag.containerInherit) !== 0, 'ContainerInherit'],
      [(ace.flags & AceFlag.objectInherit) !== 0, 'ObjectInherit'],
    ]),
    PropagationFlags: flagsText([
      [(ace.flags & AceFlag.noPropagate) !== 0, 'NoPropagateInherit'],
      [(ace.flags & AceFlag.inheritOnly) !== 0, 'InheritOnly'],
    ]),
  };
}

/** The rule as PowerShell's Format-List prints it: one `Name : value` line each, aligned. */
export function formatAccessRule(rule: AccessRule): readonly string[] {
  const width = Math.max(...Object.keys(rule).map((name) => name.length));
  return Object.entries(rule).map(([name, value]) => {
    const text = typeof value === 'boolean' ? (value ? 'True' : 'False') : value;
    return `${name.padEnd(width)} : ${text}`;
  });
}

/**
 * A mask as .NET prints a flags enumeration: the largest members first taken out, then listed
 * from the smallest; a signed number when a bit is left that no member has.
 */
function rightsText(mask: number): string {
  let left = mask >>> 0;
  const names: string[] = [];
  for (const [name, value] of RIGHTS) {
    if ((left & value) >>> 0 !== value) continue;
    left = (left & ~value) >>> 0;
    names.unshift(name);
  }
  return left !== 0 || names.length === 0 ? String(mask | 0) : names.join(', ');
}

/** System.DirectoryServices.ActiveDirectorySecurityInheritance, from the ACE's flags. */
function inheritanceType(flags: number): AccessRule['InheritanceType'] {
  if ((flags & AceFlag.containerInherit) === 0) return 'None';
  const only = (flags & AceFlag.inheritOnly) !== 0;
  if ((flags & AceFlag.noPropagate) !== 0) return only ? 'Children' : 'SelfAndChildren';
  return only ? 'Descendents' : 'All';
}

function flagsText(flags: readonly (readonly [boolean, string])[]): string {
  const names = flags.filter(([set]) => set).map(([, name]) => name);
  return names.length === 0 ? 'None' : names.join(', ');
}
