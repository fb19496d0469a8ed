import { decodeSid, withRid } from '@doublehop/security/sid';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Directory } from '../src/directory.ts';
import { contoso, DOMAIN_DN, DOMAIN_SID } from './support/fixtures.ts';

const USERS = `CN=Users,${DOMAIN_DN}`;
const ALICE = `CN=Alice,${USERS}`;
const CONFIGURATION = `CN=Configuration,${DOMAIN_DN}`;

const AGGREGATE = `CN=Aggregate,CN=Schema,${CONFIGURATION}`;

let directory: Directory;
beforeAll(async () => {
  directory = await contoso();
  await directory.write((writer) => {
    writer.add(ALICE, { objectClass: 'user', sAMAccountName: 'alice' });
    writer.add(`CN=inner,${USERS}`, {
      objectClass: 'group',
      sAMAccountName: 'inner',
      member: ALICE,
    });
    writer.add(`CN=mail,${USERS}`, {
      objectClass: 'group',
      sAMAccountName: 'mail',
      groupType: '2',
      member: `CN=inner,${USERS}`,
    });
    if (writer.find(AGGREGATE) === undefined) {
      writer.add(AGGREGATE, { objectClass: 'subSchema' }, { system: true });
    }
  });
});
const read = (dn: string, attribute: string) => directory.get(dn).values(attribute);

describe('MS-ADTS 3.1.1.4.5 constructed attributes', () => {
  it('3.1.1.4.5.1 subSchemaSubEntry', () => {
    expect(read(ALICE, 'subSchemaSubEntry')).toEqual([AGGREGATE]);
  });

  it('3.1.1.4.5.3 allowedChildClasses', () => {
    expect(read(USERS, 'allowedChildClasses')).toEqual(
      expect.arrayContaining(['user', 'group', 'computer', 'contact']),
    );
    expect(read(USERS, 'allowedChildClasses')).not.toContain('domainDNS');
    expect(read(ALICE, 'allowedChildClasses')).not.toContain('user');
  });

  it('3.1.1.4.5.6 allowedAttributes', () => {
    const allowed = read(ALICE, 'allowedAttributes');
    expect(allowed).toEqual(expect.arrayContaining(['cn', 'servicePrincipalName', 'objectClass']));
    expect(new Set(allowed).size).toBe(allowed.length);
    expect(read(`CN=inner,${USERS}`, 'allowedAttributes')).not.toContain('logonHours');
  });

  it('3.1.1.4.5.8 fromEntry, 3.1.1.4.5.28 parentGUID, msDS-parentdistname', () => {
    expect(read(ALICE, 'fromEntry')).toEqual(['TRUE']);
    expect(read(ALICE, 'parentGUID')).toEqual(read(USERS, 'objectGUID'));
    expect(read(ALICE, 'msDS-parentdistname')).toEqual([USERS]);
    for (const head of [DOMAIN_DN, CONFIGURATION]) expect(read(head, 'parentGUID')).toEqual([]);
  });

  it('3.1.1.4.5.19, 3.1.1.4.5.42 groups of the token, by SID and by name', () => {
    const sids = read(ALICE, 'tokenGroups').map((value) =>
      typeof value === 'string' ? value : decodeSid(value),
    );
    expect(sids).toContain(withRid(DOMAIN_SID, 513));
    expect(sids).toContain('S-1-5-32-545');
    const names = read(ALICE, 'msds-tokenGroupNames');
    expect(names).toHaveLength(sids.length);
    expect(names).toContain(`CN=inner,${USERS}`);
    // Distribution groups give no rights.
    expect(names).not.toContain(`CN=mail,${USERS}`);
    expect(read(ALICE, 'msds-tokenGroupNamesGlobalAndUniversal')).not.toContain(
      `CN=Users,CN=Builtin,${DOMAIN_DN}`,
    );
  });

  it('3.1.1.4.5.27 msDS-PrincipalName', () => {
    expect(read(ALICE, 'msDS-PrincipalName')).toEqual(['CONTOSO\\alice']);
    const administrators = `CN=Administrators,CN=Builtin,${DOMAIN_DN}`;
    expect(read(administrators, 'msDS-PrincipalName')).toEqual(['BUILTIN\\Administrators']);
    expect(read(DOMAIN_DN, 'msDS-PrincipalName')).toEqual([DOMAIN_SID]);
    expect(read(USERS, 'msDS-PrincipalName')).toEqual([]);
  });

  it('3.1.1.4.5.40, 3.1.1.4.5.41 all groups and all members', () => {
    const groups = [`CN=inner,${USERS}`, `CN=mail,${USERS}`];
    expect(read(ALICE, 'msds-memberOfTransitive').map(String).sort()).toEqual(groups);
    expect(read(`CN=mail,${USERS}`, 'msds-memberTransitive')).toEqual([`CN=inner,${USERS}`, ALICE]);
  });

  it('3.1.1.4.5.44 structuralObjectClass, 3.1.1.4.5.18 msDS-Auxiliary-Classes', () => {
    const chain = ['top', 'person', 'organizationalPerson', 'user'];
    expect(read(ALICE, 'structuralObjectClass')).toEqual(chain);
    expect(read(ALICE, 'msDS-Auxiliary-Classes')).toEqual([]);
  });

  it('3.1.1.4.5.21 possibleInferiors of a class object', () => {
    const unit = `CN=Organizational-Unit,CN=Schema,${CONFIGURATION}`;
    expect(read(unit, 'possibleInferiors')).toEqual(expect.arrayContaining(['user', 'computer']));
    expect(read(ALICE, 'possibleInferiors')).toEqual([]);
  });

  it('3.1.1.4.5.29 to 3.1.1.4.5.31: facts of controllers, of nobody else', () => {
    for (const name of ['msDS-SiteName', 'msDS-isGC', 'msDS-isRODC', 'msDS-ResultantPSO']) {
      expect([name, read(ALICE, name)]).toEqual([name, []]);
    }
  });

  it('3.1.1.3.1.1.1: the schema describes itself on CN=Aggregate alone', () => {
    expect(read(ALICE, 'attributeTypes')).toEqual([]);
    expect(read(AGGREGATE, 'attributeTypes')).toContain(
      "( 1.2.840.113556.1.4.221 NAME 'sAMAccountName' " +
        "SYNTAX '1.3.6.1.4.1.1466.115.121.1.15' SINGLE-VALUE )",
    );
    const classes = read(AGGREGATE, 'objectClasses').map(String);
    const computer = classes.find((text) => text.includes("NAME 'computer'"));
    expect(computer).toMatch(
      /^\( 1\.2\.840\.113556\.1\.3\.30 NAME 'computer' SUP user STRUCTURAL /,
    );
    expect(computer).toMatch(/ MAY \(.* \$ dNSHostName \$ .*\) \)$/);
    const rules = read(AGGREGATE, 'dITContentRules').map(String);
    expect(rules.find((text) => text.includes("NAME 'user'"))).toMatch(/ AUX \(.*mailRecipient/);
    expect(read(AGGREGATE, 'extendedClassInfo').map(String)).toContain(
      "( 1.2.840.113556.1.3.30 NAME 'computer' CLASS-GUID '867A96BFE60DD011A28500AA003049E2' )",
    );
    const info = read(AGGREGATE, 'extendedAttributeInfo').map(String);
    expect(info.find((text) => text.includes("NAME 'sAMAccountName'"))).toContain(
      "RANGE-LOWER '0' RANGE-UPPER '256'",
    );
  });
});
