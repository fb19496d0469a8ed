import { Key } from '@doublehop/crypto/key';
import { getServiceTicket } from '@doublehop/kerberos/client/service-ticket';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KdcOption } from '@doublehop/kerberos/iana/flags';
import { Ticket } from '@doublehop/kerberos/messages/ticket';
import { openTicket } from '@doublehop/domain-controller/kdc/sealed-ticket';
import { verifyServicePac } from '@doublehop/security/pac/verify';
import { decodeDer } from '@doublehop/wire/der';
import { describe, expect, test } from 'vitest';
import { account, krbtgt, passwordKeys } from './support/accounts.ts';
import { Realm, refusal } from './support/realm.ts';

const SERVER = account('computer', 'SERVERB$', 1104, {
  servicePrincipalNames: ['HTTP/serverb.contoso.com', 'HOST/serverb'],
});
const realm = (settings = {}): Realm =>
  new Realm(
    [krbtgt(), account('user', 'alice', 1103), account('user', 'bob', 1106), SERVER],
    settings,
  );

const sessionKey = ({ key }: Credentials): Key => Key.of(key.etype, key.bytes);

function userToUser(r: Realm, tgt: Credentials, server: string, additional?: Uint8Array) {
  const options = {
    kdcOptions: KdcOption.ENC_TKT_IN_SKEY,
    ...(additional === undefined ? {} : { additionalTickets: [additional] }),
  };
  return getServiceTicket(r.client, tgt, r.name(server), options);
}

describe('user to user (RFC 4120 §3.3.3, MS-KILE 3.3.5.7)', () => {
  test('a ticket for a user is sealed and its PAC signed with the session key', async () => {
    const r = realm();
    const [alice, bob] = [await r.login('alice'), await r.login('bob')];
    const { credentials } = await userToUser(r, alice, 'bob', bob.ticket);
    const ticket = decodeDer(Ticket, credentials.ticket);
    expect(ticket.encPart.kvno).toBeUndefined();
    const opened = openTicket(ticket, [{ kvno: 0, key: sessionKey(bob) }]);
    if (typeof opened === 'string') throw new Error(opened);
    expect(opened.part.cname.nameString).toEqual(['alice']);
    expect(verifyServicePac(r.pac(opened.part), sessionKey(bob)).valid).toBe(true);
  });

  test('any name of the account will do, and oneself', async () => {
    const r = realm();
    const server = await r.login('SERVERB$');
    const alice = await r.login('alice');
    for (const name of ['HOST/serverb', 'SERVERB$', 'serverb']) {
      await expect(userToUser(r, alice, name, server.ticket)).resolves.toBeDefined();
    }
    await expect(userToUser(r, alice, 'alice', alice.ticket)).resolves.toBeDefined();
  });

  test.each([
    ['another account', 'SERVERB$', 'KRB_AP_ERR_BADMATCH'],
    ['krbtgt', 'krbtgt/CONTOSO.COM', 'KRB_AP_ERR_BADMATCH'],
    ['a service that is not there', 'host/nobody', 'KDC_ERR_S_PRINCIPAL_UNKNOWN'],
  ])('not for %s', async (_what, server, error) => {
    const r = realm();
    const [alice, bob] = [await r.login('alice'), await r.login('bob')];
    expect((await refusal(userToUser(r, alice, server, bob.ticket))).error).toBe(error);
  });

  test('the additional ticket must be there, and a TGT', async () => {
    const r = realm();
    const [alice, bob] = [await r.login('alice'), await r.login('bob')];
    expect((await refusal(userToUser(r, alice, 'bob'))).error).toBe('KDC_ERR_BADOPTION');
    const service = await r.ticket(bob, 'HOST/serverb');
    const seen = await refusal(userToUser(r, alice, 'bob', service.ticket));
    expect(seen.error).toBe('KDC_ERR_POLICY');
  });

  test('and of an account that is still the same and in use', async () => {
    const r = realm();
    const [alice, bob] = [await r.login('alice'), await r.login('bob')];
    r.now += 11 * 3_600_000;
    const later = await r.login('alice');
    const seen = await refusal(userToUser(r, later, 'bob', bob.ticket));
    expect(seen.error).toBe('KRB_AP_ERR_TKT_EXPIRED');
    r.now -= 11 * 3_600_000;
    r.accounts.replace(account('user', 'bob', 1106, { userAccountControl: 0x202 }));
    const disabled = await refusal(userToUser(r, alice, 'bob', bob.ticket));
    expect(disabled.reason).toBe('server-disabled');
    r.accounts.replace(account('user', 'renamed', 1106));
    r.accounts.replace(account('user', 'bob', 1107));
    const other = await refusal(userToUser(r, alice, 'bob', bob.ticket));
    expect(other.error).toBe('KDC_ERR_TGT_REVOKED');
  });

  test('a session key of a type that the client does not name is refused', async () => {
    const r = realm({ encryptionTypes: [18, 17] });
    const bob = await r.login('bob', {});
    const narrow = { ...r.client, settings: { ...r.client.settings, etypes: [17] } };
    const alice = await r.login('alice');
    const options = { kdcOptions: KdcOption.ENC_TKT_IN_SKEY, additionalTickets: [bob.ticket] };
    const asked = getServiceTicket(narrow, alice, r.name('bob'), { ...options, etypes: [17] });
    expect((await refusal(asked)).error).toBe('KDC_ERR_ETYPE_NOSUPP');
  });

  test('without the option a user without SPN is no service', async () => {
    const r = realm();
    const seen = await refusal(r.ticket(await r.login('alice'), 'bob'));
    expect(seen.error).toBe('KDC_ERR_MUST_USE_USER2USER');
  });
});

describe('roll-over of krbtgt', () => {
  const AES = (kvno: number) =>
    krbtgt({ keys: passwordKeys(`krbtgt ${kvno}`, 'x', [18, 17], kvno) });
  const [OLD, NEXT, THIRD, FOURTH] = [AES(2), AES(3), AES(4), AES(5)];
  const sets = (...all: ReturnType<typeof AES>[]) =>
    all.flatMap(({ keys }) => (keys === undefined ? [] : [keys]));
  const MIDDLE = account('computer', 'SERVERB$', 1104, {
    servicePrincipalNames: ['HTTP/serverb.contoso.com'],
    allowedToDelegateTo: ['cifs/serverc.contoso.com'],
    userAccountControl: 0x100_1000,
  });
  const TARGET = account('computer', 'SERVERC$', 1105, {
    servicePrincipalNames: ['cifs/serverc.contoso.com'],
  });
  const kvnoOf = ({ ticket }: Credentials) => decodeDer(Ticket, ticket).encPart.kvno;

  test('old TGTs and evidence are honoured, new ones made with the new key', async () => {
    const r = new Realm([OLD, account('user', 'alice', 1103), MIDDLE, TARGET]);
    const alice = await r.login('alice');
    const middle = await r.login('SERVERB$');
    const evidence = await r.ticket(alice, 'HTTP/serverb.contoso.com');
    r.accounts.replace({ ...NEXT, previousKeys: sets(OLD) });
    expect(kvnoOf(alice)).toBe(2);
    expect(kvnoOf(await r.ticket(alice, 'krbtgt/CONTOSO.COM'))).toBe(3);
    expect(kvnoOf(await r.login('alice'))).toBe(3);
    // The evidence's signatures are of the old key: they carry no version (MS-PAC 2.8).
    const hop = await r.proxy(middle, evidence, 'cifs/serverc.contoso.com');
    expect(r.open(hop, TARGET).cname.nameString).toEqual(['alice']);
  });

  test('after too many the version is unknown', async () => {
    const r = new Realm([OLD, account('user', 'alice', 1103), TARGET]);
    const alice = await r.login('alice');
    r.accounts.replace({ ...FOURTH, previousKeys: sets(THIRD, NEXT, OLD) });
    const seen = await refusal(r.ticket(alice, 'cifs/serverc.contoso.com'));
    expect(seen.error).toBe('KRB_AP_ERR_BADKEYVER');
  });
});
