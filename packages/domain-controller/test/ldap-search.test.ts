import { encodeGuid, parseGuid } from '@doublehop/security/guid';
import { encodeSid } from '@doublehop/security/sid';
import { decodeDescriptor, encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import type { LdapClient } from '@doublehop/ldap/client/client';
import { findControl, pagedResults, plainControl, sdFlags } from '@doublehop/ldap/controls';
import { CONTROLS } from '@doublehop/ldap/oids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ALICE,
  BASE,
  connectAs,
  connectClear,
  entriesOf,
  octetsOf,
  passwordOf,
  type RunningDomain,
  serverDn,
  SERVERS,
  startDomain,
  textsOf,
} from './support/domain.ts';

let domain: RunningDomain;
let client: LdapClient;

const STAFF = `CN=Staff,CN=Users,${BASE}`;
const MANY = 1_620;

beforeAll(async () => {
  domain = await startDomain();
  const { directory } = domain.dc;
  await directory.write((writer) => {
    writer.add(`OU=Many,${BASE}`, { objectClass: 'organizationalUnit' });
    const members: string[] = [];
    for (let number = 0; number < MANY; number += 1) {
      const dn = `CN=user${number},OU=Many,${BASE}`;
      writer.add(dn, { objectClass: 'user', sAMAccountName: `user${number}` });
      members.push(dn);
    }
    writer.add(STAFF, { objectClass: 'group', sAMAccountName: 'Staff', member: members });
  });
  client = await connectAs(domain, 'alice');
});
afterAll(async () => {
  await client.close();
  await domain.close();
  expect(domain.defects).toEqual([]);
});

const names = async (filter: string, base = BASE): Promise<string[]> => {
  const found = await entriesOf(client, { base, filter, attributes: ['1.1'] });
  return found.map(({ dn }) => dn).sort();
};

describe('MS-ADTS 3.1.1.3.2 rootDSE', () => {
  it('tells anybody what the domain and the server are', async () => {
    const anonymous = await connectClear(domain);
    const [root] = await entriesOf(anonymous, { base: '', scope: 'base' });
    await anonymous.close();
    const expected: Readonly<Record<string, readonly string[]>> = {
      defaultNamingContext: [BASE],
      rootDomainNamingContext: [BASE],
      configurationNamingContext: [`CN=Configuration,${BASE}`],
      schemaNamingContext: [`CN=Schema,CN=Configuration,${BASE}`],
      namingContexts: [BASE, `CN=Configuration,${BASE}`, `CN=Schema,CN=Configuration,${BASE}`],
      dnsHostName: ['dc.contoso.com'],
      ldapServiceName: ['contoso.com:dc$@CONTOSO.COM'],
      supportedLDAPVersion: ['3'],
      supportedSASLMechanisms: ['GSSAPI', 'GSS-SPNEGO'],
      domainFunctionality: ['7'],
      forestFunctionality: ['7'],
      domainControllerFunctionality: ['7'],
      isSynchronized: ['TRUE'],
      isGlobalCatalogReady: ['TRUE'],
    };
    for (const [name, values] of Object.entries(expected)) {
      expect([name, textsOf(root, name)]).toEqual([name, values]);
    }
    expect(root?.dn).toBe('');
    expect(textsOf(root, 'supportedControl')).toContain(CONTROLS.pagedResults);
    expect(textsOf(root, 'supportedCapabilities')).toContain('1.2.840.113556.1.4.800');
    expect(textsOf(root, 'currentTime')?.[0]).toMatch(/^\d{14}\.0Z$/);
    expect(textsOf(root, 'highestCommittedUSN')?.[0]).toMatch(/^[1-9]\d*$/);
  });

  it('selects attributes and answers filters', async () => {
    const root = (filter: string, attributes: string[] = []) =>
      entriesOf(client, { base: '', scope: 'base', filter, attributes });
    const [one] = await root('(objectClass=*)', ['DEFAULTNAMINGCONTEXT']);
    expect(one?.attributes.map(({ type }) => type)).toEqual(['defaultNamingContext']);
    await expect(root('(dnsHostName=DC.contoso.com)')).resolves.toHaveLength(1);
    await expect(root('(&(objectClass=*)(!(dnsHostName=other)))')).resolves.toHaveLength(1);
    await expect(root('(|(dnsHostName=other)(cn=x))')).resolves.toHaveLength(0);
    await expect(root('(!(cn=x))')).resolves.toHaveLength(0);
    await expect(root('(!(objectClass=*))')).resolves.toHaveLength(0);
  });
});

describe('MS-ADTS 5.1.3.3.5 anonymous clients', () => {
  it('see nothing but the rootDSE', async () => {
    const anonymous = await connectClear(domain);
    const denied = { code: 'operationsError', message: expect.stringMatching(/^000004DC: /) };
    await expect(entriesOf(anonymous, { base: BASE })).rejects.toMatchObject(denied);
    await expect(entriesOf(anonymous, { base: '', scope: 'one' })).rejects.toMatchObject(denied);
    await expect(anonymous.delete(ALICE)).rejects.toMatchObject(denied);
    await expect(anonymous.modify(ALICE, [])).rejects.toMatchObject(denied);
    await expect(anonymous.modifyDn(ALICE, { newRdn: 'CN=A' })).rejects.toMatchObject(denied);
    const entry = { objectClass: 'container' };
    await expect(anonymous.add(`CN=x,${BASE}`, entry)).rejects.toMatchObject(denied);
    await anonymous.close();
  });
});

describe('MS-ADTS 3.1.1.3.1.3 search', () => {
  it('RFC 4511 §4.5.1.2: base, one level, subtree', async () => {
    const dns = async (scope: 'base' | 'one' | 'subtree') =>
      (await entriesOf(client, { base: `OU=NA,${BASE}`, scope })).map(({ dn }) => dn).sort();
    await expect(dns('base')).resolves.toEqual([`OU=NA,${BASE}`]);
    await expect(dns('one')).resolves.toEqual([SERVERS]);
    await expect(dns('subtree')).resolves.toEqual(
      [`OU=NA,${BASE}`, SERVERS, serverDn('SERVERB'), serverDn('SERVERC')].sort(),
    );
  });

  it('filters', async () => {
    await expect(names('(servicePrincipalName=host/serverc.CONTOSO.com)')).resolves.toEqual([
      serverDn('SERVERC'),
    ]);
    await expect(names('(&(objectClass=computer)(!(cn=SERVERB)))', SERVERS)).resolves.toEqual([
      serverDn('SERVERC'),
    ]);
    await expect(names('(cn=SERVER*)', SERVERS)).resolves.toHaveLength(2);
    await expect(names('(userAccountControl:1.2.840.113556.1.4.803:=8192)')).resolves.toEqual([
      `CN=DC,OU=Domain Controllers,${BASE}`,
    ]);
    await expect(names('(userPrincipalName=alice@contoso.com)')).resolves.toEqual([ALICE]);
    await expect(names('(nosuchattribute=x)')).resolves.toEqual([]);
    // Nobody learns a secret by asking whether it is this one.
    await expect(names('(unicodePwd=*)')).resolves.toEqual([]);
  });

  it('finds SIDs and GUIDs by text and by octets', async () => {
    const { sid, guid } = domain.dc.directory.get(ALICE);
    if (sid === undefined) throw new Error('Alice has a SID');
    const octets = { kind: 'equality', attribute: 'objectSid', value: encodeSid(sid) } as const;
    await expect(names(`(objectSid=${sid})`)).resolves.toEqual([ALICE]);
    const found = await entriesOf(client, { base: BASE, filter: octets });
    expect(found.map(({ dn }) => dn)).toEqual([ALICE]);
    expect(octetsOf(found[0], 'objectSid')).toEqual(encodeSid(sid));
    expect(octetsOf(found[0], 'objectGUID')).toEqual(encodeGuid(guid));
  });

  it('3.1.1.3.1.2.4: <GUID=…>, <SID=…> and <WKGUID=…> as base', async () => {
    const { sid, guid } = domain.dc.directory.get(ALICE);
    const base = async (text: string) =>
      (await entriesOf(client, { base: text, scope: 'base' }))[0]?.dn;
    await expect(base(`<GUID=${guid}>`)).resolves.toBe(ALICE);
    const hex = Buffer.from(encodeGuid(parseGuid(guid))).toString('hex');
    await expect(base(`<GUID=${hex}>`)).resolves.toBe(ALICE);
    await expect(base(`<SID=${sid ?? ''}>`)).resolves.toBe(ALICE);
    const computers = `<WKGUID=aa312825768811d1aded00c04fd8d5cd,${BASE}>`;
    await expect(base(computers)).resolves.toBe(`CN=Computers,${BASE}`);
  });

  it('tells how far down a name leads', async () => {
    const dn = `CN=x,OU=nowhere,OU=NA,${BASE}`;
    await expect(entriesOf(client, { base: dn })).rejects.toMatchObject({
      code: 'noSuchObject',
      matchedDn: `OU=NA,${BASE}`,
      message: expect.stringMatching(/^0000208D: NameErr: .*2001 \(NO_OBJECT\)/),
    });
    await expect(entriesOf(client, { base: 'not a name' })).rejects.toMatchObject({
      code: 'invalidDNSyntax',
      message: expect.stringMatching(/^0000208F: NameErr: .*2006 \(BAD_NAME\)/),
    });
  });

  it('needs a base: there is no tree above the naming contexts', async () => {
    await expect(entriesOf(client, { base: '' })).rejects.toMatchObject({ code: 'noSuchObject' });
  });
});

describe('RFC 4511 §4.5.1.8 attribute selection', () => {
  const types = async (attributes: string[], more: { typesOnly?: boolean } = {}) => {
    const [entry] = await entriesOf(client, { base: ALICE, scope: 'base', attributes, ...more });
    return entry?.attributes ?? [];
  };
  const typeNames = async (attributes: string[]) =>
    (await types(attributes)).map(({ type }) => type).sort();

  it('names attributes in the case of the schema', async () => {
    await expect(typeNames(['SAMACCOUNTNAME', 'objectsid'])).resolves.toEqual([
      'objectSid',
      'sAMAccountName',
    ]);
    await expect(typeNames(['2.5.4.3'])).resolves.toEqual(['cn']);
    await expect(typeNames(['objectSid;binary'])).resolves.toEqual(['objectSid;binary']);
    await expect(typeNames(['cn;lang-de', 'nosuchattribute'])).resolves.toEqual([]);
  });

  it('gives all but constructed attributes, or none', async () => {
    const all = await typeNames([]);
    expect(all).toEqual(await typeNames(['*']));
    expect(all).toContain('distinguishedName');
    expect(all).not.toContain('canonicalName');
    expect(all).not.toContain('nTSecurityDescriptor');
    await expect(typeNames(['1.1'])).resolves.toEqual([]);
  });

  it('gives constructed attributes by name or by +', async () => {
    await expect(typeNames(['canonicalName', 'tokenGroups'])).resolves.toEqual([
      'canonicalName',
      'tokenGroups',
    ]);
    await expect(typeNames(['+'])).resolves.toContain('canonicalName');
    await expect(typeNames(['*', '+'])).resolves.toEqual(
      expect.arrayContaining(['canonicalName', 'sAMAccountName']),
    );
  });

  it('gives types without values', async () => {
    const [cn] = await types(['cn'], { typesOnly: true });
    expect(cn).toMatchObject({ type: 'cn', values: [] });
  });

  it('MS-ADTS 3.1.1.4.4: never a secret', async () => {
    const secrets = ['unicodePwd', 'supplementalCredentials', 'ntPwdHistory', 'dBCSPwd'];
    await expect(typeNames(secrets)).resolves.toEqual([]);
    const administrator = await connectAs(domain, 'Administrator');
    const filter = '(sAMAccountName=alice)';
    const found = await entriesOf(administrator, {
      base: BASE,
      filter,
      attributes: ['*', '+', ...secrets],
    });
    await administrator.close();
    const seen = found.flatMap(({ attributes }) => attributes);
    expect(secrets.filter((name) => seen.some(({ type }) => type === name))).toEqual([]);
    const octets = Buffer.concat(seen.flatMap(({ values }) => values));
    const { keys } = domain.dc.accounts.byName('alice') ?? {};
    expect(keys?.keys).toHaveLength(4);
    for (const { bytes } of keys?.keys ?? []) expect(octets.includes(bytes)).toBe(false);
  });

  it('3.1.1.3.1.3.3: long attributes come by ranges', async () => {
    const read = async (description: string) => {
      const options = { base: STAFF, scope: 'base', attributes: [description] } as const;
      const [entry] = await entriesOf(client, options);
      return entry?.attributes.map(({ type, values }) => [type, values.length]);
    };
    await expect(read('member')).resolves.toEqual([
      ['member', 0],
      ['member;range=0-1499', 1500],
    ]);
    await expect(read('member;range=1500-*')).resolves.toEqual([
      ['member;range=1500-*', MANY - 1500],
    ]);
    await expect(read('member;range=10-19')).resolves.toEqual([['member;range=10-19', 10]]);
    await expect(read('member;range=19-10')).resolves.toEqual([]);
    await expect(read('member;range=0-9999')).resolves.toEqual([['member;range=0-1499', 1500]]);
    await expect(read('objectClass;range=1-1')).resolves.toEqual([['objectClass;range=1-*', 1]]);
    await expect(read('objectClass;range=5-9')).resolves.toEqual([['objectClass;range=5-*', 0]]);
    await expect(read('member;range=9999-*')).rejects.toMatchObject({ code: 'operationsError' });
    // 3.1.1.3.4.1.22: with the control, no error and no values.
    const controls = [plainControl(CONTROLS.rangeRetrievalNoError)];
    const attributes = ['member;range=9999-*'];
    const [entry] = await entriesOf(client, { base: STAFF, scope: 'base', attributes, controls });
    expect(entry?.attributes).toEqual([]);
  });
});

describe('RFC 2696 paged results', () => {
  const many = { base: `OU=Many,${BASE}`, scope: 'one', filter: '(objectClass=user)' } as const;

  it('gives every entry once, page by page', async () => {
    const seen = new Set<string>();
    let count = 0;
    for await (const item of client.searchAll({ ...many, pageSize: 100 })) {
      if (item.kind !== 'entry') continue;
      count += 1;
      seen.add(item.dn);
    }
    expect(count).toBe(MANY);
    expect(seen.size).toBe(MANY);
  });

  const page = async (size: number, cookie: Uint8Array, of: Parameters<typeof entriesOf>[1]) => {
    const controls = [pagedResults.encode({ size, cookie })];
    const search = client.search({ ...of, controls });
    let count = 0;
    for (;;) {
      const step = await search.next();
      if (step.done === true) {
        return { count, cookie: findControl(step.value.controls, pagedResults)?.cookie };
      }
      count += 1;
    }
  };
  const START = new Uint8Array(0);
  const GONE = {
    code: 'unavailableCriticalExtension',
    message: expect.stringMatching(/^00000057: LdapErr: .*Error processing control/),
  };

  it('MS-ADTS 3.1.1.3.4.6: no answer has more than MaxPageSize entries', async () => {
    await expect(entriesOf(client, many)).rejects.toMatchObject({ code: 'sizeLimitExceeded' });
    expect((await page(50_000, START, many)).count).toBe(1000);
  });

  it('sizeLimit of the client ends a search', async () => {
    const limited = entriesOf(client, { ...many, sizeLimit: 3 });
    await expect(limited).rejects.toMatchObject({ code: 'sizeLimitExceeded' });
  });

  it('ends with an empty cookie, at once where one page has all', async () => {
    const servers = { base: SERVERS, filter: '(objectClass=computer)' };
    const { count, cookie } = await page(100, START, servers);
    expect([count, cookie]).toEqual([2, START]);
  });

  it('§3: a size of 0 ends the search early', async () => {
    const { cookie = START } = await page(10, START, many);
    expect(cookie.length).toBeGreaterThan(0);
    await expect(page(0, cookie, many)).resolves.toEqual({ count: 0, cookie: START });
    await expect(page(10, cookie, many)).rejects.toMatchObject(GONE);
  });

  it('refuses cookies of other searches, other clients, and of nobody', async () => {
    const refused = GONE;
    const { cookie = START } = await page(10, START, many);
    const other = { ...many, filter: '(objectClass=group)' };
    await expect(page(10, cookie, other)).rejects.toMatchObject(refused);
    const next = await page(10, START, many);
    await client.bindSimple('CONTOSO\\bob', passwordOf('bob'));
    await expect(page(10, next.cookie ?? START, many)).rejects.toMatchObject(refused);
    await client.bindSimple('CONTOSO\\alice', passwordOf('alice'));
    for (const forged of [Buffer.from('x'), Buffer.alloc(8), Buffer.alloc(8, 0xff)]) {
      await expect(page(10, forged, many)).rejects.toMatchObject(refused);
    }
  });

  it('holds ten searches of a connection; the oldest gives way', async () => {
    const cookies: Uint8Array[] = [];
    for (let number = 0; number < 11; number += 1) {
      cookies.push((await page(10, START, many)).cookie ?? START);
    }
    const [oldest = START, second = START] = cookies;
    await expect(page(10, oldest, many)).rejects.toMatchObject(GONE);
    expect((await page(10, second, many)).count).toBe(10);
  });
});

describe('MS-ADTS 3.1.1.3.4.1.11 SD flags', () => {
  const descriptor = encodeDescriptor(parseSddl('O:BAG:BAD:(A;;RPWPRC;;;AU)S:(AU;SAFA;WP;;;WD)'));
  const read = async (as: LdapClient, flags: number | undefined, attributes: string[]) => {
    const controls = flags === undefined ? [] : [sdFlags.encode({ flags }, true)];
    const options = { base: SERVERS, scope: 'base', attributes, controls } as const;
    const [entry] = await entriesOf(as, options);
    const octets = octetsOf(entry, 'nTSecurityDescriptor');
    if (octets === undefined) return undefined;
    const { owner, group, dacl, sacl } = decodeDescriptor(octets);
    return Object.entries({ owner, group, dacl, sacl })
      .filter(([, part]) => part !== undefined)
      .map(([name]) => name);
  };

  it('show the parts asked for, the SACL to administrators alone', async () => {
    const change = { operation: 'replace', attribute: 'nTSecurityDescriptor' } as const;
    await domain.dc.directory.modify(SERVERS, [{ ...change, values: [descriptor] }]);
    const named = ['ntsecuritydescriptor'];
    await expect(read(client, undefined, [])).resolves.toBeUndefined();
    // Without the control all parts are meant, and not all may be read: none is (3.1.1.4.4).
    await expect(read(client, undefined, named)).resolves.toBeUndefined();
    await expect(read(client, 7, named)).resolves.toEqual(['owner', 'group', 'dacl']);
    await expect(read(client, 4, named)).resolves.toEqual(['dacl']);
    await expect(read(client, 5, ['*'])).resolves.toEqual(['owner', 'dacl']);
    await expect(read(client, 15, named)).resolves.toBeUndefined();
    const administrator = await connectAs(domain, 'Administrator');
    const all = ['owner', 'group', 'dacl', 'sacl'];
    await expect(read(administrator, undefined, named)).resolves.toEqual(all);
    await expect(read(administrator, 8, named)).resolves.toEqual(['sacl']);
    await administrator.close();
  });

  it('RFC 4511 §4.1.11: a critical control that is not supported is refused', async () => {
    const controls = [plainControl(CONTROLS.notification)];
    await expect(entriesOf(client, { base: BASE, controls })).rejects.toMatchObject({
      code: 'unavailableCriticalExtension',
    });
  });
});

describe('RFC 4511 §4.10 compare', () => {
  it('compares by the rules of the attribute', async () => {
    await expect(client.compare(ALICE, 'sAMAccountName', 'ALICE')).resolves.toBe(true);
    await expect(client.compare(ALICE, 'sAMAccountName', 'bob')).resolves.toBe(false);
    await expect(client.compare(ALICE, 'mail', 'x')).rejects.toMatchObject({
      code: 'noSuchAttribute',
    });
    await expect(client.compare(ALICE, 'unicodePwd', 'x')).rejects.toMatchObject({
      code: 'noSuchAttribute',
    });
    await expect(client.compare(`CN=nobody,${BASE}`, 'cn', 'x')).rejects.toMatchObject({
      code: 'noSuchObject',
    });
  });
});
