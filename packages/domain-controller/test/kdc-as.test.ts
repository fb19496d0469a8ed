import { fileTimeOf } from '@doublehop/security/filetime';
import { decodeClientInfo } from '@doublehop/security/pac/client-info';
import { decodeLogonInfo } from '@doublehop/security/pac/logon-info';
import { pacBuffer, PacType } from '@doublehop/security/pac/pac';
import { decodeRequesterSid } from '@doublehop/security/pac/requester-sid';
import { decodeUpnDnsInfo } from '@doublehop/security/pac/upn-dns-info';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { KdcClock } from '@doublehop/kerberos/client/kdc-clock';
import { verifyTgtPac } from '@doublehop/security/pac/verify';
import { Key } from '@doublehop/crypto/key';
import { describe, expect, test } from 'vitest';
import { account, krbtgt, passwordKeys } from './support/accounts.ts';
import { NOW, Realm, refusal } from './support/realm.ts';

const KRBTGT = krbtgt();
const ALICE = account('user', 'alice', 1103, { userPrincipalName: 'alice@contoso.com' });

const realm = (changes = {}, settings = {}) =>
  new Realm([KRBTGT, account('user', 'alice', 1103, changes)], settings);

/** With other encryption types than the default ones. */
function loginWith(r: Realm, etypes: readonly number[]) {
  const client = { ...r.client, settings: { ...r.client.settings, etypes } };
  const secret = { kind: 'password', password: 'Passw0rd.alice' } as const;
  return getInitialTicket(client, { client: r.name('alice'), secret });
}

describe('RFC 4120 §3.1 AS exchange', () => {
  test('a password gives a TGT for as long as the policy allows', async () => {
    const r = realm();
    const { flags, times, client, server } = await r.login('alice', { renewLifetime: 864_000 });
    expect(client.name.nameString).toEqual(['alice']);
    expect(server.name.nameString).toEqual(['krbtgt', 'CONTOSO.COM']);
    expect(times.endtime - NOW / 1000).toBe(10 * 3600);
    expect(times.renewTill - NOW / 1000).toBe(7 * 86_400);
    const set = TicketFlag.INITIAL | TicketFlag.PRE_AUTHENT | TicketFlag.FORWARDABLE;
    expect(flags & set).toBe(set);
    expect(r.defects).toEqual([]);
  });

  test('without pre-authentication the salt is told, and nothing else', async () => {
    const r = realm();
    await r.login('alice');
    expect(r.events.map(({ Reason, EventID, Status }) => [EventID, Status, Reason])).toEqual([
      [4768, '0x19', 'preauth-required'],
      [4768, '0x0', '-'],
    ]);
  });

  test('a wrong password is event 4771', async () => {
    const r = realm();
    const seen = await refusal(r.login('alice', { password: 'guess' }));
    expect(seen.error).toBe('KDC_ERR_PREAUTH_FAILED');
    expect(r.events.at(-1)).toMatchObject({ EventID: 4771, Status: '0x18', PreAuthType: '2' });
  });

  test('DONT_REQ_PREAUTH: a ticket without the flag', async () => {
    const r = realm({ userAccountControl: 0x40_0200 });
    const { flags } = await r.login('alice');
    expect(flags & TicketFlag.PRE_AUTHENT).toBe(0);
    expect(r.events).toHaveLength(1);
  });

  test('nobody of that name', async () => {
    const seen = await refusal(realm().login('mallory'));
    expect(seen).toMatchObject({ error: 'KDC_ERR_C_PRINCIPAL_UNKNOWN', reason: 'client-unknown' });
  });

  test('no server of that name', async () => {
    const r = realm();
    const server = { nameType: NameType.SRV_INST, nameString: ['kadmin', 'nowhere'] };
    const seen = await refusal(r.login('alice', { server }));
    expect(seen).toMatchObject({ error: 'KDC_ERR_S_PRINCIPAL_UNKNOWN', reason: 'server-unknown' });
  });

  test('MS-KILE 3.3.5.7: no ticket to guess the password of a user from', async () => {
    const bob = account('user', 'bob', 1104);
    const r = new Realm([KRBTGT, ALICE, bob]);
    const server = { nameType: NameType.PRINCIPAL, nameString: ['bob'] };
    const seen = await refusal(r.login('alice', { server }));
    expect(seen).toMatchObject({ error: 'KDC_ERR_MUST_USE_USER2USER', reason: 'server-is-a-user' });
    r.accounts.replace({ ...bob, servicePrincipalNames: ['http/web'] });
    expect((await r.login('alice', { server })).server.name.nameString).toEqual(['bob']);
    r.accounts.replace({ ...bob, servicePrincipalNames: ['http/web'], userAccountControl: 0x202 });
    const disabled = await refusal(r.login('alice', { server }));
    expect(disabled.reason).toBe('server-disabled');
  });

  test('clocks that differ by more than the skew', async () => {
    const r = realm();
    const client = { ...r.client, clock: new KdcClock(() => NOW + 301_000) };
    const secret = { kind: 'password', password: 'Passw0rd.alice' } as const;
    const request = { client: r.name('alice'), secret };
    const seen = await refusal(getInitialTicket(client, request));
    expect(seen).toMatchObject({
      error: 'KRB_AP_ERR_SKEW',
      status: 'STATUS_TIME_DIFFERENCE_AT_DC',
    });
  });

  test('encryption types: none in common, and never one that is off', async () => {
    const r = realm({ keys: passwordKeys('Passw0rd.alice', 'CONTOSO.COMalice', [23]) });
    expect(await refusal(r.login('alice'))).toMatchObject({ reason: 'client-key' });
    const legacy = realm(
      { keys: passwordKeys('Passw0rd.alice', 'CONTOSO.COMalice', [23]) },
      { encryptionTypes: [18, 23] },
    );
    const { credentials } = await loginWith(legacy, [23, 18]);
    // krbtgt has no RC4 key, so it understands no such session keys.
    expect(credentials.key.etype).toBe(18);
  });

  test.each([20, 19, 17, 18])('encryption type %i from end to end', async (etype) => {
    const r = realm({ keys: passwordKeys('Passw0rd.alice', 'CONTOSO.COMalice', [etype]) });
    const { key } = await r.login('alice', { etypes: [etype] });
    expect(key.etype).toBe(etype);
  });
});

describe('account states (MS-KILE 3.3.5.7.1)', () => {
  const monday10 = new Uint8Array(21).fill(0xff);
  monday10[(24 + 10) >> 3] = 0xff & ~(1 << ((24 + 10) & 7));
  test.each([
    [
      'disabled',
      { userAccountControl: 0x202 },
      'KDC_ERR_CLIENT_REVOKED',
      'STATUS_ACCOUNT_DISABLED',
    ],
    [
      'locked ten minutes ago',
      { lockoutTime: fileTimeOf(NOW - 600_000) },
      'KDC_ERR_CLIENT_REVOKED',
      'STATUS_ACCOUNT_LOCKED_OUT',
    ],
    [
      'expired',
      { accountExpires: fileTimeOf(NOW - 1000) },
      'KDC_ERR_CLIENT_REVOKED',
      'STATUS_ACCOUNT_EXPIRED',
    ],
    [
      'outside its hours',
      { logonHours: monday10 },
      'KDC_ERR_CLIENT_REVOKED',
      'STATUS_INVALID_LOGON_HOURS',
    ],
    [
      'to change its password',
      { pwdLastSet: 0n },
      'KDC_ERR_KEY_EXPIRED',
      'STATUS_PASSWORD_MUST_CHANGE',
    ],
  ])('%s', async (_name, changes, error, status) => {
    const r = realm(changes);
    expect(await refusal(r.login('alice'))).toMatchObject({ error, status });
    expect(r.events.at(-1)).toMatchObject({ NtStatus: status });
  });

  test('a password of 43 days is told only to who knows it', async () => {
    const old = { pwdLastSet: fileTimeOf(NOW - 43 * 86_400_000) };
    const r = realm(old, { maxPasswordAge: 42 * 86_400 });
    expect((await refusal(r.login('alice'))).status).toBe('STATUS_PASSWORD_EXPIRED');
    expect((await refusal(r.login('alice', { password: 'x' }))).status).toBeUndefined();
    const never = { ...old, userAccountControl: 0x1_0200 };
    await expect(
      realm(never, { maxPasswordAge: 42 * 86_400 }).login('alice'),
    ).resolves.toBeDefined();
  });

  test('within its hours', async () => {
    const hours = new Uint8Array(21);
    hours[(24 + 10) >> 3] = 1 << ((24 + 10) & 7);
    await expect(realm({ logonHours: hours }).login('alice')).resolves.toBeDefined();
  });
});

describe('who may not be delegated', () => {
  test('sensitive (NOT_DELEGATED): no forwardable, no proxiable TGT', async () => {
    const r = realm({ userAccountControl: 0x10_0200 });
    const { flags } = await r.login('alice', { proxiable: true });
    expect(flags & (TicketFlag.FORWARDABLE | TicketFlag.PROXIABLE)).toBe(0);
  });

  test('Protected Users: the same, and four hours', async () => {
    const r = realm({ protectedUser: true });
    const { flags, times } = await r.login('alice', { renewLifetime: 864_000 });
    expect(flags & TicketFlag.FORWARDABLE).toBe(0);
    expect(times.endtime - NOW / 1000).toBe(4 * 3600);
    expect(times.renewTill).toBe(times.endtime);
  });

  test('Protected Users: no RC4, though it is on', async () => {
    const keys = passwordKeys('Passw0rd.alice', 'CONTOSO.COMalice', [23]);
    const r = realm({ protectedUser: true, keys }, { encryptionTypes: [18, 23] });
    expect((await refusal(loginWith(r, [23, 18]))).reason).toBe('client-key');
  });
});

describe('names (MS-KILE 3.3.5.6.1, RFC 6806 §6)', () => {
  const login = (r: Realm, text: string, nameType: number, canonicalize: boolean) => {
    const client = { realm: 'CONTOSO.COM', name: { nameType, nameString: [text] } };
    const secret = { kind: 'password', password: 'Passw0rd.alice' } as const;
    return getInitialTicket(r.client, { client, secret, canonicalize });
  };

  test('an enterprise name comes back as the sAMAccountName', async () => {
    const r = new Realm([KRBTGT, ALICE]);
    const ticket = await login(r, 'Alice@Contoso.com', NameType.ENTERPRISE, true);
    expect(ticket.credentials.client.name.nameString).toEqual(['alice']);
  });

  test('canonicalize corrects the case', async () => {
    const r = new Realm([KRBTGT, ALICE]);
    const ticket = await login(r, 'ALICE', NameType.PRINCIPAL, true);
    expect(ticket.credentials.client.name.nameString).toEqual(['alice']);
    const plain = await login(r, 'ALICE', NameType.PRINCIPAL, false);
    expect(plain.credentials.client.name.nameString).toEqual(['ALICE']);
  });

  test('an SPN does not log on', async () => {
    const spn = account('computer', 'SERVERB$', 1104, { servicePrincipalNames: ['HOST/serverb'] });
    const r = new Realm([KRBTGT, spn]);
    const seen = await refusal(r.login('HOST/serverb', { password: 'Passw0rd.SERVERB$' }));
    expect(seen.error).toBe('KDC_ERR_C_PRINCIPAL_UNKNOWN');
  });
});

describe('the PAC of a TGT (MS-PAC, MS-KILE 3.3.5.6.4)', () => {
  test('says who the account is, signed by krbtgt', async () => {
    const r = new Realm([KRBTGT, ALICE]);
    const part = r.open(await r.login('alice'), KRBTGT);
    const pac = r.pac(part);
    const of = (type: number) => pacBuffer(pac, type) ?? new Uint8Array();
    expect(pac.buffers.map(({ type }) => type)).toEqual([1, 10, 12, 17, 18, 6, 7]);
    const info = decodeLogonInfo(of(PacType.logonInfo));
    expect(info).toMatchObject({
      effectiveName: 'alice',
      userId: 1103,
      primaryGroupId: 513,
      logonServer: 'DC',
      logonDomainName: 'CONTOSO',
      userAccountControl: 0x10,
      logonTime: fileTimeOf(NOW),
    });
    expect(info.extraSids.map(({ sid }) => sid)).toEqual(['S-1-5-21-0-0-0-497', 'S-1-18-1']);
    const client = decodeClientInfo(of(PacType.clientInfo));
    expect(client).toEqual({ name: 'alice', authTime: fileTimeOf(NOW) });
    expect(decodeRequesterSid(of(PacType.requesterSid))).toBe(ALICE.sid);
    expect(decodeUpnDnsInfo(of(PacType.upnDnsInfo)).account?.samName).toBe('alice');
    const key = Key.of(18, KRBTGT.keys?.keys[0]?.bytes ?? new Uint8Array());
    expect(verifyTgtPac(pac, key).valid).toBe(true);
  });

  test('a change of the account shows in the next ticket', async () => {
    const r = new Realm([KRBTGT, ALICE]);
    await r.login('alice');
    r.accounts.replace({ ...ALICE, displayName: 'Alice in Chains' });
    const pac = r.pac(r.open(await r.login('alice'), KRBTGT));
    const info = decodeLogonInfo(pacBuffer(pac, PacType.logonInfo) ?? new Uint8Array());
    expect(info.fullName).toBe('Alice in Chains');
  });
});

describe('restrictions of logons (MS-KILE 3.3.5.6)', () => {
  const from = (...names: string[]) => ({
    addresses: names.map((name) => ({
      addrType: 20,
      address: Uint8Array.from(Buffer.from(name.padEnd(16, ' '), 'latin1')),
    })),
  });

  test('a smart card that is required is not a password', async () => {
    const r = realm({ userAccountControl: 0x4_0200 });
    expect(await refusal(r.login('alice'))).toMatchObject({
      error: 'KDC_ERR_POLICY',
      status: 'STATUS_SMARTCARD_LOGON_REQUIRED',
    });
    const wrong = await refusal(r.login('alice', { password: 'wrong' }));
    expect(wrong.error).toBe('KDC_ERR_PREAUTH_FAILED');
  });

  test('only from the machines that are named', async () => {
    const r = realm({ userWorkstations: 'WS1, ws2' });
    await expect(r.login('alice', from('WS2'))).resolves.toBeDefined();
    for (const options of [{}, from('WS3'), from('WS1', 'WS3')]) {
      expect(await refusal(r.login('alice', options))).toMatchObject({
        error: 'KDC_ERR_POLICY',
        status: 'STATUS_INVALID_WORKSTATION',
      });
    }
  });

  test('an account with DES alone has no key', async () => {
    const r = realm({ userAccountControl: 0x20_0200 });
    expect((await refusal(r.login('alice'))).error).toBe('KDC_ERR_ETYPE_NOSUPP');
  });
});
