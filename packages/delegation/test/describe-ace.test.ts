import { AceType, buildAce } from '@doublehop/security/ace';
import type { Sid } from '@doublehop/security/sid';
import { describe, expect, test } from 'vitest';
import { describeAce, formatAccessRule } from '../src/describe-ace.ts';
import { addGrant } from '../src/grants.ts';
import { serverB } from './scene.ts';

const nameOf = (sid: Sid): string => (sid === serverB ? 'CONTOSO\\ServerB$' : sid);
const rights = (mask: number): string =>
  describeAce(buildAce({ type: AceType.allowed, mask, sid: serverB }), nameOf)
    .ActiveDirectoryRights;

describe('System.DirectoryServices.ActiveDirectoryAccessRule', () => {
  // As `$x.'msDS-AllowedToActOnBehalfOfOtherIdentity'.Access` shows it on Windows Server 2012.
  test('a grant as PowerShell prints it', () => {
    const { dacl } = addGrant(undefined, serverB).descriptor;
    const [ace] = dacl === undefined || dacl === 'null' ? [] : dacl.aces;
    expect(ace === undefined ? [] : formatAccessRule(describeAce(ace, nameOf))).toEqual([
      'ActiveDirectoryRights : GenericAll',
      'InheritanceType       : None',
      'ObjectType            : 00000000-0000-0000-0000-000000000000',
      'InheritedObjectType   : 00000000-0000-0000-0000-000000000000',
      'ObjectFlags           : None',
      'AccessControlType     : Allow',
      'IdentityReference     : CONTOSO\\ServerB$',
      'IsInherited           : False',
      'InheritanceFlags      : None',
      'PropagationFlags      : None',
    ]);
  });

  test.each([
    [0xf01ff, 'GenericAll'],
    [0x100, 'ExtendedRight'],
    [0x30, 'ReadProperty, WriteProperty'],
    [0x20094, 'GenericRead'],
    [0x20028, 'GenericWrite'],
    [0x20004, 'GenericExecute'],
    [0x1f01ff, 'GenericAll, Synchronize'],
    [0x1, 'CreateChild'],
    [0x10000000, '268435456'],
    [0x80000000, '-2147483648'],
    [0xf31fffff, '-216006657'],
    [0, '0'],
  ])('ActiveDirectoryRights of 0x%x: %s', (mask, text) => {
    expect(rights(mask)).toBe(text);
  });

  test.each([
    [0x00, 'None', 'None', 'None', false],
    [0x01, 'None', 'ObjectInherit', 'None', false],
    [0x02, 'All', 'ContainerInherit', 'None', false],
    [0x03, 'All', 'ContainerInherit, ObjectInherit', 'None', false],
    [0x06, 'SelfAndChildren', 'ContainerInherit', 'NoPropagateInherit', false],
    [0x0a, 'Descendents', 'ContainerInherit', 'InheritOnly', false],
    [0x0e, 'Children', 'ContainerInherit', 'NoPropagateInherit, InheritOnly', false],
    [0x10, 'None', 'None', 'None', true],
  ])('flags 0x%x: %s', (flags, type, inheritance, propagation, inherited) => {
    const ace = buildAce({ type: AceType.allowed, mask: 0x100, sid: serverB, flags });
    expect(describeAce(ace, nameOf)).toMatchObject({
      InheritanceType: type,
      InheritanceFlags: inheritance,
      PropagationFlags: propagation,
      IsInherited: inherited,
    });
  });

  test('an object ACE that denies', () => {
    const ace = buildAce({
      type: AceType.deniedObject,
      mask: 0x20,
      sid: 'S-1-1-0',
      objectType: '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79',
      inheritedObjectType: 'bf967a86-0de6-11d0-a285-00aa003049e2',
    });
    expect(describeAce(ace, nameOf)).toMatchObject({
      ObjectType: '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79',
      InheritedObjectType: 'bf967a86-0de6-11d0-a285-00aa003049e2',
      ObjectFlags: 'ObjectAceTypePresent, InheritedObjectAceTypePresent',
      AccessControlType: 'Deny',
      IdentityReference: 'S-1-1-0',
    });
  });
});
