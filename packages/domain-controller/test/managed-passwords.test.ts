import { fromHex, toHex } from '@doublehop/wire/bytes';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { pooledRandom } from '@doublehop/crypto/random';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import type { LdapClient } from '@doublehop/ldap/client/client';
import { type InitiatorWish, kerberosMechanism } from '@doublehop/ldap/sasl/kerberos';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  cycleOf,
  GMSA_DESCRIPTOR,
  KEY_CYCLE,
  managedPassword,
  placeAt,
  placeOf,
  seedKey,
} from '../src/accounts/managed/group-keys.ts';
import { decodeKeyId, encodeKeyId } from '../src/accounts/managed/key-id.ts';
import { managedKeys, rollManagedPasswords } from '../src/accounts/managed/passwords.ts';
import { decodePasswordBlob, encodePasswordBlob } from '../src/accounts/managed/password-blob.ts';
import { DomainControllerError } from '../src/errors.ts';
import {
  ADMIN_PASSWORD,
  connectAs,
  connectClear,
  entriesOf,
  octetsOf,
  type RunningDomain,
  SERVERS,
  startDomain,
  textsOf,
  ticketFor,
} from './support/domain.ts';

describe('MS-GKDI 3.1.4.1.2 generating a group key', () => {
  // Root keys and seed keys of Samba's python/samba/tests/krb5/gkdi_tests.py.
  it.each([
    [
      '1a3d6c30-aa81-cb7f-d3fe-80775d135dfe',
      'dfd95be3153a0805c65694e7d284aace5ab0aa493350025eb8dbc6df0b4e9256' +
        'fb4cbfbe6237ce3732694e2608760076b67082d39abd3c0fedba1b8873645064',
      { l0: 321, l1: 0, l2: 12 },
      'bbbd9376cd16c247ed40f5912d1908218c08f0915bae02fe02cbfb3753bde406' +
        'f9c553acd95143cf63906a0440e3cf237d2335ae4e4b9cd2d946a71351ebcb7b',
    ],
    [
      '09de0b38-c743-7abf-44ea-7a3c3e404314',
      'd5912d0eb3bd60e1371b1e525dd83be7fc5baf77018b0dba6bd948b7a98ebe5a' +
        'f37674332506a46c52c108a62f2a3e89251ad1bde6d539004679c0658853bb68',
      { l0: 123, l1: 21, l2: 0 },
      '133c9bbd20d9227aeb38dfcd3be6bcbfc5983ba37202088ff5c8a70511214506' +
        'a69c195a8807cd844bcb955e9569c8e4d197759f28577cc126d15f16a7da4ee0',
    ],
  ] as const)('the key of root %s', (id, data, place, expected) => {
    expect(seedKey({ id, data: fromHex(data) }, GMSA_DESCRIPTOR, place)).toEqual(fromHex(expected));
  });

  it('places are cycles of ten hours', () => {
    expect(placeAt(KEY_CYCLE * 1057n + 5n)).toEqual({ l0: 1, l1: 1, l2: 1 });
    expect(placeOf(cycleOf({ l0: 321, l1: 30, l2: 12 }))).toEqual({ l0: 321, l1: 30, l2: 12 });
  });

  it('a password has no terminator in it, and another for each account and time', () => {
    const root = { id: '1a3d6c30-aa81-cb7f-d3fe-80775d135dfe', data: new Uint8Array(64) } as const;
    const place = { l0: 361, l1: 3, l2: 7 };
    const one = managedPassword(root, 'S-1-5-21-1-2-3-1104', place);
    expect(one).toHaveLength(256);
    expect(Buffer.from(one).toString('utf16le')).not.toContain('\0');
    expect(managedPassword(root, 'S-1-5-21-1-2-3-1105', place)).not.toEqual(one);
    expect(managedPassword(root, 'S-1-5-21-1-2-3-1104', { ...place, l2: 6 })).not.toEqual(one);
  });
});

describe('MS-ADTS 2.2.19 MSDS-MANAGEDPASSWORD_BLOB', () => {
  it('has the layout that Windows writes', () => {
    // Header and tail of the blob in Samba's python/samba/tests/ndr/gmsa.py.
    const current = new Uint8Array(256).fill(0x61);
    const blob = encodePasswordBlob({
      current,
      previous: undefined,
      queryInterval: 0x1780_6901_9574n,
      unchangedInterval: 0x177f_b631_3774n,
    });
    expect(blob.subarray(0, 16)).toEqual(fromHex('01000000220100001000000012011a01'));
    expect(blob.subarray(272)).toEqual(fromHex('00007495016980170000743731b67f170000'));
    expect(decodePasswordBlob(blob)).toEqual({
      current,
      previous: undefined,
      queryInterval: 0x1780_6901_9574n,
      unchangedInterval: 0x177f_b631_3774n,
    });
  });

  it('goes and comes with the password of before', () => {
    const blob = {
      current: new Uint8Array(256).fill(1),
      previous: new Uint8Array(256).fill(2),
      queryInterval: 7n,
      unchangedInterval: 0n,
    };
    expect(decodePasswordBlob(encodePasswordBlob(blob))).toEqual(blob);
  });

  it('any octets are a blob, an identifier, or none', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (octets) => {
        decodeKeyId(octets);
        try {
          decodePasswordBlob(octets);
        } catch (error) {
          expect(error).toBeInstanceOf(DomainControllerError);
        }
      }),
    );
  });

  it('MS-GKDI 2.2.4: an identifier tells place and root', () => {
    const id = {
      place: { l0: 361, l1: 3, l2: 7 },
      root: '1a3d6c30-aa81-cb7f-d3fe-80775d135dfe',
    } as const;
    const bytes = encodeKeyId({ ...id, domain: 'contoso.com', forest: 'contoso.com' });
    expect(decodeKeyId(bytes)).toEqual(id);
    expect(bytes.subarray(4, 8)).toEqual(fromHex('4b44534b'));
    expect(decodeKeyId(bytes.subarray(0, 51))).toBeUndefined();
  });
});

describe('MS-ADTS 3.1.1.4.5.39 msDS-ManagedPassword', () => {
  const DN = `CN=gmsa,${SERVERS}`;
  const WISH = { base: DN, scope: 'base', attributes: ['msDS-ManagedPassword'] } as const;
  let domain: RunningDomain;
  let administrator: LdapClient;

  const grantTo = async (sddl: string): Promise<void> => {
    const values = [encodeDescriptor(parseSddl(sddl))];
    const change = { operation: 'replace', attribute: 'msDS-GroupMSAMembership', values } as const;
    await administrator.modify(DN, [change]);
  };

  beforeAll(async () => {
    domain = await startDomain();
    administrator = await connectAs(domain, 'Administrator', ADMIN_PASSWORD);
    await administrator.add(DN, {
      objectClass: 'msDS-GroupManagedServiceAccount',
      sAMAccountName: 'gmsa$',
      dNSHostName: 'gmsa.contoso.com',
      userAccountControl: '4096',
      'msDS-ManagedPasswordInterval': '30',
    });
  });
  afterAll(async () => {
    await administrator.close();
    await domain.close();
    expect(domain.defects).toEqual([]);
  });

  it('nobody reads it before somebody may', async () => {
    const [entry] = await entriesOf(administrator, WISH);
    expect(octetsOf(entry, 'msDS-ManagedPassword')).toBeUndefined();
    await grantTo('O:SYD:(D;;RP;;;WD)');
    const [denied] = await entriesOf(administrator, WISH);
    expect(octetsOf(denied, 'msDS-ManagedPassword')).toBeUndefined();
  });

  it('who may read it gets the password that the keys are made of', async () => {
    await grantTo('O:SYD:(A;;RP;;;BA)');
    const [entry] = await entriesOf(administrator, WISH);
    const blob = decodePasswordBlob(octetsOf(entry, 'msDS-ManagedPassword') ?? new Uint8Array());
    expect(blob.current).toHaveLength(256);
    expect(blob.previous).toBeUndefined();
    expect(Number(blob.queryInterval / 864_000_000_000n)).toBeGreaterThan(28);
    const names = { realm: 'CONTOSO.COM', dnsName: 'contoso.com' };
    const keys = await managedKeys(blob.current, names, 'gmsa$');
    expect(keys.map(({ salt }) => salt)).toContain('CONTOSO.COMhostgmsa.contoso.com');
    const kept = domain.dc.accounts.byName('gmsa$')?.keys?.keys ?? [];
    const hex = (list: typeof kept): string[] => list.map(({ bytes }) => toHex(bytes));
    expect(hex(kept)).toEqual(hex(keys));
  });

  it('not over a connection that others can read', async () => {
    const ticket = await ticketFor(
      domain,
      'Administrator',
      ['ldap', 'dc.contoso.com'],
      ADMIN_PASSWORD,
    );
    const clear = await connectClear(domain);
    const start = (wish: InitiatorWish) =>
      krb5Initiator({ credentials: ticket, clock: Date.now, random: pooledRandom(), ...wish });
    await clear.bindSasl(kerberosMechanism(clear, { start, layer: 'integrity' }));
    await expect(entriesOf(clear, WISH)).rejects.toMatchObject({ code: 'operationsError' });
    await clear.close();
  });

  it('the next interval brings the next password', async () => {
    await grantTo('O:SYD:(A;;RP;;;BA)');
    const [entry] = await entriesOf(administrator, WISH);
    const first = decodePasswordBlob(octetsOf(entry, 'msDS-ManagedPassword') ?? new Uint8Array());
    const { directory } = domain.dc;
    const clock = () => Date.now() + 31 * 24 * 3600 * 1000;
    await rollManagedPasswords({ directory, clock, random: pooledRandom() });
    const [later] = await entriesOf(administrator, WISH);
    const next = decodePasswordBlob(octetsOf(later, 'msDS-ManagedPassword') ?? new Uint8Array());
    expect(next.previous).toEqual(first.current);
    expect(next.current).not.toEqual(first.current);
    expect(domain.dc.accounts.byName('gmsa$')?.keys?.kvno).toBe(2);
    const before = domain.dc.directory.highestUsn();
    await rollManagedPasswords({ directory, clock, random: pooledRandom() });
    expect(domain.dc.directory.highestUsn()).toBe(before);
  });

  it('others may not, though they read the account', async () => {
    await grantTo('O:SYD:(A;;RP;;;BA)');
    const alice = await connectAs(domain, 'alice', 'Passw0rd.alice');
    const [entry] = await entriesOf(alice, { ...WISH, attributes: ['cn', 'msDS-ManagedPassword'] });
    expect(textsOf(entry, 'cn')).toEqual(['gmsa']);
    expect(octetsOf(entry, 'msDS-ManagedPassword')).toBeUndefined();
    await alice.close();
  });
});
