import { describe, expect, it } from 'vitest';
import { Schema } from '../src/schema/schema.ts';

const schema = new Schema();

/** MS-ADA1 to MS-ADA3: facts of attributes that delegation stands on. */
const ATTRIBUTES = [
  ['objectClass', '2.5.4.0', 'oid', false],
  ['sAMAccountName', '1.2.840.113556.1.4.221', 'unicode', true],
  ['servicePrincipalName', '1.2.840.113556.1.4.771', 'unicode', false],
  ['userAccountControl', '1.2.840.113556.1.4.8', 'i4', true],
  ['objectSid', '1.2.840.113556.1.4.146', 'sid', true],
  ['objectGUID', '1.2.840.113556.1.4.2', 'octets', true],
  ['pwdLastSet', '1.2.840.113556.1.4.96', 'i8', true],
  ['whenChanged', '1.2.840.113556.1.2.3', 'gtime', true],
  ['member', '2.5.4.31', 'dn', false],
  ['msDS-AllowedToDelegateTo', '1.2.840.113556.1.4.1787', 'unicode', false],
  ['msDS-GroupMSAMembership', '1.2.840.113556.1.4.2200', 'sd', true],
  ['nTSecurityDescriptor', '1.2.840.113556.1.2.281', 'sd', true],
] as const;

/** MS-ADSC: superclasses, most specific first. */
const CHAINS = [
  ['user', ['user', 'organizationalPerson', 'person', 'top']],
  ['computer', ['computer', 'user', 'organizationalPerson', 'person', 'top']],
  [
    'msDS-GroupManagedServiceAccount',
    [
      'msDS-GroupManagedServiceAccount',
      'computer',
      'user',
      'organizationalPerson',
      'person',
      'top',
    ],
  ],
  ['inetOrgPerson', ['inetOrgPerson', 'user', 'organizationalPerson', 'person', 'top']],
  ['group', ['group', 'top']],
  ['domainDNS', ['domainDNS', 'domain', 'top']],
] as const;

describe('the schema', () => {
  it.each(ATTRIBUTES)('knows %s', (name, oid, syntax, singleValued) => {
    const type = schema.attribute(name);
    expect(type).toMatchObject({ name, oid, syntax, singleValued });
    expect(schema.attribute(oid)).toBe(type);
    expect(schema.attribute(name.toUpperCase())).toBe(type);
    expect(schema.attributeByCode(type?.code ?? 0)).toBe(type);
  });

  it('MS-ADA2 2.218: msDS-AllowedToActOnBehalfOfOtherIdentity', () => {
    expect(schema.attribute('msDS-AllowedToActOnBehalfOfOtherIdentity')).toMatchObject({
      oid: '1.2.840.113556.1.4.2182',
      syntax: 'sd',
      singleValued: true,
      systemOnly: true,
      inCatalog: false,
      rangeUpper: 132_096,
      schemaIdGuid: '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79',
      propertySet: '4c164200-20c0-11d0-a768-00aa006e0529',
    });
  });

  it('tells links, constructed and secret attributes apart', () => {
    expect(schema.attribute('member')).toMatchObject({ forwardLink: true, linkId: 2 });
    expect(schema.attribute('memberOf')).toMatchObject({ backLink: true, linkId: 3 });
    expect(schema.attribute('tokenGroups')).toMatchObject({ constructed: true });
    expect(schema.attribute('unicodePwd')).toMatchObject({ secret: true });
    expect(schema.attributeByLink(2)?.name).toBe('member');
  });

  it.each(CHAINS)('derives %s', (name, chain) => {
    const type = schema.classType(name);
    expect(type === undefined ? [] : schema.chain(type).map((each) => each.name)).toEqual(chain);
  });

  it('gives every code to one attribute and every class its way to top', () => {
    const attributes = [...schema.attributes()];
    expect(attributes.length).toBeGreaterThan(600);
    expect(new Set(attributes.map((type) => type.name.toLowerCase())).size).toBe(attributes.length);
    for (const type of schema.classes()) expect(schema.chain(type).at(-1)?.name).toBe('top');
  });

  it('knows what a class has and needs', () => {
    const group = schema.classType('group');
    const computer = schema.classType('computer');
    if (group === undefined || computer === undefined) throw new Error('no such class');
    const rbcd = 'msds-allowedtoactonbehalfofotheridentity';
    expect(schema.allowed(computer).has(rbcd)).toBe(true);
    expect(schema.allowed(group).has(rbcd)).toBe(false);
    const required = schema.required(group).map((type) => type.name);
    expect(required).toEqual(expect.arrayContaining(['groupType', 'objectSid', 'sAMAccountName']));
    expect(schema.superiors(computer)).toEqual(expect.arrayContaining(['organizationalUnit']));
    expect(computer.defaultCategory).toBe('Computer');
    expect(schema.classType('inetOrgPerson')?.defaultCategory).toBe('Person');
  });
});
