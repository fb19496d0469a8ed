import { Key } from '@doublehop/crypto/key';
import { stringToKeySync } from '@doublehop/crypto/string-to-key';
import { formatPrincipal, parsePrincipal } from '@doublehop/kerberos/names';
import { findKey } from '@doublehop/kerberos/keytab';
import { equal } from '@doublehop/wire/bytes';
import { beforeAll, describe, expect, test } from 'vitest';
import { keytabOf } from '../src/dc/keytabs.ts';
import { LabError } from '../src/errors.ts';
import { CONTOSO, domainDn, findHost, fullName, hostSpns } from '../src/scenario.ts';
import { REALM, TestDomain } from './support/domain.ts';

describe('names of hosts', () => {
  test.for([
    'ServerB',
    'serverb',
    'SERVERB$',
    'CONTOSO\\SERVERB$',
    'contoso\\serverb',
    'serverb.contoso.com',
    'ServerB.Contoso.COM',
  ])('%s is ServerB', (name) => {
    expect(findHost(CONTOSO, name).name).toBe('ServerB');
  });

  test.for(['', '$', 'ServerX', 'serverb.fabrikam.com', 'FABRIKAM\\SERVERB$', 'DC'])(
    '"%s" is none of the hosts that run',
    (name) => {
      expect(() => findHost(CONTOSO, name)).toThrow(LabError);
      expect(() => findHost(CONTOSO, name)).toThrow(/it has ServerA, ServerB, ServerB1/u);
    },
  );

  test('SPNs of a member server; HTTP and cifs come of HOST (sPNMappings)', () => {
    expect(hostSpns(CONTOSO, 'ServerB')).toEqual([
      'HOST/SERVERB',
      'HOST/serverb.contoso.com',
      'RestrictedKrbHost/SERVERB',
      'RestrictedKrbHost/serverb.contoso.com',
      'WSMAN/SERVERB',
      'WSMAN/serverb.contoso.com',
      'TERMSRV/SERVERB',
      'TERMSRV/serverb.contoso.com',
    ]);
  });
});

describe('the domain that is made of the scenario', () => {
  let domain: TestDomain;
  beforeAll(async () => {
    domain = await TestDomain.make();
  });

  test('every host has an account in its organizational unit, and keys', () => {
    const found = CONTOSO.hosts.map(({ name }) => domain.account(`${name.toUpperCase()}$`));
    expect(found.map(({ dn }) => dn)).toEqual(
      CONTOSO.hosts.map(({ name, ou }) => `CN=${name},${ou},${domainDn(CONTOSO)}`),
    );
    expect(found.map(({ dnsHostName }) => dnsHostName)).toEqual(
      CONTOSO.hosts.map(({ name }) => fullName(CONTOSO, name)),
    );
    const etypes = found.map(({ keys }) => keys?.keys.map(({ etype }) => etype));
    expect(new Set(etypes.map(String))).toEqual(new Set(['18,17,20,19']));
    const key = (index: number): Uint8Array =>
      found[index]?.keys?.keys[0]?.bytes ?? Uint8Array.of();
    expect(equal(key(0), key(1))).toBe(false);
  });

  test('HTTP and cifs of a host are its account', () => {
    const account = domain.account('SERVERC$');
    for (const spn of ['HTTP/serverc.contoso.com', 'cifs/ServerC', 'WSMAN/serverc.contoso.com']) {
      expect(domain.accounts.bySpn(spn)?.sid).toBe(account.sid);
    }
  });

  test('bob is sensitive, carol is in Protected Users, alice is neither', () => {
    const NOT_DELEGATED = 0x10_0000;
    const facts = ['alice', 'bob', 'carol'].map((name) => {
      const { userAccountControl, protectedUser } = domain.account(name);
      return [(userAccountControl & NOT_DELEGATED) !== 0, protectedUser];
    });
    expect(facts).toEqual([
      [false, false],
      [true, false],
      [false, true],
    ]);
  });

  test('the keys of people are those of their passwords (MS-KILE 3.1.1.2)', () => {
    for (const name of ['alice', 'Administrator']) {
      for (const { etype, bytes } of domain.account(name).keys?.keys ?? []) {
        const key = stringToKeySync(etype, `Passw0rd.${name}`, `CONTOSO.COM${name}`);
        expect(equal(key.bytes(), bytes)).toBe(true);
      }
    }
  });

  test('nobody may delegate to anybody yet', () => {
    const grants = CONTOSO.hosts.map(
      ({ name }) => domain.account(`${name.toUpperCase()}$`).allowedToActOnBehalf,
    );
    expect(new Set(grants)).toEqual(new Set([undefined]));
  });

  test('a keytab has every key under the names of the account and its services', () => {
    const account = domain.account('SERVERB$');
    const entries = keytabOf(account, REALM);
    for (const name of ['SERVERB$', 'host/serverb.contoso.com', 'HTTP/serverb', 'cifs/serverb']) {
      for (const etype of [17, 18, 19, 20]) {
        const entry = findKey(entries, parsePrincipal(name, REALM), { etype, kvno: 1 });
        const wanted = account.keys?.keys.find((key) => key.etype === etype)?.bytes;
        expect(equal(entry?.key.bytes ?? Uint8Array.of(), wanted ?? Uint8Array.of(1))).toBe(true);
        expect(Key.of(etype, entry?.key.bytes ?? Uint8Array.of()).etype).toBe(etype);
      }
    }
    const names = keytabOf(domain.account('alice'), REALM).map(({ principal }) =>
      formatPrincipal(principal),
    );
    expect(new Set(names)).toEqual(new Set(['alice@CONTOSO.COM']));
  });
});
