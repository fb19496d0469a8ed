import { pooledRandom } from '@doublehop/crypto/random';
import { everything } from '@doublehop/ldap/filter';
import { decodeDescriptor } from '@doublehop/security/descriptor';
import { formatSddl } from '@doublehop/security/sddl';
import { beforeAll, describe, expect, it } from 'vitest';
import { Directory } from '../src/directory.ts';
import type { DomainInfo } from '../src/domain.ts';
import type { Entry } from '../src/entry.ts';
import { provision } from '../src/provision.ts';
import { addControllerAccount } from '../src/provision/controller.ts';
import { memoryStore } from '../src/store/memory.ts';
import { DOMAIN_DN, DOMAIN_SID, NOW } from './support/fixtures.ts';

const CONFIGURATION = `CN=Configuration,${DOMAIN_DN}`;
const SCHEMA = `CN=Schema,${CONFIGURATION}`;
const SYSTEM = `CN=System,${DOMAIN_DN}`;

let directory: Directory;
let info: DomainInfo;

beforeAll(async () => {
  const random = pooledRandom();
  directory = new Directory({ store: memoryStore(), random, clock: () => NOW });
  info = await provision(directory, {
    dnsName: 'contoso.com',
    netbiosName: 'CONTOSO',
    controllerName: 'DC',
    sid: DOMAIN_SID,
    random,
    also: (writer, made) => {
      const system = { operatingSystem: 'doublehop', operatingSystemVersion: '10.0' };
      addControllerAccount(writer, made, { ...system, aliases: ['localhost'] });
    },
  });
});

function values(dn: string, names: readonly string[]): Record<string, unknown> {
  const entry = directory.get(dn);
  return Object.fromEntries(
    names.map((name) => {
      const all = entry.values(name);
      return [name, all.length > 1 ? all : all[0]];
    }),
  );
}

function sddlOf(entry: Entry): string {
  const bytes = entry.bytes('nTSecurityDescriptor');
  if (bytes === undefined) throw new Error(`${entry.dn} has no descriptor`);
  return formatSddl(decodeDescriptor(bytes), { domain: DOMAIN_SID });
}

describe('MS-ADTS 3.1.1.2 schema objects', () => {
  it('an attribute describes itself', () => {
    const names = [
      'lDAPDisplayName',
      'attributeID',
      'attributeSyntax',
      'oMSyntax',
      'isSingleValued',
      'searchFlags',
      'systemFlags',
      'rangeLower',
      'rangeUpper',
      'isMemberOfPartialAttributeSet',
      'objectClass',
      'objectCategory',
      'showInAdvancedViewOnly',
      'adminDisplayName',
    ];
    expect(values(`CN=Common-Name,${SCHEMA}`, names)).toEqual({
      lDAPDisplayName: 'cn',
      attributeID: '2.5.4.3',
      attributeSyntax: '2.5.5.12',
      oMSyntax: '64',
      isSingleValued: 'TRUE',
      searchFlags: '1',
      systemFlags: '18',
      rangeLower: '1',
      rangeUpper: '64',
      isMemberOfPartialAttributeSet: 'TRUE',
      objectClass: ['top', 'attributeSchema'],
      objectCategory: `CN=Attribute-Schema,${SCHEMA}`,
      showInAdvancedViewOnly: 'TRUE',
      adminDisplayName: 'Common-Name',
    });
  });

  it('GUIDs are as ACEs name them: RBCD is in User-Account-Restrictions', () => {
    const entry = directory.get(`CN=ms-DS-Allowed-To-Act-On-Behalf-Of-Other-Identity,${SCHEMA}`);
    const hex = (name: string): string => Buffer.from(entry.bytes(name) ?? []).toString('hex');
    expect(hex('schemaIDGUID')).toBe('e5c3783f9af7bd46a0b89d18116ddc79');
    expect(hex('attributeSecurityGUID')).toBe('0042164cc020d011a76800aa006e0529');
  });

  it('a link has its number and the object of its syntax', () => {
    const member = directory.get(`CN=Member,${SCHEMA}`);
    expect(member.text('linkID')).toBe('2');
    expect(Buffer.from(member.bytes('oMObjectClass') ?? []).toString('hex')).toBe(
      '2b0c0287731c00854a',
    );
  });

  it('a class describes itself', () => {
    const computer = directory.get(`CN=Computer,${SCHEMA}`);
    expect(computer.text('governsID')).toBe('1.2.840.113556.1.3.30');
    expect(computer.text('subClassOf')).toBe('user');
    expect(computer.text('defaultObjectCategory')).toBe(`CN=Computer,${SCHEMA}`);
    expect(computer.values('auxiliaryClass')).toEqual(['ipHost']);
    expect(computer.values('systemPossSuperiors')).toContain('organizationalUnit');
    expect(computer.text('defaultSecurityDescriptor')).toMatch(/^D:\(A;;/);
    expect(directory.get(`CN=inetOrgPerson,${SCHEMA}`).text('defaultObjectCategory')).toBe(
      `CN=Person,${SCHEMA}`,
    );
  });

  it('are found by OID, and classes by the name of their superclass', () => {
    const find = (attribute: string, value: string): string[] => {
      const filter = { kind: 'equality', attribute, value } as const;
      const found = directory.search({ base: SCHEMA, scope: 'one', filter });
      return Array.from(found, (entry) => entry.text('lDAPDisplayName') ?? '');
    };
    expect(find('attributeID', '1.2.840.113556.1.4.221')).toEqual(['sAMAccountName']);
    expect(find('governsID', '1.2.840.113556.1.5.9')).toEqual(['user']);
    expect(find('subClassOf', 'domain')).toEqual(['domainDNS', 'rFC822LocalPart']);
  });

  it('are 1,499 attributes, 269 classes and their description', () => {
    const found = directory.search({ base: SCHEMA, scope: 'one', filter: everything });
    const kinds = Map.groupBy(found, (entry) => entry.structuralClass);
    expect(kinds.get('attributeSchema')).toHaveLength(1499);
    expect(kinds.get('classSchema')).toHaveLength(269);
    expect(kinds.get('subSchema')?.map(({ dn }) => dn)).toEqual([`CN=Aggregate,${SCHEMA}`]);
    const subschema = directory.get(`CN=Aggregate,${SCHEMA}`);
    expect(subschema.values('attributeTypes')).toHaveLength(1499);
  });
});

describe('MS-ADTS 6.1.1.1 heads of naming contexts', () => {
  it('say what they are and where well-known objects are', () => {
    const names = ['objectCategory', 'instanceType', 'msDS-Behavior-Version', 'dc', 'gPLink'];
    expect(values(DOMAIN_DN, names)).toEqual({
      objectCategory: `CN=Domain-DNS,${SCHEMA}`,
      instanceType: '5',
      'msDS-Behavior-Version': '7',
      dc: 'contoso',
      gPLink: `[LDAP://CN={31B2F340-016D-11D2-945F-00C04FB984F9},CN=Policies,${SYSTEM};0]`,
    });
    expect(directory.get(SCHEMA).text('objectVersion')).toBe('88');
    expect(directory.get(SCHEMA).bytes('schemaInfo')).toHaveLength(21);
  });

  it.each([
    ['A9D1CA15768811D1ADED00C04FD8D5CD', DOMAIN_DN, `CN=Users,${DOMAIN_DN}`],
    ['AA312825768811D1ADED00C04FD8D5CD', DOMAIN_DN, `CN=Computers,${DOMAIN_DN}`],
    ['A361B2FFFFD211D1AA4B00C04FD7D83A', DOMAIN_DN, `OU=Domain Controllers,${DOMAIN_DN}`],
    ['AB1D30F3768811D1ADED00C04FD8D5CD', DOMAIN_DN, SYSTEM],
    ['F4BE92A4C777485E878E9421D53087DB', DOMAIN_DN, `CN=Microsoft,CN=Program Data,${DOMAIN_DN}`],
    ['683A24E2E8164BD3AF86AC3C2CF3F981', DOMAIN_DN, `CN=Keys,${DOMAIN_DN}`],
    ['1EB93889E40C45DF9F0C64D23BBB6237', DOMAIN_DN, `CN=Managed Service Accounts,${DOMAIN_DN}`],
    ['AB8153B7768811D1ADED00C04FD8D5CD', CONFIGURATION, `CN=LostAndFoundConfig,${CONFIGURATION}`],
    ['6227F0AF1FC2410D8E3BB10615BB5B0F', CONFIGURATION, `CN=NTDS Quotas,${CONFIGURATION}`],
  ])('<WKGUID=%s,%s>', (guid, head, dn) => {
    expect(directory.get(`<WKGUID=${guid},${head}>`).dn).toBe(dn);
  });

  it('have containers for what is deleted, which only those see who ask', () => {
    for (const head of [DOMAIN_DN, CONFIGURATION]) {
      const dn = `CN=Deleted Objects,${head}`;
      expect(directory.find(dn)).toBeUndefined();
      expect(directory.find(dn, { deleted: true })?.text('isDeleted')).toBe('TRUE');
    }
  });

  it('let SELF of computers act for RBCD by the ACE of domain preparation', () => {
    const sddl = sddlOf(directory.get(DOMAIN_DN));
    expect(sddl).toContain('3f78c3e5-f79a-46bd-a0b8-9d18116ddc79;;PS)');
    expect(sddl).toMatch(/^O:BAG:BA/);
    expect(sddlOf(directory.get(SCHEMA))).toMatch(/^O:SAG:SA/);
    expect(sddlOf(directory.get(CONFIGURATION))).toMatch(/^O:EAG:EA/);
  });

  it('6.1.3.8: what is in them is of the administrators of each', () => {
    expect(sddlOf(directory.get(`CN=Member,${SCHEMA}`))).toMatch(/^O:SAG:SAD:AI\(A;CIID;/);
    expect(sddlOf(directory.get(info.dsaDn))).toMatch(/^O:EAG:EA/);
    expect(sddlOf(directory.get(`CN=Users,${DOMAIN_DN}`))).toMatch(/^O:DAG:DA/);
  });
});

describe('MS-ADTS 6.1.1.2 configuration', () => {
  it('crossRefs name the naming contexts', () => {
    const partitions = `CN=Partitions,${CONFIGURATION}`;
    const names = ['nCName', 'dnsRoot', 'nETBIOSName', 'systemFlags', 'msDS-Behavior-Version'];
    expect(values(`CN=CONTOSO,${partitions}`, names)).toEqual({
      nCName: DOMAIN_DN,
      dnsRoot: 'contoso.com',
      nETBIOSName: 'CONTOSO',
      systemFlags: '3',
      'msDS-Behavior-Version': '7',
    });
    expect(directory.get(`CN=Enterprise Schema,${partitions}`).text('nCName')).toBe(SCHEMA);
  });

  it('the controller has a server and a directory service in the first site', () => {
    expect(info.serverDn).toBe(
      `CN=DC,CN=Servers,CN=Default-First-Site-Name,CN=Sites,${CONFIGURATION}`,
    );
    const dsa = directory.get(info.dsaDn);
    expect(dsa.structuralClass).toBe('nTDSDSA');
    expect(dsa.guid).toBe(info.dsaGuid);
    expect(dsa.text('options')).toBe('1');
    expect(new Set(dsa.values('msDS-hasMasterNCs'))).toEqual(
      new Set([CONFIGURATION, SCHEMA, DOMAIN_DN]),
    );
    expect(dsa.bytes('invocationId')).toHaveLength(16);
    const names = ['dNSHostName', 'serverReference'];
    expect(values(info.serverDn, names)).toEqual({
      dNSHostName: 'dc.contoso.com',
      serverReference: `CN=DC,OU=Domain Controllers,${DOMAIN_DN}`,
    });
  });

  it.each([
    DOMAIN_DN,
    SCHEMA,
    `CN=Partitions,${CONFIGURATION}`,
    `CN=Infrastructure,${DOMAIN_DN}`,
    `CN=RID Manager$,${SYSTEM}`,
  ])('3.1.1.1.11: the role of %s is the controller’s', (dn) => {
    expect(directory.get(dn).text('fSMORoleOwner')).toBe(info.dsaDn);
  });

  it('a right says what it applies to', () => {
    const dn = `CN=User-Force-Change-Password,CN=Extended-Rights,${CONFIGURATION}`;
    const names = ['rightsGuid', 'validAccesses', 'displayName'];
    expect(values(dn, names)).toEqual({
      rightsGuid: '00299570-246d-11d0-a768-00aa006e0529',
      validAccesses: '256',
      displayName: 'Reset Password',
    });
    expect(directory.get(dn).values('appliesTo')).toContain('bf967a86-0de6-11d0-a285-00aa003049e2');
  });

  it('the directory service tells its settings', () => {
    const dn = `CN=Directory Service,CN=Windows NT,CN=Services,${CONFIGURATION}`;
    expect(directory.get(dn).text('tombstoneLifetime')).toBe('180');
    expect(directory.get(dn).values('msDS-Other-Settings')).toHaveLength(3);
    const bin = directory.get(`CN=Recycle Bin Feature,CN=Optional Features,${dn}`);
    expect(Buffer.from(bin.bytes('msDS-OptionalFeatureGUID') ?? []).toString('hex')).toBe(
      'd8dc6d76d0ac5e44f3b9a7f9b6744f2a',
    );
  });
});

describe('MS-ADTS 6.1.1.3 and 6.1.1.5: the controller, CN=System', () => {
  it('the account of the controller is complete', () => {
    const dn = `CN=DC,OU=Domain Controllers,${DOMAIN_DN}`;
    const controller = directory.get(dn);
    expect(controller.sid).toBe(`${DOMAIN_SID}-1000`);
    const names = [
      'primaryGroupID',
      'userAccountControl',
      'rIDSetReferences',
      'serverReferenceBL',
      'msDS-SupportedEncryptionTypes',
    ];
    expect(values(dn, names)).toEqual({
      primaryGroupID: '516',
      userAccountControl: '532480',
      rIDSetReferences: `CN=RID Set,${dn}`,
      serverReferenceBL: info.serverDn,
      'msDS-SupportedEncryptionTypes': '28',
    });
    expect(controller.values('servicePrincipalName')).toEqual(
      expect.arrayContaining([
        'HOST/DC',
        'ldap/localhost',
        'GC/dc.contoso.com/contoso.com',
        `ldap/${info.dsaGuid}._msdcs.contoso.com`,
        `E3514235-4B06-11D1-AB04-00C04FC2DCD2/${info.dsaGuid}/contoso.com`,
      ]),
    );
  });

  it('6.1.5.3: a pool is its highest and its lowest RID', () => {
    const set = directory.get(`CN=RID Set,CN=DC,OU=Domain Controllers,${DOMAIN_DN}`);
    const pool = BigInt(set.text('rIDAllocationPool') ?? 0);
    expect([pool & 0xffff_ffffn, pool >> 32n]).toEqual([1100n, 1599n]);
    const left = directory.get(`CN=RID Manager$,${SYSTEM}`).text('rIDAvailablePool');
    expect(BigInt(left ?? 0) & 0xffff_ffffn).toBe(1600n);
  });

  it('3.1.1.6.1: protected principals have the descriptor of AdminSDHolder', () => {
    const holder = sddlOf(directory.get(`CN=AdminSDHolder,${SYSTEM}`));
    expect(holder).toMatch(/^O:DAG:DAD:PAI/);
    for (const name of ['Domain Admins', 'Administrator', 'krbtgt', 'Key Admins']) {
      const entry = directory.get(`CN=${name},CN=Users,${DOMAIN_DN}`);
      expect(entry.text('adminCount'), name).toBe('1');
      expect(sddlOf(entry), name).toBe(holder);
    }
    expect(directory.get(`CN=Guest,CN=Users,${DOMAIN_DN}`).values('adminCount')).toEqual([]);
  });

  it('principals of no domain are members of built-in groups', () => {
    const members = (group: string): readonly unknown[] =>
      directory.get(`CN=${group},CN=Builtin,${DOMAIN_DN}`).values('member');
    const foreign = (sid: string): string => `CN=${sid},CN=ForeignSecurityPrincipals,${DOMAIN_DN}`;
    expect(members('Pre-Windows 2000 Compatible Access')).toEqual([foreign('S-1-5-11')]);
    expect(members('Windows Authorization Access Group')).toEqual([foreign('S-1-5-9')]);
    expect(members('IIS_IUSRS')).toEqual([foreign('S-1-5-17')]);
    expect(members('Users')).toEqual(
      expect.arrayContaining([foreign('S-1-5-4'), foreign('S-1-5-11')]),
    );
  });

  it('every entry has a descriptor, a GUID of its own and a category', () => {
    const guids = new Set<string>();
    let count = 0;
    for (const base of [DOMAIN_DN, CONFIGURATION, SCHEMA]) {
      for (const entry of directory.search({ base, scope: 'subtree', filter: everything })) {
        guids.add(entry.guid);
        count += 1;
      }
    }
    expect(guids.size).toBe(count);
    expect(count).toBeGreaterThan(2000);
  });

  it('containers whose class is hidden are shown in advanced views only', () => {
    const shown = (dn: string): string | undefined =>
      directory.get(dn).text('showInAdvancedViewOnly');
    expect(shown(SYSTEM)).toBe('TRUE');
    expect(shown(`CN=Users,${DOMAIN_DN}`)).toBe('FALSE');
    expect(shown(`CN=Domain Users,CN=Users,${DOMAIN_DN}`)).toBeUndefined();
  });
});
