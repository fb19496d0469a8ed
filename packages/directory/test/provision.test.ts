import { pooledRandom } from '@doublehop/crypto/random';
import { describe, expect, it } from 'vitest';
import { Accounts } from '../src/accounts.ts';
import { Directory } from '../src/directory.ts';
import { everything } from '@doublehop/ldap/filter';
import { domainInfo, provision } from '../src/provision.ts';
import { memoryStore } from '../src/store/memory.ts';
import { contoso, DOMAIN_DN, DOMAIN_SID, NOW } from './support/fixtures.ts';

const random = pooledRandom();
const CONTOSO = { dnsName: 'contoso.com', netbiosName: 'CONTOSO', random };

/** MS-DTYP 2.4.2.4: well-known relative identifiers. */
const WELL_KNOWN = [
  ['Administrator', 500],
  ['Guest', 501],
  ['krbtgt', 502],
  ['Domain Admins', 512],
  ['Domain Users', 513],
  ['Domain Guests', 514],
  ['Domain Computers', 515],
  ['Domain Controllers', 516],
  ['Schema Admins', 518],
  ['Enterprise Admins', 519],
  ['Protected Users', 525],
] as const;

describe('a new domain', () => {
  it('knows itself', async () => {
    const directory = await contoso();
    expect(directory.domain).toMatchObject({
      dn: DOMAIN_DN,
      dnsName: 'contoso.com',
      realm: 'CONTOSO.COM',
      netbiosName: 'CONTOSO',
      sid: DOMAIN_SID,
      configurationDn: `CN=Configuration,${DOMAIN_DN}`,
      schemaDn: `CN=Schema,CN=Configuration,${DOMAIN_DN}`,
      siteName: 'Default-First-Site-Name',
      controllerName: 'DC',
    });
    expect(domainInfo(directory)).toEqual(directory.domain);
    expect(directory.get(DOMAIN_DN).sid).toBe(DOMAIN_SID);
    expect(directory.get(DOMAIN_DN).text('dc')).toBe('contoso');
    expect(directory.get(DOMAIN_DN).text('name')).toBe('contoso');
  });

  it.each(WELL_KNOWN)('has %s with RID %i', async (name, rid) => {
    const directory = await contoso();
    const entry = directory.get(`CN=${name},CN=Users,${DOMAIN_DN}`);
    expect(entry.sid).toBe(`${DOMAIN_SID}-${rid}`);
    expect(entry.text('sAMAccountName')).toBe(name);
  });

  it('has BUILTIN groups, and administrators in them', async () => {
    const directory = await contoso();
    const admins = directory.get('<SID=S-1-5-32-544>');
    expect(admins.dn).toBe(`CN=Administrators,CN=Builtin,${DOMAIN_DN}`);
    expect(admins.values('member')).toContain(`CN=Domain Admins,CN=Users,${DOMAIN_DN}`);
    expect(admins.text('sAMAccountType')).toBe('536870912');
    const account = new Accounts(directory).byName('Administrator');
    expect(account?.builtinGroups).toContain('S-1-5-32-544');
    expect(account?.groups.map((group) => group.rid)).toEqual(
      expect.arrayContaining([512, 513, 518, 519, 520]),
    );
  });

  it('gives new accounts RIDs above the well-known ones', async () => {
    const directory = await contoso();
    const dn = `CN=x,CN=Users,${DOMAIN_DN}`;
    const { sid } = await directory.add(dn, { objectClass: 'user' });
    expect(sid).toBe(`${DOMAIN_SID}-1103`);
  });

  it('has every entry in a category that is there', async () => {
    const directory = await contoso();
    for (const base of [DOMAIN_DN, `CN=Configuration,${DOMAIN_DN}`]) {
      for (const entry of directory.search({ base, scope: 'subtree', filter: everything })) {
        const category = entry.text('objectCategory') ?? '';
        expect(directory.find(category)?.structuralClass).toBe('classSchema');
      }
    }
  });

  it('keeps sPNMappings where clients look for them', async () => {
    const directory = await contoso();
    const dn = `CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,${DOMAIN_DN}`;
    expect(directory.get(dn).text('sPNMappings')).toMatch(/^host=alerter,.*,msdtc$/);
  });

  it('draws its SID when none is given', async () => {
    const make = async (): Promise<string> => {
      const directory = new Directory({ store: memoryStore(), random, clock: () => NOW });
      return (await provision(directory, CONTOSO)).sid;
    };
    const [one, two] = [await make(), await make()];
    expect(one).toMatch(/^S-1-5-21-\d+-\d+-\d+$/);
    expect(one).not.toBe(two);
  });

  it('is made once, and with names that are names', async () => {
    const directory = await contoso();
    await expect(provision(directory, CONTOSO)).rejects.toThrow(
      expect.objectContaining({ code: 'entryAlreadyExists' }),
    );
    const empty = new Directory({ store: memoryStore(), random, clock: () => NOW });
    expect(empty.domain).toBeUndefined();
    expect(empty.highestUsn()).toBe(0);
    for (const bad of [
      { ...CONTOSO, dnsName: 'contoso' },
      { ...CONTOSO, dnsName: 'con toso.com' },
      { ...CONTOSO, netbiosName: 'CONTOSO.COM' },
      { ...CONTOSO, netbiosName: 'A23456789012345678' },
    ]) {
      // oxlint-disable-next-line no-await-in-loop
      await expect(provision(empty, bad)).rejects.toThrow(
        expect.objectContaining({ code: 'invalidDNSyntax' }),
      );
    }
  });
});
