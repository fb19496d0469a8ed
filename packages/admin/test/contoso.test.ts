import { LdapClient } from '@doublehop/ldap/client/client';
import { addGrant } from '@doublehop/delegation/grants';
import { AceType, buildAce } from '@doublehop/security/ace';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { toHex } from '@doublehop/wire/bytes';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Account, ALLOWED_TO_ACT } from '../src/account.ts';
import { applyChange, applyChanges, readAllowedToAct } from '../src/apply.ts';
import type { DomainConnection } from '../src/connection.ts';
import { AdminError } from '../src/errors.ts';
import { planEdit } from '../src/plan.ts';
import { prepareEdits } from '../src/prepare.ts';
import { resolveAccount, resolvePrincipal, resolveTarget } from '../src/resolve.ts';
import { changeSentences } from '../src/sentences.ts';
import { showGrants } from '../src/show.ts';
import { findTargets } from '../src/targets.ts';
import { clientOf, type Contoso, SERVERS, startContoso } from './support/contoso.ts';

let contoso: Contoso;
let admin: DomainConnection;

beforeAll(async () => {
  contoso = await startContoso();
  admin = await contoso.connectAs('Administrator');
});
afterAll(async () => {
  await admin.close();
  await contoso.close();
});

async function failure(work: Promise<unknown>): Promise<AdminError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof AdminError) return error;
  throw new Error('it did not fail with an AdminError', { cause: error });
}

async function put(account: Account, bytes: Uint8Array | undefined): Promise<void> {
  const values = bytes === undefined ? [] : [bytes];
  await admin.client.modify(account.dn, [
    { operation: 'replace', attribute: ALLOWED_TO_ACT, values },
  ]);
}

const target = async (): Promise<Account> => await resolveTarget(admin, 'ServerC');

describe('connect', () => {
  test('the domain is read: names, SID, controller', () => {
    expect(admin.domain).toMatchObject({
      namingContext: 'DC=contoso,DC=com',
      dnsName: 'contoso.com',
      netbiosName: 'CONTOSO',
      controller: 'dc.contoso.com',
      sid: contoso.controller.domain.sid,
    });
  });

  test.for(['GSSAPI', 'GSS-SPNEGO'] as const)('%s over ldap:// is sealed', async (mechanism) => {
    const connection = await contoso.connectAs('Administrator', { mechanism });
    const { client } = connection;
    expect(client).toBeInstanceOf(LdapClient);
    expect(client instanceof LdapClient && client.layer).toBe('confidentiality');
    expect(client instanceof LdapClient && (await client.whoAmI())).toBe(
      'u:CONTOSO\\Administrator',
    );
    await connection.close();
  });

  test.for(['GSSAPI', 'GSS-SPNEGO'] as const)(
    '%s over ldaps:// is bound to the TLS channel, without a layer of its own',
    async (mechanism) => {
      const connection = await contoso.connectAs('Administrator', {
        urls: [contoso.ldaps],
        tls: { ca: contoso.controller.certificate },
        mechanism,
      });
      const { client } = connection;
      expect(client instanceof LdapClient && client.tls).toBe(true);
      expect(client instanceof LdapClient && client.layer).toBe('none');
      await connection.close();
    },
  );

  test('an address is no name: the controller tells its own', async () => {
    const port = new URL(contoso.ldap).port;
    const connection = await contoso.connectAs('Administrator', {
      urls: [`ldap://127.0.0.1:${port}`],
    });
    expect(connection.domain.dnsName).toBe('contoso.com');
    await connection.close();
  });

  test('an unknown certificate is not trusted', async () => {
    const error = await failure(contoso.connectAs('Administrator', { urls: [contoso.ldaps] }));
    expect(error.code).toBe('untrusted');
    expect(error.message).toContain('--ca-file');
  });

  test('the next controller is tried where one is silent', async () => {
    const urls = ['ldap://127.0.0.1:1', contoso.ldap];
    const connection = await contoso.connectAs('Administrator', { urls });
    expect(connection.url).toBe(contoso.ldap);
    await connection.close();
    const error = await failure(
      contoso.connectAs('Administrator', { urls: ['ldap://127.0.0.1:1'] }),
    );
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a wrong password is told as such', async () => {
    const kerberos = clientOf(contoso.config, 'Administrator', 'wrong');
    await expect(contoso.connectAs('Administrator', { kerberos })).rejects.toMatchObject({
      code: 'password',
      message: expect.stringContaining('wrong password'),
    });
  });
});

describe('resolveAccount', () => {
  test('every form of name means the same account', async () => {
    const { sid, guid, dn } = await target();
    const forms = [
      'ServerC',
      'serverc',
      'SERVERC$',
      'CONTOSO\\ServerC',
      'contoso.com\\SERVERC$',
      'serverc$@contoso.com',
      'ServerC@CONTOSO.COM',
      'serverc.contoso.com',
      dn,
      dn.toLowerCase(),
      sid,
      guid ?? '',
      `{${(guid ?? '').toUpperCase()}}`,
      'HOST/serverc.contoso.com',
      'cifs/ServerC',
      'http/serverc.contoso.com@CONTOSO.COM',
    ];
    for (const form of forms) {
      expect((await resolveAccount(admin, form, '--target')).dn, form).toBe(dn);
    }
  });

  test('an explicit userPrincipalName', async () => {
    expect((await resolveAccount(admin, 'alice.smith@contoso.com')).name).toBe('alice');
  });

  test('names that look like filters are names', async () => {
    expect((await resolveAccount(admin, 'odd(x)&y')).kind).toBe('user');
    for (const hostile of ['*', 'Server*', 'x)(objectClass=*', 'a\\2a', '(|(cn=*))', '\u0001']) {
      const error = await failure(resolveAccount(admin, hostile, '--target'));
      expect(['not-found', 'other-domain', 'usage']).toContain(error.code);
      expect(error.message).toMatch(/^--target: /);
    }
  });

  test('what is not there, and what would be right', async () => {
    const error = await failure(resolveAccount(admin, 'ServerX', '--middle'));
    expect(error).toMatchObject({ code: 'not-found', argument: '--middle', subject: 'ServerX' });
    expect(error.message).toContain('no account "ServerX" in contoso.com');
    expect((await failure(resolveAccount(admin, `CN=No,${SERVERS}`))).code).toBe('not-found');
  });

  test('a name that two accounts have', async () => {
    const error = await failure(resolveAccount(admin, 'twin', '--target'));
    expect(error.code).toBe('ambiguous');
    expect(error.candidates).toHaveLength(2);
    expect(error.message).toContain('TWIN$ (a computer)');
    expect((await resolveAccount(admin, 'TWIN$')).kind).toBe('computer');
  });

  test('another domain, a folder and a group where an account belongs', async () => {
    const other = await failure(resolveAccount(admin, 'FABRIKAM\\ServerB', '--middle'));
    expect(other.code).toBe('other-domain');
    expect(other.message).toContain('FABRIKAM');
    expect((await failure(resolveTarget(admin, SERVERS))).code).toBe('wrong-kind');
    expect((await failure(resolveTarget(admin, 'Middles'))).message).toContain('is a group');
    expect((await resolvePrincipal(admin, 'Middles')).kind).toBe('group');
  });

  test('a SID of nobody here is taken as it is, for a principal alone', async () => {
    const sid = 'S-1-5-21-1-2-3-1104';
    expect(await resolvePrincipal(admin, sid)).toEqual({ sid, name: sid });
    expect((await failure(resolveTarget(admin, sid))).code).toBe('not-found');
  });
});

describe('grants on a real controller', () => {
  afterEach(async () => await put(await target(), undefined));

  test('grant, show, revoke: the last removal clears the attribute', async () => {
    const middle = await resolvePrincipal(admin, 'ServerB');
    const change = planEdit(await target(), { kind: 'grant', middles: [middle] });
    expect(changeSentences(change)).toEqual(['SERVERB$ may now act for users to SERVERC$']);
    await applyChange(admin, change);

    const report = await showGrants(admin, await target());
    expect(report).toMatchObject({ state: 'read', lints: [] });
    expect(report.principals).toMatchObject([
      { display: 'CONTOSO\\SERVERB$', dn: `CN=ServerB,${SERVERS}`, conditional: false },
    ]);
    expect(report.rules).toMatchObject([
      {
        ActiveDirectoryRights: 'GenericAll',
        AccessControlType: 'Allow',
        IdentityReference: 'CONTOSO\\SERVERB$',
        IsInherited: false,
      },
    ]);
    expect(report.sddl).toBe(`O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;${middle.sid})`);
    // The 80 bytes that every tool writes (MS-DTYP 2.4.6), down to the trustee.
    expect(report.raw).toHaveLength(80);
    expect(toHex(report.raw ?? new Uint8Array(0))).toMatch(
      /^01000480140000000000000000000000240000000102000000000005200000002002000004002c0001000000/,
    );

    const again = planEdit(await target(), { kind: 'grant', middles: [middle] });
    expect(again.changed).toBe(false);
    expect(changeSentences(again)).toEqual(['SERVERB$ may already act for users to SERVERC$']);

    const revoke = planEdit(await target(), { kind: 'revoke', middles: [middle] });
    expect(changeSentences(revoke)).toEqual(['SERVERB$ may no longer act for users to SERVERC$']);
    await applyChange(admin, revoke);
    expect(await readAllowedToAct(admin, (await target()).dn)).toBeUndefined();
  });

  test('set shows who is lost by name', async () => {
    const [b, b1, b2] = await Promise.all(
      ['ServerB', 'ServerB1', 'ServerB2'].map(async (name) => await resolvePrincipal(admin, name)),
    );
    if (b === undefined || b1 === undefined || b2 === undefined) throw new Error('unresolved');
    await applyChange(admin, planEdit(await target(), { kind: 'grant', middles: [b, b1] }));
    const plan = await prepareEdits(admin, [await target()], { kind: 'set', middles: [b1, b2] });
    const [change] = plan.changes;
    expect(change === undefined ? [] : changeSentences(change)).toEqual([
      'SERVERB2$ may now act for users to SERVERC$',
      'SERVERB$ may no longer act for users to SERVERC$',
      'SERVERB1$ may still act for users to SERVERC$',
    ]);
  });

  test('every other entry is kept byte for byte', async () => {
    const sid = contoso.controller.domain.sid;
    const odd = parseSddl(
      `O:BAG:BAD:(D;;CR;;;${sid}-9999)(OA;CI;CR;3f78c3e5-f79a-46bd-a0b8-9d18116ddc79;;WD)` +
        '(XA;;CR;;;BU;(Member_of{SID(BA)}))(A;CIIO;GA;;;CO)(A;ID;CR;;;AU)',
    );
    const account = await target();
    await put(account, encodeDescriptor(odd));
    const middle = await resolvePrincipal(admin, 'ServerB');
    await applyChange(admin, planEdit(await target(), { kind: 'grant', middles: [middle] }));
    const granted = toHex((await readAllowedToAct(admin, account.dn)) ?? new Uint8Array(0));
    const aces = odd.dacl === undefined || odd.dacl === 'null' ? [] : odd.dacl.aces;
    expect(aces).toHaveLength(5);
    for (const { raw } of aces) expect(granted).toContain(toHex(raw));
    await applyChange(admin, planEdit(await target(), { kind: 'revoke', middles: [middle] }));
    expect(toHex((await readAllowedToAct(admin, account.dn)) ?? new Uint8Array(0))).toBe(
      toHex(encodeDescriptor(odd)),
    );
  });

  test.for([
    ['absent, now there', undefined, 'S-1-5-21-1-2-3-4', '(S-1-5-21-1-2-3-4 was added)'],
    [
      'there, now another',
      'S-1-5-21-1-2-3-4',
      'S-1-5-21-1-2-3-5',
      '(S-1-5-21-1-2-3-5 was added, S-1-5-21-1-2-3-4 was taken away)',
    ],
    ['there, now absent', 'S-1-5-21-1-2-3-4', undefined, '(it was cleared)'],
  ] as const)('a change by somebody else is not overwritten: %s', async ([, before, now, what]) => {
    const account = await target();
    const bytes = (sid: typeof before | typeof now) =>
      sid === undefined ? undefined : encodeDescriptor(addGrant(undefined, sid).descriptor);
    await put(account, bytes(before));
    const middle = await resolvePrincipal(admin, 'ServerB');
    const change = planEdit(await target(), { kind: 'grant', middles: [middle] });
    await put(account, bytes(now));
    const error = await failure(applyChange(admin, change));
    expect(error.code).toBe('changed-since');
    expect(error.message).toContain('somebody else changed the list of SERVERC$');
    expect(error.message).toContain(what);
    expect(await readAllowedToAct(admin, account.dn)).toEqual(bytes(now));
  });

  test('an account that was deleted meanwhile', async () => {
    const middle = await resolvePrincipal(admin, 'ServerB');
    const gone = { ...(await target()), dn: `CN=Gone,${SERVERS}` };
    const change = planEdit(gone, { kind: 'grant', middles: [middle] });
    expect((await failure(applyChange(admin, change))).code).toBe('changed-since');
  });

  test('an ordinary user is refused, in words', async () => {
    const alice = await contoso.connectAs('alice');
    const middle = await resolvePrincipal(alice, 'ServerB');
    const change = planEdit(await resolveTarget(alice, 'ServerC'), {
      kind: 'grant',
      middles: [middle],
    });
    const error = await failure(applyChange(alice, change));
    expect(error.code).toBe('access-denied');
    expect(error.message).toContain('SERVERC$');
    await alice.close();
  });

  test('entries of a kind that SDDL has no words for are shown all the same', async () => {
    const account = await target();
    const { descriptor } = addGrant(undefined, account.sid);
    const opaque = buildAce({ type: AceType.alarmCallback, mask: 0x100, sid: account.sid });
    const dacl = { revision: 4, aces: [opaque] };
    await put(account, encodeDescriptor({ ...descriptor, dacl }));
    const report = await showGrants(admin, await target());
    expect(report.sddl).toBeUndefined();
    expect(report.lints.map(({ id }) => id)).toEqual(['audit-in-dacl']);
  });

  test('a list that cannot be read can be replaced and cleared, not edited', async () => {
    const account = { ...(await target()), allowedToAct: new Uint8Array([1, 2, 3]) };
    const middle = await resolvePrincipal(admin, 'ServerB');
    expect(() => planEdit(account, { kind: 'grant', middles: [middle] })).toThrow(/doublehop set/);
    expect(() => planEdit(account, { kind: 'revoke', middles: [middle] })).toThrow(/--all/);
    expect(planEdit(account, { kind: 'set', middles: [middle] }).warnings).toHaveLength(1);
    expect(planEdit(account, { kind: 'clear' })).toMatchObject({ after: undefined, changed: true });
    expect((await showGrants(admin, account)).lints.map(({ id }) => id)).toEqual(['unparsable']);
  });
});

describe('sweeps', () => {
  const names = async (sweep: Parameters<typeof findTargets>[1]): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { name } of findTargets(admin, sweep)) found.push(name);
    return found.toSorted();
  };

  test('base, scope and filter', async () => {
    const all = ['JUMPBOX$', 'SERVERB$', 'SERVERB1$', 'SERVERB2$', 'SERVERC$', 'TWIN$'];
    expect(await names({ base: SERVERS })).toEqual(all);
    expect(await names({ base: SERVERS, scope: 'one' })).toEqual([
      'JUMPBOX$',
      'SERVERB$',
      'SERVERC$',
      'TWIN$',
    ]);
    expect(await names({ base: SERVERS, filter: '(!(cn=JumpBox))' })).toEqual(
      all.filter((name) => name !== 'JUMPBOX$'),
    );
    expect(await names({ filter: 'cn=DC' })).toEqual(['DC$']);
    expect(await names({ kinds: ['user'], filter: '(|(cn=twin)(cn=ServerB))' })).toEqual(['twin']);
    const both = await names({ kinds: ['user', 'computer'], filter: 'cn=twin' });
    expect(both).toEqual(['TWIN$', 'twin']);
    expect(await names({ kinds: ['service-account'] })).toEqual([]);
  });

  test('a base that is not there, a DN that is none, a filter that is none', async () => {
    expect((await failure(names({ base: `OU=No,${SERVERS}` }))).message).toBe(
      `--search-base: there is no "OU=No,${SERVERS}" in contoso.com; ` +
        `the nearest that exists is ${SERVERS}`,
    );
    expect((await failure(names({ base: 'Servers' }))).code).toBe('usage');
    expect((await failure(names({ filter: '(cn=' }))).code).toBe('usage');
  });

  test('a sweep but the middle itself, with a report, and undone', async () => {
    const middle = await resolvePrincipal(admin, 'JumpBox');
    const targets: Account[] = [];
    for await (const one of findTargets(admin, { base: SERVERS })) targets.push(one);
    const plan = await prepareEdits(admin, targets, { kind: 'grant', middles: [middle] });
    expect(plan.skipped.map(({ reason }) => reason)).toEqual(['JUMPBOX$ is the middle itself']);
    const seen: number[] = [];
    const report = await applyChanges(admin, plan.changes, {
      concurrency: 3,
      onOutcome: (_outcome, done) => seen.push(done),
    });
    expect(report).toMatchObject({ done: 5, unchanged: 0, failed: 0, notTried: 0 });
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    // The plan is stale now: every write of it is refused, and told one by one.
    const stale = await applyChanges(admin, plan.changes);
    expect(stale).toMatchObject({ done: 0, failed: 5 });
    const again: Account[] = [];
    for await (const one of findTargets(admin, { base: SERVERS })) again.push(one);
    const undo = await prepareEdits(admin, again, { kind: 'clear' });
    expect(await applyChanges(admin, undo.changes)).toMatchObject({ done: 5, unchanged: 1 });
  });
});
