import { parseSddl } from '@doublehop/security/sddl';
import { parseSid } from '@doublehop/security/sid';
import { describe, expect, it } from 'vitest';
import { classGuids, controlRights, RIGHT, VALIDATED_WRITE } from '../src/schema/rights.ts';
import { Schema, type ClassType } from '../src/schema/schema.ts';
import { syntaxFacts } from '../src/schema/syntax-oids.ts';

const schema = new Schema();
const attributes = [...schema.attributes()];
const classes = [...schema.classes()];
const domain = parseSid('S-1-5-21-1-2-3');

/** MS-ADA1 to MS-ADA3: cn, syntax, flags and identifiers of attributes of every kind. */
const ATTRIBUTES = [
  ['accountExpires', { cn: 'Account-Expires', searchFlags: 16, systemFlags: 16, critical: true }],
  ['cn', { cn: 'Common-Name', oid: '2.5.4.3', rangeLower: 1, rangeUpper: 64 }],
  ['displayName', { cn: 'Display-Name', searchFlags: 5, rangeUpper: 256 }],
  ['member', { cn: 'Member', linkId: 2, mapiId: 32_777, inCatalog: true }],
  ['msDS-AllowedToDelegateTo', { cn: 'ms-DS-Allowed-To-Delegate-To', inCatalog: false }],
  ['msDS-DrsFarmID', { cn: 'ms-DS-Drs-Farm-ID', defunct: true }],
  ['msDS-KeyCredentialLink', { syntax: 'dnbinary', linkId: 2220 }],
  ['ms-DS-MachineAccountQuota', { cn: 'MS-DS-Machine-Account-Quota', syntax: 'i4' }],
  ['msFVE-RecoveryPassword', { searchFlags: 664, syntax: 'unicode' }],
  ['msTPM-OwnerInformation', { searchFlags: 664 }],
  ['nTSecurityDescriptor', { cn: 'NT-Security-Descriptor', searchFlags: 8, syntax: 'sd' }],
  ['servicePrincipalName', { cn: 'Service-Principal-Name', searchFlags: 1 }],
  ['unicodePwd', { cn: 'Unicode-Pwd', oid: '1.2.840.113556.1.4.90', singleValued: true }],
] as const;

/** MS-ADSC: classes with what their tables say of descriptors and of who may have them below. */
const CLASSES = [
  ['user', { cn: 'User', hidden: false, systemFlags: 16, category: 'structural' }],
  ['container', { cn: 'Container', hidden: true, systemOnly: false }],
  ['nTDSDSA', { cn: 'NTDS-DSA', systemOnly: true, oid: '1.2.840.113556.1.5.7000.47' }],
  ['organizationalUnit', { cn: 'Organizational-Unit', rdnAttribute: 'ou', hidden: false }],
  ['subSchema', { cn: 'SubSchema', oid: '2.5.20.1', systemFlags: 0x800_0010 }],
  ['classSchema', { defaultDescriptor: 'D:S:' }],
] as const;

/** MS-ADTS 6.1.1.2.7: rights that administrators of delegation meet. */
const RIGHTS = [
  ['User-Force-Change-Password', '00299570-246d-11d0-a768-00aa006e0529', 'extendedRight', 0x100],
  ['DS-Replication-Get-Changes', '1131f6aa-9c07-11d1-f79f-00c04fc2dcd2', 'extendedRight', 0x100],
  ['Allowed-To-Authenticate', '68b1d179-0d15-4d4f-ab71-46152e79a7bc', 'extendedRight', 0x100],
  ['Validated-SPN', 'f3a64788-5306-11d1-a9c5-0000f80367c1', 'validatedWrite', 8],
  ['Validated-DNS-Host-Name', '72e39547-7b18-11d1-adef-00c04fd8d5cd', 'validatedWrite', 8],
  ['DNS-Host-Name-Attributes', '72e39547-7b18-11d1-adef-00c04fd8d5cd', 'propertySet', 0x30],
  ['DS-Validated-Write-Computer', '9b026da6-0d3c-465c-8bee-5199d7165cba', 'validatedWrite', 8],
  ['User-Account-Restrictions', '4c164200-20c0-11d0-a768-00aa006e0529', 'propertySet', 0x30],
  ['Personal-Information', '77b5b886-944a-11d1-aebd-0000f80367c1', 'propertySet', 0x30],
] as const;

/** The OID and BER bytes of syntaxes (MS-ADTS 3.1.1.2.2.2). */
const SYNTAXES = [
  ['dn', '2.5.5.1', 127, '2b0c0287731c00854a'],
  ['dnbinary', '2.5.5.7', 127, '2a864886f7140101010b'],
  ['unicode', '2.5.5.12', 64, undefined],
  ['i4', '2.5.5.9', 2, undefined],
  ['enum', '2.5.5.9', 10, undefined],
  ['i8', '2.5.5.16', 65, undefined],
  ['sd', '2.5.5.15', 66, undefined],
  ['sid', '2.5.5.17', 4, undefined],
  ['gtime', '2.5.5.11', 24, undefined],
] as const;

describe('MS-ADA1, MS-ADA2, MS-ADA3 attributes', () => {
  it.each(ATTRIBUTES)('%s', (name, facts) => {
    expect(schema.attribute(name)).toMatchObject(facts);
  });

  it('are all there, with one GUID, one OID and one cn each', () => {
    expect(attributes).toHaveLength(1499);
    for (const of of ['schemaIdGuid', 'oid', 'cn', 'name', 'code'] as const) {
      expect(new Set(attributes.map((type) => type[of])).size, of).toBe(1499);
    }
  });

  it('MS-ADTS 3.1.1.1.6: a back link has its forward link, and links are names of entries', () => {
    const links = attributes.filter((type) => type.linkId !== undefined);
    expect(new Set(links.map((type) => type.linkId)).size).toBe(links.length);
    for (const { name, backLink, linkId = 0, syntax } of links) {
      expect(['dn', 'dnbinary', 'dnstring', 'presentation'], name).toContain(syntax);
      if (backLink) expect(schema.attributeByLink(linkId - 1)?.backLink, name).toBe(false);
    }
  });

  it('are found by GUID, as ACEs name them', () => {
    const guid = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';
    expect(schema.byGuid(guid)?.name).toBe('msDS-AllowedToActOnBehalfOfOtherIdentity');
    expect(schema.byGuid('bf967a86-0de6-11d0-a285-00aa003049e2')?.name).toBe('computer');
  });

  it.each(SYNTAXES)('MS-ADTS 3.1.1.2.2.2: syntax %s', (name, oid, om, object) => {
    const facts = syntaxFacts(name);
    expect(facts).toMatchObject({ attributeSyntax: oid, oMSyntax: om });
    const hex = facts.oMObjectClass;
    expect(hex === undefined ? undefined : Buffer.from(hex).toString('hex')).toBe(object);
  });
});

describe('MS-ADSC classes', () => {
  it.each(CLASSES)('%s', (name, facts) => {
    expect(schema.classType(name)).toMatchObject(facts);
  });

  it('are all there, with one GUID, one OID and one cn each', () => {
    expect(classes).toHaveLength(269);
    for (const of of ['schemaIdGuid', 'oid', 'cn', 'name'] as const) {
      expect(new Set(classes.map((type) => type[of])).size, of).toBe(269);
    }
    const guids = new Set([...classes, ...attributes].map((type) => type.schemaIdGuid));
    expect(guids.size).toBe(269 + 1499);
  });

  it('name attributes and classes that exist', () => {
    for (const type of classes) {
      for (const name of [...type.must, ...type.may, type.rdnAttribute]) {
        expect(schema.attribute(name)?.name, `${type.name}: ${name}`).toBe(name);
      }
      for (const name of [...type.auxiliary, ...type.possibleSuperiors, type.subClassOf]) {
        expect(schema.classType(name)?.name, `${type.name}: ${name}`).toBe(name);
      }
      const category = classes.find(({ cn }) => cn === type.defaultCategory);
      expect(category, `${type.name}: ${type.defaultCategory}`).toBeDefined();
    }
  });

  it('have auxiliary classes that are auxiliary, and superclasses that may be', () => {
    for (const type of classes) {
      const kinds = type.auxiliary.map((name) => schema.classType(name)?.category);
      // mailRecipient and its like may be of 1993, and be either (MS-ADTS 3.1.1.2.4.6).
      for (const kind of kinds) expect(['auxiliary', '88'], type.name).toContain(kind);
      const above = schema.classType(type.subClassOf)?.category;
      if (type.category === 'abstract') expect(above, type.name).toBe('abstract');
    }
  });

  it('tell the part that the system keeps from the one that administrators change', () => {
    const joined = (type: ClassType): readonly string[] => [
      ...type.system.may,
      ...type.changeable.may,
    ];
    for (const type of classes) expect(joined(type)).toEqual(type.may);
    const top = schema.classType('top');
    expect(top?.system.must).toContain('instanceType');
    expect(top?.changeable.must).toEqual([]);
    expect(schema.classType('computer')?.changeable.auxiliary).toEqual(['ipHost']);
  });

  it('have default descriptors that are SDDL, but classes that are none by themselves', () => {
    for (const { name, defaultDescriptor } of classes) {
      if (defaultDescriptor === '') continue;
      const { dacl } = parseSddl(defaultDescriptor, { domain });
      expect(dacl, name).toBeDefined();
    }
    expect(schema.classType('securityPrincipal')?.defaultDescriptor).toBe('');
  });

  it('MS-ADSC 2.21: SELF of a computer may write its SPN, host name and nothing of RBCD', () => {
    const sddl = schema.classType('computer')?.defaultDescriptor ?? '';
    expect(sddl).toContain('(OA;;SW;f3a64788-5306-11d1-a9c5-0000f80367c1;;PS)');
    expect(sddl).toContain('(OA;;SW;72e39547-7b18-11d1-adef-00c04fd8d5cd;;PS)');
    expect(sddl).toContain('(OA;;WP;4c164200-20c0-11d0-a768-00aa006e0529;;CO)');
    expect(sddl).not.toContain('3f78c3e5-f79a-46bd-a0b8-9d18116ddc79');
  });
});

describe('MS-ADTS 6.1.1.2.7 control access rights', () => {
  const rights = controlRights();

  it.each(RIGHTS)('%s', (name, guid, kind, accesses) => {
    const right = rights.find((each) => each.name === name);
    expect(right).toMatchObject({ rightsGuid: guid, kind, validAccesses: accesses });
  });

  it('are all there, one of each name and kind', () => {
    expect(rights).toHaveLength(82);
    expect(new Set(rights.map(({ name }) => name)).size).toBe(82);
    expect(new Set(rights.map(({ rightsGuid, kind }) => rightsGuid + kind)).size).toBe(82);
  });

  it('apply to classes of the schema', () => {
    const unknown = new Set(
      rights.flatMap(({ appliesTo }) => appliesTo).filter((name) => !schema.classType(name)),
    );
    // The clause names this class for four rights; no schema has it.
    expect([...unknown]).toEqual(['26f11b08-a29d-4869-99bb-ef0b99fd883e']);
    const spn = rights.find(({ name }) => name === 'Validated-SPN');
    expect(spn === undefined ? [] : classGuids(spn, schema)).toContain(
      'bf967a86-0de6-11d0-a285-00aa003049e2',
    );
  });

  it('have the GUIDs that code knows them by', () => {
    const known = new Set(rights.map(({ rightsGuid }) => rightsGuid));
    for (const guid of [...Object.values(RIGHT), ...Object.values(VALIDATED_WRITE)]) {
      expect(known.has(guid), guid).toBe(true);
    }
  });

  it('are property sets wherever attributes say that they are in one', () => {
    const sets = new Set(
      rights.filter(({ kind }) => kind === 'propertySet').map(({ rightsGuid }) => rightsGuid),
    );
    const others = attributes.flatMap(({ propertySet, name }) =>
      propertySet === undefined || sets.has(propertySet) ? [] : [name],
    );
    // Sets without an object (MS-ADTS 3.1.1.2.3.3), and one that a validated write stands for.
    expect(others.toSorted()).toEqual([
      'domainPolicyReference',
      'domainWidePolicy',
      'eFSPolicy',
      'localPolicyReference',
      'machinePasswordChangeInterval',
      'machineWidePolicy',
      'msDS-KeyCredentialLink',
      'publicKeyPolicy',
      'qualityOfService',
    ]);
  });
});
