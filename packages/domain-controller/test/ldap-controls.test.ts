import { encodeGuid } from '@doublehop/security/guid';
import { encodeSid } from '@doublehop/security/sid';
import type { LdapClient } from '@doublehop/ldap/client/client';
import type { SearchOptions } from '@doublehop/ldap/client/types';
import {
  extendedDn,
  findControl,
  type ListViewRequest,
  listViewRequest,
  listViewResponse,
  pagedResults,
  plainControl,
  scopedQuery,
  scopedQueryResponse,
  searchOptions,
  sortRequest,
  sortResponse,
} from '@doublehop/ldap/controls';
import { CONTROLS } from '@doublehop/ldap/oids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ALICE,
  BASE,
  connectAs,
  entriesOf,
  type RunningDomain,
  startDomain,
  textsOf,
} from './support/domain.ts';

const CONFIGURATION = `CN=Configuration,${BASE}`;
const OU = `OU=List,${BASE}`;
const TEAM = `CN=Team,${OU}`;
const NAMES = ['delta', 'alpha', 'Charlie', 'bravo', 'echo'] as const;

let domain: RunningDomain;
let client: LdapClient;
beforeAll(async () => {
  domain = await startDomain();
  await domain.dc.directory.write((writer) => {
    writer.add(OU, { objectClass: 'organizationalUnit' });
    for (const [index, name] of NAMES.entries()) {
      const more = name === 'echo' ? {} : { flags: String(10 - index) };
      writer.add(`CN=${name},${OU}`, { objectClass: 'container', ...more });
    }
    const member = [ALICE, `CN=Bob,CN=Users,${BASE}`];
    writer.add(TEAM, { objectClass: 'group', sAMAccountName: 'Team', member });
  });
  client = await connectAs(domain, 'Administrator');
});
afterAll(async () => {
  await client.close();
  await domain.close();
  expect(domain.defects).toEqual([]);
});

/** Entries, references and the controls of the end of a search. */
async function all(options: SearchOptions) {
  const names: string[] = [];
  const uris: string[] = [];
  const search = client.search(options);
  for (;;) {
    const step = await search.next();
    if (step.done === true) return { names, uris, controls: step.value.controls ?? [] };
    if (step.value.kind === 'entry') names.push(step.value.dn);
    else uris.push(...step.value.uris);
  }
}

const leaves = { base: OU, scope: 'one', filter: '(objectClass=container)' } as const;
const cn = (dns: readonly string[]) => dns.map((dn) => dn.slice(3, dn.indexOf(',')));

describe('RFC 2891 sort', () => {
  const sorted = async (attribute: string, reverse = false, more: object = {}) => {
    const key = { attribute, reverse, ...more };
    const { names, controls } = await all({
      ...leaves,
      controls: [sortRequest.encode([key], false)],
    });
    return { names: cn(names), code: findControl(controls, sortResponse)?.resultCode };
  };

  it('sorts as people do, and numbers by their size', async () => {
    const words = ['alpha', 'bravo', 'Charlie', 'delta', 'echo'];
    await expect(sorted('cn')).resolves.toEqual({ names: words, code: 0 });
    await expect(sorted('cn', true)).resolves.toEqual({ names: words.toReversed(), code: 0 });
    // Entries without a value come last.
    const numbers = ['bravo', 'Charlie', 'alpha', 'delta', 'echo'];
    await expect(sorted('flags')).resolves.toEqual({ names: numbers, code: 0 });
  });

  it('§1.2: tells why it did not sort; a critical sort is not done without', async () => {
    await expect(sorted('nonsense')).resolves.toMatchObject({ code: 16 });
    await expect(sorted('canonicalName')).resolves.toMatchObject({ code: 18 });
    await expect(sorted('cn', false, { orderingRule: '1.2.3' })).resolves.toMatchObject({
      code: 18,
    });
    const rule = { orderingRule: '1.2.840.113556.1.4.1499' };
    await expect(sorted('cn', false, rule)).resolves.toMatchObject({ code: 0 });
    const keys = [{ attribute: 'cn' }, { attribute: 'flags' }];
    const two = all({ ...leaves, controls: [sortRequest.encode(keys, true)] });
    await expect(two).rejects.toMatchObject({ code: 'unavailableCriticalExtension' });
  });

  it('goes on from page to page, with the same controls alone', async () => {
    const sort = sortRequest.encode([{ attribute: 'cn' }], true);
    const page = (cookie: Uint8Array, controls = [sort]) =>
      all({ ...leaves, controls: [...controls, pagedResults.encode({ size: 2, cookie })] });
    const first = await page(new Uint8Array(0));
    expect(cn(first.names)).toEqual(['alpha', 'bravo']);
    const cookie = findControl(first.controls, pagedResults)?.cookie ?? new Uint8Array(0);
    const second = await page(cookie);
    expect(cn(second.names)).toEqual(['Charlie', 'delta']);
    expect(findControl(second.controls, sortResponse)?.resultCode).toBe(0);
    const next = findControl(second.controls, pagedResults)?.cookie ?? new Uint8Array(0);
    const refused = { code: 'unavailableCriticalExtension' };
    await expect(page(next, [])).rejects.toMatchObject(refused);
  });
});

describe('MS-ADTS 3.1.1.3.4.1.17 virtual list views', () => {
  const byCn = sortRequest.encode([{ attribute: 'cn' }], true);
  const view = async (list: ListViewRequest, controls = [byCn], options: object = {}) => {
    const wanted = [...controls, listViewRequest.encode(list, true)];
    const found = await all({ ...leaves, ...options, controls: wanted });
    return { names: cn(found.names), place: findControl(found.controls, listViewResponse) };
  };
  const at = (offset: number, contentCount = 0, beforeCount = 0, afterCount = 0) =>
    ({
      beforeCount,
      afterCount,
      target: { kind: 'byOffset', value: { offset, contentCount } },
    }) as const;

  it('by place, with what is around it', async () => {
    const { names, place } = await view(at(3, 0, 1, 1));
    expect(names).toEqual(['bravo', 'Charlie', 'delta']);
    expect(place).toMatchObject({ targetPosition: 3, contentCount: 5, resultCode: 0 });
    expect((await view(at(5, 5, 1))).names).toEqual(['delta', 'echo']);
    // Half of another count is half of this one.
    expect((await view(at(2, 3))).names).toEqual(['Charlie']);
    expect((await view(at(99))).names).toEqual(['echo']);
    expect((await view(at(0))).place?.targetPosition).toBe(5);
  });

  it('by value', async () => {
    const from = (text: string, more: object = {}) =>
      view({
        beforeCount: 0,
        afterCount: 1,
        target: { kind: 'greaterThanOrEqual', value: Buffer.from(text) },
        ...more,
      });
    expect((await from('BR')).names).toEqual(['bravo', 'Charlie']);
    const behind = await from('zulu');
    expect(behind).toMatchObject({ names: [], place: { targetPosition: 6 } });
  });

  it('leaves out entries without a value', async () => {
    const byFlags = sortRequest.encode([{ attribute: 'flags' }], true);
    const { names, place } = await view(at(1, 0, 0, 9), [byFlags]);
    expect(names).toEqual(['bravo', 'Charlie', 'alpha', 'delta']);
    expect(place?.contentCount).toBe(4);
  });

  it('a list stays as it was made, but for what is gone', async () => {
    const first = await view(at(1, 0, 0, 9));
    const contextId = first.place?.contextId ?? new Uint8Array(0);
    const { directory } = domain.dc;
    await directory.add(`CN=aaa,${OU}`, { objectClass: 'container' });
    await directory.remove(`CN=bravo,${OU}`);
    const again = await view({ ...at(1, 0, 0, 9), contextId });
    expect(again.names).toEqual(['alpha', 'Charlie', 'delta', 'echo']);
    expect(again.place).toMatchObject({ contentCount: 5, contextId });
    // Another search is another list.
    const other = await view({ ...at(1, 0, 0, 9), contextId }, [byCn], { filter: '(cn=a*)' });
    expect(other.names).toEqual(['aaa', 'alpha']);
    await directory.remove(`CN=aaa,${OU}`);
    await directory.add(`CN=bravo,${OU}`, { objectClass: 'container', flags: '7' });
  });

  it('lists are the connection’s and not without end', async () => {
    const { place } = await view(at(1));
    const contextId = place?.contextId ?? new Uint8Array(0);
    const other = await connectAs(domain, 'Administrator');
    const wanted = listViewRequest.encode({ ...at(1), contextId }, true);
    const foreign = entriesOf(other, { ...leaves, controls: [byCn, wanted] });
    const refused = { code: 'unavailableCriticalExtension' };
    await expect(foreign).rejects.toMatchObject(refused);
    const ignored = listViewRequest.encode({ ...at(1), contextId }, false);
    const whole = entriesOf(other, { ...leaves, controls: [byCn, ignored] });
    await expect(whole).resolves.toHaveLength(5);
    await other.close();
    for (let count = 0; count < 10; count += 1) await view(at(1));
    await expect(view({ ...at(1), contextId })).rejects.toMatchObject(refused);
  });

  it('need a sort, a place that is one, and no pages', async () => {
    await expect(view(at(1), [])).rejects.toMatchObject({ code: 'sortControlMissing' });
    await expect(view(at(0, 5))).rejects.toMatchObject({ code: 'virtualListViewError' });
    const pages = pagedResults.encode({ size: 2, cookie: new Uint8Array(0) });
    await expect(view(at(1), [byCn, pages])).rejects.toMatchObject({
      code: 'unavailableCriticalExtension',
    });
  });
});

describe('MS-ADTS 3.1.1.3.4.1.18 attribute scoped queries', () => {
  it('search what an attribute of the base names', async () => {
    const controls = [scopedQuery.encode({ attribute: 'member' }, true)];
    const options = { base: TEAM, scope: 'base', controls } as const;
    const found = await all(options);
    expect(found.names.sort()).toEqual([ALICE, `CN=Bob,CN=Users,${BASE}`]);
    expect(findControl(found.controls, scopedQueryResponse)).toEqual({ resultCode: 0 });
    const one = await all({ ...options, filter: '(sAMAccountName=alice)' });
    expect(one.names).toEqual([ALICE]);
    await expect(all({ ...options, scope: 'subtree' })).rejects.toMatchObject({
      code: 'unwillingToPerform',
    });
    const cnQuery = [scopedQuery.encode({ attribute: 'cn' }, true)];
    await expect(all({ ...options, controls: cnQuery })).rejects.toMatchObject({
      code: 'invalidAttributeSyntax',
    });
  });
});

describe('MS-ADTS 3.1.1.3.4.1.5 extended names', () => {
  const read = async (option: number) => {
    const controls = [extendedDn.encode({ option }, true)];
    const attributes = ['member', 'objectCategory'];
    const [entry] = await entriesOf(client, { base: TEAM, scope: 'base', attributes, controls });
    return { dn: entry?.dn, members: textsOf(entry, 'member') ?? [] };
  };

  it('have GUID and SID, in hexadecimal or as texts', async () => {
    const { guid, sid } = domain.dc.directory.get(ALICE);
    if (sid === undefined) throw new Error('Alice has a SID');
    const texts = await read(1);
    expect(texts.members).toContain(`<GUID=${guid}>;<SID=${sid}>;${ALICE}`);
    expect(texts.dn).toMatch(/^<GUID=[0-9a-f-]{36}>;<SID=S-1-5-21-[-0-9]+>;CN=Team,/);
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    const binary = `<GUID=${hex(encodeGuid(guid))}>;<SID=${hex(encodeSid(sid))}>;${ALICE}`;
    expect((await read(0)).members).toContain(binary);
    // What was given out is taken as a base.
    const back = await all({ base: binary, scope: 'base' });
    expect(back.names).toEqual([ALICE]);
  });
});

describe('MS-ADTS 3.1.1.3.1.4 references and referrals', () => {
  const partitions = { base: BASE, scope: 'subtree', filter: '(objectClass=crossRef)' } as const;

  it('a search of the domain goes on in the configuration', async () => {
    const { names, uris } = await all(partitions);
    expect(names).toEqual([]);
    expect(uris).toContain(`ldap://contoso.com/${CONFIGURATION}`);
    const one = await all({ ...partitions, scope: 'one' });
    expect(one.uris).toContain(`ldap://contoso.com/${CONFIGURATION}??base`);
    const below = await all({ ...partitions, base: CONFIGURATION });
    expect(below.uris).toEqual([`ldap://contoso.com/CN=Schema,${CONFIGURATION}`]);
    expect((await all({ ...partitions, base: OU })).uris).toEqual([]);
  });

  it('3.1.1.3.4.1.4, 3.1.1.3.4.1.12: or does not, or goes there itself', async () => {
    const scoped = await all({ ...partitions, controls: [plainControl(CONTROLS.domainScope)] });
    expect(scoped.uris).toEqual([]);
    const option = (flags: number) => [searchOptions.encode({ flags }, true)];
    expect((await all({ ...partitions, controls: option(1) })).uris).toEqual([]);
    const phantom = await all({ ...partitions, base: '', controls: option(2) });
    expect(phantom.uris).toEqual([]);
    expect(phantom.names).toContain(`CN=Enterprise Schema,CN=Partitions,${CONFIGURATION}`);
  });

  it('3.1.1.4.6: names of other domains are referred to them', async () => {
    await expect(all({ base: 'CN=x,DC=fabrikam,DC=com' })).rejects.toMatchObject({
      code: 'referral',
      message: expect.stringMatching(/^0000202B: RefErr: .*ref 1: 'fabrikam.com'/s),
      referrals: ['ldap://fabrikam.com/CN=x,DC=fabrikam,DC=com'],
    });
  });
});

describe('MS-ADTS 3.1.1.3.4.1.14 deleted entries', () => {
  const shown = [plainControl(CONTROLS.showDeleted)];

  it('are found, read and made entries again with the control alone', async () => {
    const { directory } = domain.dc;
    const dn = `CN=gone,${OU}`;
    const { guid } = await directory.add(dn, { objectClass: 'user', sAMAccountName: 'gone' });
    await client.delete(dn);
    const base = `<GUID=${guid}>`;
    const hidden = all({ base, scope: 'base' });
    await expect(hidden).rejects.toMatchObject({ code: 'noSuchObject' });
    const { names } = await all({ base, scope: 'base', controls: shown });
    const tombstone = `CN=gone\\0ADEL:${guid},CN=Deleted Objects,${BASE}`;
    expect(names).toEqual([tombstone]);
    const filter = '(&(isDeleted=TRUE)(sAMAccountName=gone))';
    const found = { base: BASE, scope: 'subtree', filter } as const;
    expect((await all({ ...found, controls: shown })).names).toEqual([tombstone]);
    expect((await all(found)).names).toEqual([]);
    const rename = client.modifyDn(tombstone, { newRdn: 'CN=x' }, { controls: shown });
    await expect(rename).rejects.toMatchObject({ code: 'unwillingToPerform' });
    const back = [
      { operation: 'delete', attribute: 'isDeleted', values: [] },
      { operation: 'replace', attribute: 'distinguishedName', values: [dn] },
    ] as const;
    await expect(client.modify(tombstone, back)).rejects.toMatchObject({ code: 'noSuchObject' });
    const alice = await connectAs(domain, 'alice');
    const denied = alice.modify(tombstone, back, { controls: shown });
    await expect(denied).rejects.toMatchObject({ code: 'insufficientAccessRights' });
    await alice.close();
    await client.modify(tombstone, back, { controls: shown });
    expect(directory.get(dn).guid).toBe(guid);
  });
});

describe('MS-ADTS 3.1.1.4.5 attributes that depend on who asks and when', () => {
  const read = async (as: LdapClient, base: string, attributes: string[]) => {
    const [entry] = await entriesOf(as, { base, scope: 'base', attributes });
    return (name: string) => textsOf(entry, name);
  };

  it('3.1.1.4.5.4, 3.1.1.4.5.5, 3.1.1.4.5.7 rights', async () => {
    const names = [
      'sDRightsEffective',
      'allowedAttributesEffective',
      'allowedChildClassesEffective',
    ];
    const mine = await read(client, OU, names);
    expect(mine('sDRightsEffective')).toEqual(['15']);
    expect(mine('allowedAttributesEffective')).toContain('description');
    expect(mine('allowedChildClassesEffective')).toEqual(
      expect.arrayContaining(['user', 'computer', 'organizationalUnit']),
    );
    const alice = await connectAs(domain, 'alice');
    const hers = await read(alice, OU, names);
    expect(hers('sDRightsEffective')).toEqual(['0']);
    expect(hers('allowedAttributesEffective')).toBeUndefined();
    expect(hers('allowedChildClassesEffective')).toBeUndefined();
    await alice.close();
  });

  it('3.1.1.4.5.17, 3.1.1.4.5.33 state and expiry of passwords', async () => {
    const expiry = 'msDS-UserPasswordExpiryTimeComputed';
    const state = 'msDS-User-Account-Control-Computed';
    const alice = await read(client, ALICE, [expiry, state, 'pwdLastSet']);
    expect(alice(state)).toEqual(['0']);
    const set = BigInt(alice('pwdLastSet')?.[0] ?? 0);
    expect(alice(expiry)).toEqual([String(set + 36_288_000_000_000n)]);
    const server = await read(client, `CN=DC,OU=Domain Controllers,${BASE}`, [expiry, state]);
    expect(server(expiry)).toEqual(['9223372036854775807']);
    expect(server(state)).toEqual(['0']);
    const change = { operation: 'replace', attribute: 'pwdLastSet', values: ['0'] } as const;
    const bob = `CN=Bob,CN=Users,${BASE}`;
    await domain.dc.directory.modify(bob, [change]);
    const expired = await read(client, bob, [expiry, state]);
    expect([expired(expiry), expired(state)]).toEqual([['0'], ['8388608']]);
  });

  it('3.1.1.4.5.19: groups of tokens one entry at a time', async () => {
    const attributes = ['tokenGroups'];
    const many = entriesOf(client, { base: OU, scope: 'one', attributes });
    await expect(many).rejects.toMatchObject({ code: 'operationsError' });
  });
});

describe('MS-ADTS 3.1.1.3.2, 3.1.1.3.3 rootDSE', () => {
  const root = async (attributes: string[], as: LdapClient = client) => {
    const [entry] = await entriesOf(as, { base: '', scope: 'base', attributes });
    return (name: string) => textsOf(entry, name);
  };

  it('tells more to who asks by name', async () => {
    const every = await root(['*', '+']);
    expect(every('supportedLDAPPolicies')).toContain('MaxPageSize');
    for (const name of ['validFSMOs', 'tokenGroups', 'dsaVersionString', 'supportedExtension']) {
      expect(every(name)).toBeUndefined();
    }
    const more = await root([
      'validFSMOs',
      'tokenGroups',
      'dsaVersionString',
      'msDS-PortLDAP',
      'msDS-PrincipalName',
      'supportedExtension',
    ]);
    expect(more('validFSMOs')).toContain(BASE);
    expect(more('tokenGroups')?.length).toBeGreaterThan(3);
    expect(more('dsaVersionString')).toHaveLength(1);
    expect(more('msDS-PortLDAP')).toEqual(['389']);
    expect(more('msDS-PrincipalName')).toEqual(['CONTOSO\\Administrator']);
    const alice = await connectAs(domain, 'alice');
    expect((await root(['dsaVersionString'], alice))('dsaVersionString')).toBeUndefined();
    await alice.close();
  });

  it('lists no control that is not acted on', async () => {
    const listed = (await root(['supportedControl']))('supportedControl') ?? [];
    expect(new Set(listed).size).toBe(listed.length);
    const refused = { code: 'unavailableCriticalExtension' };
    const unlisted = [CONTROLS.notification, CONTROLS.getStats, '1.2.3'];
    for (const oid of unlisted) {
      expect(listed).not.toContain(oid);
      const search = all({ base: BASE, scope: 'base', controls: [plainControl(oid)] });
      await expect(search).rejects.toMatchObject(refused);
    }
  });

  it('takes operations of administrators', async () => {
    const operation = (attribute: string, as = client) =>
      as.modify('', [{ operation: 'add', attribute, values: ['1'] }]);
    await expect(operation('schemaUpdateNow')).resolves.not.toThrow();
    await expect(operation('doGarbageCollection')).resolves.not.toThrow();
    await expect(operation('dumpDatabase')).rejects.toMatchObject({ code: 'unwillingToPerform' });
    const alice = await connectAs(domain, 'alice');
    await expect(operation('becomePdc', alice)).rejects.toMatchObject({
      code: 'insufficientAccessRights',
    });
    await alice.close();
  });
});
