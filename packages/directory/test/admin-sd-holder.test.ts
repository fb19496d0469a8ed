import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import { formatSddl, parseSddl } from '@doublehop/security/sddl';
import { beforeEach, describe, expect, it } from 'vitest';
import { protectAdministrators } from '../src/admin-sd-holder.ts';
import type { Directory } from '../src/directory.ts';
import type { Entry } from '../src/entry.ts';
import { contoso, DOMAIN_DN, DOMAIN_SID } from './support/fixtures.ts';

const USERS = `CN=Users,${DOMAIN_DN}`;
const HOLDER = `CN=AdminSDHolder,CN=System,${DOMAIN_DN}`;
const ALICE = `CN=Alice,${USERS}`;
const BOB = `CN=Bob,${USERS}`;
const STAFF = `CN=Staff,${USERS}`;
const domain = { domain: DOMAIN_SID };

let directory: Directory;
beforeEach(async () => {
  directory = await contoso();
  await directory.add(ALICE, { objectClass: 'user' });
  await directory.add(BOB, { objectClass: 'user' });
  await directory.add(STAFF, { objectClass: 'group', member: ALICE });
  await protectAdministrators(directory);
});

const join = (group: string, member: string): Promise<Entry> =>
  directory.modify(group, [{ operation: 'add', attribute: 'member', values: [member] }]);
/** Without the audit list, which is inherited. */
const guard = (dn: string): string => {
  const bytes = directory.get(dn).bytes('nTSecurityDescriptor') ?? new Uint8Array(0);
  return formatSddl(decodeDescriptor(bytes), domain).split('S:')[0] ?? '';
};

describe('MS-ADTS 3.1.1.6.1 AdminSDHolder', () => {
  it('guards members of powerful groups, through groups too', async () => {
    const before = guard(BOB);
    await join(`CN=Backup Operators,CN=Builtin,${DOMAIN_DN}`, STAFF);
    expect(await protectAdministrators(directory)).toBe(2);
    for (const dn of [ALICE, STAFF]) {
      expect(guard(dn)).toBe(guard(HOLDER));
      expect(guard(dn)).toMatch(/^O:DAG:DAD:PAI/);
      expect(directory.get(dn).text('adminCount')).toBe('1');
    }
    expect(guard(BOB)).toBe(before);
    expect(directory.get(BOB).values('adminCount')).toEqual([]);
    expect(await protectAdministrators(directory)).toBe(0);
  });

  it('undoes what others change, and follows the holder', async () => {
    const given = encodeDescriptor(parseSddl('O:AUD:(A;;GA;;;AU)', domain));
    const values = [given];
    const change = { operation: 'replace', attribute: 'nTSecurityDescriptor', values } as const;
    const administrator = `CN=Administrator,${USERS}`;
    await directory.modify(administrator, [change]);
    expect(guard(administrator)).toContain(';AU)');
    expect(await protectAdministrators(directory)).toBe(1);
    expect(guard(administrator)).toBe(guard(HOLDER));
    const next = encodeDescriptor(parseSddl('O:DAG:DAD:P(A;;GA;;;BA)', domain));
    await directory.modify(HOLDER, [{ ...change, values: [next] }]);
    expect(await protectAdministrators(directory)).toBeGreaterThan(10);
    expect(guard(administrator)).toBe('O:DAG:DAD:P(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;BA)');
  });

  it('leaves out groups that dSHeuristics names (3.1.1.6.1.4)', async () => {
    await directory.modify(
      `CN=Directory Service,CN=Windows NT,CN=Services,CN=Configuration,${DOMAIN_DN}`,
      [{ operation: 'replace', attribute: 'dSHeuristics', values: ['000000000100000f'] }],
    );
    await join(`CN=Backup Operators,CN=Builtin,${DOMAIN_DN}`, STAFF);
    expect(await protectAdministrators(directory)).toBe(0);
    await join(`CN=Domain Admins,${USERS}`, BOB);
    expect(await protectAdministrators(directory)).toBe(1);
    expect(guard(BOB)).toBe(guard(HOLDER));
  });
});
