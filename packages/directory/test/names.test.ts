import { beforeEach, describe, expect, it } from 'vitest';
import type { Directory } from '../src/directory.ts';
import type { AttributeInput, Renaming } from '../src/entry.ts';
import type { DirectoryErrorCode } from '../src/errors.ts';
import { checkSubnetName } from '../src/subnet-name.ts';
import { contoso, DOMAIN_DN } from './support/fixtures.ts';

const CONFIGURATION = `CN=Configuration,${DOMAIN_DN}`;
const USERS = `CN=Users,${DOMAIN_DN}`;
const fails = (code: DirectoryErrorCode): object => expect.objectContaining({ code });

let directory: Directory;
beforeEach(async () => {
  directory = await contoso();
});

describe('MS-ADTS 3.1.1.5.4.1 systemFlags and places', () => {
  it.each<[string, DirectoryErrorCode, string, Renaming]>([
    ['a class', 'unwillingToPerform', `CN=Top,CN=Schema,${CONFIGURATION}`, { newRdn: 'CN=Top2' }],
    ['CN=Services', 'unwillingToPerform', `CN=Services,${CONFIGURATION}`, { newRdn: 'CN=S' }],
    ['CN=Users', 'unwillingToPerform', USERS, { newRdn: 'CN=Users2' }],
    [
      'what is in CN=System, out of it',
      'other',
      `CN=Policies,CN=System,${DOMAIN_DN}`,
      { newRdn: 'CN=Policies', newSuperior: DOMAIN_DN },
    ],
  ])('do not let %s be renamed: %s', async (_, code, dn, renaming) => {
    await expect(directory.rename(dn, renaming)).rejects.toThrow(fails(code));
  });
});

describe('MS-ADTS 3.1.1.5.2.2 new entries', () => {
  it.each<[string, DirectoryErrorCode, AttributeInput]>([
    ['another name', 'invalidDNSyntax', { objectClass: 'user', cn: 'Bob' }],
    [
      'a category that is no class',
      'objectClassViolation',
      { objectClass: 'person', objectCategory: DOMAIN_DN },
    ],
    ['an abstract class', 'unwillingToPerform', { objectClass: 'connectionPoint' }],
    ['empty text', 'invalidAttributeSyntax', { objectClass: 'person', sn: '' }],
  ])('are refused with %s: %s', async (_, code, input) => {
    await expect(directory.add(`CN=Carol,${USERS}`, input)).rejects.toThrow(fails(code));
  });

  it('are of 88 classes too, named as names are shown, with no flags but their own', async () => {
    const input = { objectClass: 'person', systemFlags: String(~0x7000_0000) };
    const { dn } = await directory.add(`cn=Carol,${USERS}`, input);
    expect(dn).toBe(`CN=Carol,${USERS}`);
    expect(directory.get(dn).text('systemFlags')).toBe('0');
  });
});

describe('MS-ADTS 3.1.1.5.3 changes', () => {
  it('that change nothing leave no trace', async () => {
    const before = directory.get(USERS).text('uSNChanged');
    const change = { operation: 'replace', attribute: 'url', values: [] } as const;
    await directory.modify(USERS, [change]);
    expect(directory.get(USERS).text('uSNChanged')).toBe(before);
  });
});

describe('MS-ADTS 6.1.1.2.2.2.1 names of subnets', () => {
  it.each(['10.1.0.0/16', '192.168.1.4/30', '2001:db8::/32', 'fe80::1/128'])('%s', (name) => {
    expect(() => checkSubnetName(name)).not.toThrow();
  });
  it.each([
    '10.1.0.0/14',
    '0.0.0.0/8',
    '255.255.0.0/16',
    '1.2.3/24',
    '1.2.3.4',
    '01.2.3.0/24',
    '2001:0db8::/32',
    '::/0',
    '::ffff:10:0/120',
    'fe80::1%1/128',
    '1.0.0.0/24/1',
    'x/1',
  ])('not %s', (name) => {
    expect(() => checkSubnetName(name)).toThrow(fails('invalidDNSyntax'));
  });
});

describe('names that are remembered, in units of work that build on each other', () => {
  const unit = { objectClass: 'organizationalUnit' } as const;
  const person = { objectClass: 'person' } as const;

  beforeEach(async () => {
    await directory.add(`OU=Old,${DOMAIN_DN}`, unit);
    await directory.add(`CN=One,OU=Old,${DOMAIN_DN}`, person);
  });

  it('are those of the unit once it has renamed something', async () => {
    await directory.write((writer) => {
      writer.rename(`OU=Old,${DOMAIN_DN}`, { newRdn: 'OU=New' });
      writer.add(`CN=Two,OU=New,${DOMAIN_DN}`, person);
      expect(writer.find(`OU=Old,${DOMAIN_DN}`)).toBeUndefined();
      expect(writer.find(`CN=One,OU=New,${DOMAIN_DN}`)?.dn).toBe(`CN=One,OU=New,${DOMAIN_DN}`);
      expect(() => writer.add(`CN=Two,OU=Old,${DOMAIN_DN}`, person)).toThrow(fails('noSuchObject'));
    });
    expect(directory.get(`CN=Two,OU=New,${DOMAIN_DN}`).dn).toBe(`CN=Two,OU=New,${DOMAIN_DN}`);
  });

  it('are those that units of the same batch have left', async () => {
    const renamed = directory.rename(`OU=Old,${DOMAIN_DN}`, { newRdn: 'OU=New' });
    const old = directory.add(`CN=Two,OU=Old,${DOMAIN_DN}`, person);
    const added = directory.add(`CN=Two,OU=New,${DOMAIN_DN}`, person);
    await expect(old).rejects.toThrow(fails('noSuchObject'));
    await renamed;
    expect((await added).dn).toBe(`CN=Two,OU=New,${DOMAIN_DN}`);
    await directory.remove(`OU=New,${DOMAIN_DN}`, { subtree: true });
    await directory.add(`OU=New,${DOMAIN_DN}`, unit);
    expect(directory.find(`CN=Two,OU=New,${DOMAIN_DN}`)).toBeUndefined();
  });

  it('are not those of a unit that came to nothing', async () => {
    const failed = directory.write((writer) => {
      writer.add(`OU=Gone,${DOMAIN_DN}`, unit);
      writer.add(`OU=Below,OU=Gone,${DOMAIN_DN}`, unit);
      writer.add(`CN=Two,OU=Below,OU=Gone,${DOMAIN_DN}`, person);
      expect(writer.find(`OU=Below,OU=Gone,${DOMAIN_DN}`)?.dn).toBeDefined();
      throw new RangeError('enough');
    });
    // Of the same batch: the numbers that the failed unit gave are given again.
    const other = directory.add(`OU=Other,${DOMAIN_DN}`, unit);
    const more = directory.add(`OU=More,OU=Other,${DOMAIN_DN}`, unit);
    const late = directory.add(`CN=Two,OU=Gone,${DOMAIN_DN}`, person);
    await expect(failed).rejects.toThrow(RangeError);
    await expect(late).rejects.toThrow(fails('noSuchObject'));
    await Promise.all([other, more]);
    await expect(directory.add(`CN=Two,OU=Below,OU=Gone,${DOMAIN_DN}`, person)).rejects.toThrow(
      fails('noSuchObject'),
    );
    expect(directory.find(`OU=Gone,${DOMAIN_DN}`)).toBeUndefined();
  });
});
