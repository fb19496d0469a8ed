// LDAP_SERVER_DIRSYNC_OID (MS-ADTS 3.1.1.3.4.1.3): what changed since a cookie.
import type { LdapClient } from '@doublehop/ldap/client/client';
import type { ClientEntry } from '@doublehop/ldap/client/types';
import {
  DirSyncFlag,
  dirSyncRequest,
  dirSyncResponse,
  findControl,
} from '@doublehop/ldap/controls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ALICE,
  BASE,
  connectAs,
  octetsOf,
  type RunningDomain,
  startDomain,
  textsOf,
} from './support/domain.ts';

const NOTHING = new Uint8Array(0);
const TEAM = `CN=Team,CN=Users,${BASE}`;
const BOB = `CN=Bob,CN=Users,${BASE}`;

let domain: RunningDomain;
let client: LdapClient;
beforeAll(async () => {
  domain = await startDomain();
  await domain.dc.directory.add(TEAM, {
    objectClass: 'group',
    sAMAccountName: 'Team',
    description: 'one',
    member: [ALICE],
  });
  client = await connectAs(domain, 'Administrator');
});
afterAll(async () => {
  await client.close();
  await domain.close();
  expect(domain.defects).toEqual([]);
});

interface Wish {
  readonly filter?: string;
  readonly attributes?: readonly string[];
  readonly cookie?: Uint8Array;
  readonly flags?: number;
  readonly base?: string;
  readonly maxBytes?: number;
  readonly by?: LdapClient;
}

async function sync(wish: Wish = {}) {
  const { cookie = NOTHING, flags = 0, base = BASE, maxBytes = 0, by = client } = wish;
  const { filter = '(cn=Team)', attributes = [] } = wish;
  const controls = [dirSyncRequest.encode({ flags, maxBytes, cookie }, true)];
  const search = by.search({ base, scope: 'subtree', filter, attributes, controls });
  const entries: ClientEntry[] = [];
  for (;;) {
    const step = await search.next();
    if (step.done === true) {
      const found = findControl(step.value.controls ?? [], dirSyncResponse);
      return { entries, more: found?.moreResults, cookie: found?.cookie ?? NOTHING };
    }
    if (step.value.kind === 'entry') entries.push(step.value);
  }
}

const namesOf = (entry: ClientEntry | undefined) =>
  (entry?.attributes ?? []).map(({ type }) => type).toSorted();

async function change(dn: string, attribute: string, values: readonly string[]) {
  await domain.dc.directory.modify(dn, [{ operation: 'replace', attribute, values }]);
}

describe('MS-ADTS 3.1.1.3.4.1.3: DirSync', () => {
  it('sends everything that is replicated, then nothing until there is a change', async () => {
    const { entries, cookie, more } = await sync();
    const [team] = entries;
    expect(more).toBe(0);
    expect(entries).toHaveLength(1);
    expect(namesOf(team)).toEqual(
      expect.arrayContaining([
        'member',
        'nTSecurityDescriptor',
        'name',
        'objectGUID',
        'parentGUID',
      ]),
    );
    expect(namesOf(team)).not.toEqual(expect.arrayContaining(['cn']));
    expect(namesOf(team)).not.toEqual(expect.arrayContaining(['uSNChanged']));
    expect((await sync({ cookie })).entries).toEqual([]);
  });

  it('sends what changed; what has no value any more comes empty', async () => {
    const { cookie } = await sync();
    await change(TEAM, 'description', ['two']);
    const second = await sync({ cookie });
    expect(namesOf(second.entries[0])).toEqual(['description', 'instanceType', 'objectGUID']);
    expect(textsOf(second.entries[0], 'description')).toEqual(['two']);
    await change(TEAM, 'description', []);
    const third = await sync({ cookie: second.cookie });
    expect(third.entries[0]?.attributes.find(({ type }) => type === 'description')).toMatchObject({
      values: [],
    });
    const other = await sync({ cookie: second.cookie, attributes: ['displayName'] });
    expect(other.entries).toEqual([]);
  });

  it('sends whole lists of links, or with INCREMENTAL_VALUES what came and went', async () => {
    const flags = DirSyncFlag.incrementalValues;
    const { cookie } = await sync({ flags });
    await domain.dc.directory.modify(TEAM, [
      { operation: 'add', attribute: 'member', values: [BOB] },
      { operation: 'delete', attribute: 'member', values: [ALICE] },
    ]);
    const whole = await sync({ cookie });
    expect(textsOf(whole.entries[0], 'member')).toEqual([BOB]);
    const { entries } = await sync({ cookie, flags });
    expect(textsOf(entries[0], 'member;range=1-1')).toEqual([BOB]);
    expect(textsOf(entries[0], 'member;range=0-0')).toEqual([ALICE]);
  });

  it('tells of renames with the GUID of the parent, and of what was deleted', async () => {
    const { directory } = domain.dc;
    const dn = `OU=Gone,${BASE}`;
    await directory.add(dn, { objectClass: 'organizationalUnit' });
    const { guid } = directory.get(dn);
    const filter = '(objectClass=organizationalUnit)';
    const first = await sync({ filter });
    await directory.rename(dn, { newRdn: 'OU=Going' });
    const renamed = await sync({ filter, cookie: first.cookie });
    expect(namesOf(renamed.entries[0])).toEqual(
      expect.arrayContaining(['name', 'objectGUID', 'parentGUID']),
    );
    await directory.remove(`OU=Going,${BASE}`);
    const gone = await sync({ filter, cookie: renamed.cookie });
    expect(textsOf(gone.entries[0], 'isDeleted')).toEqual(['TRUE']);
    expect(gone.entries[0]?.dn).toContain(`\\0ADEL:${guid}`);
  });

  it('needs the replicating right, or OBJECT_SECURITY and the rights to read', async () => {
    const by = await connectAs(domain, 'alice');
    await expect(sync({ by })).rejects.toMatchObject({ code: 'insufficientAccessRights' });
    const flags = DirSyncFlag.objectSecurity;
    const { entries, cookie } = await sync({ by, flags });
    expect(namesOf(entries[0])).toEqual(expect.arrayContaining(['member', 'name']));
    // Of the SACL alice may know nothing, so the descriptor is not hers.
    expect(octetsOf(entries[0], 'nTSecurityDescriptor')).toBeUndefined();
    await domain.dc.directory.add(`OU=Short,${BASE}`, { objectClass: 'organizationalUnit' });
    const { guid } = domain.dc.directory.get(`OU=Short,${BASE}`);
    await domain.dc.directory.remove(`OU=Short,${BASE}`);
    const filter = '(objectClass=organizationalUnit)';
    const gone = await sync({ by, flags, cookie, filter });
    expect(gone.entries).toHaveLength(1);
    expect(gone.entries[0]).toMatchObject({ dn: '' });
    expect(namesOf(gone.entries[0])).toEqual(['objectGUID']);
    expect(guid).toMatch(/^[-0-9a-f]{36}$/u);
    await by.close();
  });

  it('looks at whole naming contexts only', async () => {
    const base = `CN=Users,${BASE}`;
    await expect(sync({ base })).rejects.toMatchObject({ code: 'insufficientAccessRights' });
    const flags = DirSyncFlag.objectSecurity;
    await expect(sync({ base, flags })).rejects.toMatchObject({ code: 'unwillingToPerform' });
  });

  it('stops at about the octets that were asked for, and goes on from there', async () => {
    const filter = '(objectClass=*)';
    const seen = new Set<string>();
    let rounds = 0;
    let cookie: Uint8Array = NOTHING;
    for (let more = 1; more === 1; rounds += 1) {
      const step = await sync({ filter, attributes: ['name'], cookie, maxBytes: 4096 });
      for (const { dn } of step.entries) {
        expect(seen.has(dn)).toBe(false);
        seen.add(dn);
      }
      ({ cookie, more = 0 } = step);
    }
    expect(rounds).toBeGreaterThan(2);
    expect(seen.size).toBe((await sync({ filter, attributes: ['name'] })).entries.length);
  });

  it('refuses what is no cookie, and begins anew for one of another directory', async () => {
    const cookie = new Uint8Array(68).fill(65);
    await expect(sync({ cookie })).rejects.toMatchObject({ code: 'unwillingToPerform' });
    const foreign = Uint8Array.from((await sync()).cookie);
    foreign.fill(7, 52);
    expect((await sync({ cookie: foreign })).entries).toHaveLength(1);
  });
});
