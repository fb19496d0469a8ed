import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { TicketFlag } from '@doublehop/kerberos/iana/flags';
import { KeyUsage } from '@doublehop/kerberos/iana/key-usages';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import {
  ChangePasswdData,
  decodeKpasswdMessage,
  encodeKpasswdMessage,
} from '@doublehop/kerberos/kpasswd/messages';
import { hostAddress, openPrivate, sealPrivate } from '@doublehop/kerberos/kpasswd/private-message';
import { decodeOutcome, KpasswdResult } from '@doublehop/kerberos/kpasswd/result';
import { ApReq, Authenticator } from '@doublehop/kerberos/messages/ap';
import type { EncKrbPrivPart } from '@doublehop/kerberos/messages/krb-priv';
import { KrbError } from '@doublehop/kerberos/messages/krb-error';
import { Ticket } from '@doublehop/kerberos/messages/ticket';
import { principal } from '@doublehop/kerberos/names';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { concat, utf8 } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ALICE, BASE, connectAs, passwordOf } from './support/domain.ts';
import { PasswordDomain, PEER, refusal } from './support/passwords.ts';

const random = pooledRandom();
let at: PasswordDomain;

/** Parts of a request opened with the session key, changed, and sealed again. */
function rebuilt(
  credentials: Credentials,
  change: {
    readonly version?: number;
    readonly authenticator?: (value: Authenticator) => Authenticator;
    readonly part?: (value: EncKrbPrivPart) => EncKrbPrivPart;
  },
) {
  return (request: Uint8Array): Uint8Array => {
    const session = Key.of(credentials.key.etype, credentials.key.bytes);
    const { version, ap, body } = decodeKpasswdMessage(request);
    const apReq = decodeDer(ApReq, ap);
    const usage = KeyUsage.AP_REQ_AUTHENTICATOR;
    const text = session.decrypt(usage, apReq.authenticator.cipher);
    const old = decodeDer(Authenticator, text);
    const authenticator = change.authenticator?.(old) ?? old;
    const { keytype = 0, keyvalue = new Uint8Array() } = old.subkey ?? {};
    const subkey = Key.of(keytype, keyvalue);
    const part = openPrivate(body, subkey);
    const cipher = session.encrypt(usage, encodeDer(Authenticator, authenticator), random);
    return encodeKpasswdMessage({
      version: change.version ?? version,
      ap: encodeDer(ApReq, { ...apReq, authenticator: { etype: session.etype, cipher } }),
      body: sealPrivate(change.part?.(part) ?? part, subkey, random),
    });
  };
}

/** A ticket under another name: the name is not sealed (RFC 4120 §5.3). */
function renamed(credentials: Credentials, ...nameString: string[]): Credentials {
  const ticket = decodeDer(Ticket, credentials.ticket);
  const sname = { nameType: NameType.SRV_INST, nameString };
  const server = principal('CONTOSO.COM', NameType.SRV_INST, ...nameString);
  return { ...credentials, server, ticket: encodeDer(Ticket, { ...ticket, sname }) };
}

async function setAttribute(dn: string, attribute: string, ...values: string[]): Promise<void> {
  const change = { operation: 'replace', attribute, values } as const;
  await at.domain.dc.directory.modify(dn, [change]);
}

async function setDescriptor(dn: string, sddl: string): Promise<void> {
  const values = [encodeDescriptor(parseSddl(sddl))];
  const change = { operation: 'replace', attribute: 'nTSecurityDescriptor', values } as const;
  await at.domain.dc.directory.modify(dn, [change]);
}

describe('RFC 3244: passwords', () => {
  beforeEach(async () => {
    at = await PasswordDomain.start();
  });
  afterEach(async () => {
    expect(at.domain.defects).toEqual([]);
    await at.close();
  });

  test('a user changes the own password', async () => {
    await at.change(await at.ticket('alice'), 'N3w.päss wörd');
    expect(await at.isPassword('alice', 'N3w.päss wörd')).toBe(true);
    expect(await at.isPassword('alice', passwordOf('alice'))).toBe(false);
    expect(at.events).toEqual([
      {
        EventID: 4723,
        TimeCreated: expect.stringMatching(/^\d{4}-.*Z$/),
        TargetUserName: 'alice',
        TargetDomainName: 'CONTOSO.COM',
        TargetSid: at.domain.dc.accounts.byName('alice')?.sid,
        SubjectUserName: 'alice',
        SubjectUserSid: at.domain.dc.accounts.byName('alice')?.sid,
        IpAddress: PEER.address,
        IpPort: String(PEER.port),
        Status: '0x0',
        Reason: '-',
      },
    ]);
  });

  test('keys of every type under the next version, and the time of the change', async () => {
    const before = at.domain.dc.accounts.byName('alice');
    await at.change(await at.ticket('alice'), 'N3w.password');
    at.domain.dc.accounts.refresh();
    const after = at.domain.dc.accounts.byName('alice');
    expect(after?.keys?.kvno).toBe((before?.keys?.kvno ?? 0) + 1);
    expect(after?.keys?.keys.map(({ etype }) => etype)).toEqual([18, 17, 20, 19]);
    expect(after?.pwdLastSet).toBeGreaterThan(before?.pwdLastSet ?? 0n);
  });

  test('a computer changes its own', async () => {
    await at.change(await at.ticket('SERVERB$'), 'machine');
    expect(await at.isPassword('SERVERB$', 'machine')).toBe(true);
  });

  test.each(['bob', 'bob@contoso.com', 'SERVERB$'])(
    'an administrator sets that of %s, by an ordinary ticket',
    async (target) => {
      const ticket = await at.derived(await at.login('Administrator'));
      expect(ticket.flags & TicketFlag.INITIAL).toBe(0);
      const nameType = target.includes('@') ? NameType.ENTERPRISE : NameType.PRINCIPAL;
      const whose = { nameType, nameString: [target] };
      const spoil = rebuilt(ticket, {
        part: (part) => ({
          ...part,
          userData: encodeDer(ChangePasswdData, {
            newPasswd: utf8('S3t.password'),
            targName: whose,
            targRealm: 'CONTOSO.COM',
          }),
        }),
      });
      await at.change(ticket, '', { target: 'bob', transport: at.transport(spoil) });
      const name = target.split('@')[0] ?? '';
      expect(await at.isPassword(name, 'S3t.password')).toBe(true);
      expect(at.events.at(-1)).toMatchObject({
        EventID: 4724,
        SubjectUserName: 'Administrator',
        TargetUserName: name,
        Status: '0x0',
      });
    },
  );

  test('version 0xff80 without a target is the own password', async () => {
    const ticket = await at.ticket('alice');
    const userData = encodeDer(ChangePasswdData, { newPasswd: utf8('N3w.word') });
    const spoil = rebuilt(ticket, { version: 0xff80, part: (part) => ({ ...part, userData }) });
    await at.change(ticket, '', { transport: at.transport(spoil) });
    expect(await at.isPassword('alice', 'N3w.word')).toBe(true);
  });

  test.each(['bob', 'nobody', 'krbtgt', 'Administrator'])(
    'a user sets no password of %s, and is not told who there is',
    async (target) => {
      const seen = await refusal(at.change(await at.ticket('alice'), 'x', { target }));
      expect(seen).toMatchObject({ result: KpasswdResult.ACCESSDENIED });
      expect(seen.text).toContain('Not permitted to change password');
    },
  );

  test('User-Force-Change-Password in a descriptor is a permission', async () => {
    const { sid } = at.domain.dc.accounts.byName('alice') ?? {};
    const sddl = `D:(OA;;CR;00299570-246d-11d0-a768-00aa006e0529;;${sid})`;
    const values = [encodeDescriptor(parseSddl(sddl))];
    await at.domain.dc.directory.modify(`CN=Bob,CN=Users,${BASE}`, [
      { operation: 'replace', attribute: 'nTSecurityDescriptor', values },
    ]);
    await at.change(await at.ticket('alice'), 'fr0m.alice', { target: 'bob' });
    expect(await at.isPassword('bob', 'fr0m.alice')).toBe(true);
  });

  test("krbtgt's keys are nobody's to set", async () => {
    const ticket = await at.ticket('Administrator');
    const seen = await refusal(at.change(ticket, 'x', { target: 'krbtgt' }));
    expect(seen.result).toBe(KpasswdResult.ACCESSDENIED);
    expect(at.events.at(-1)).toMatchObject({ Reason: 'target-has-no-password' });
  });

  test.each(['nobody@CONTOSO.COM', 'bob@FABRIKAM.COM'])(
    'an administrator is told that there is no %s',
    async (target) => {
      const seen = await refusal(at.change(await at.ticket('Administrator'), 'x', { target }));
      expect(seen.result).toBe(KpasswdResult.ACCESSDENIED);
      expect(seen.text).toContain('No such user');
    },
  );

  test('the own password needs a ticket that was got by it', async () => {
    const ticket = await at.derived(await at.login('alice'));
    const seen = await refusal(at.change(ticket, 'x'));
    expect(seen.result).toBe(KpasswdResult.INITIAL_FLAG_NEEDED);
    expect(await at.isPassword('alice', passwordOf('alice'))).toBe(true);
  });

  test('whoever names the own account sets its password, which is another right', async () => {
    const seen = await refusal(at.change(await at.ticket('alice'), 'x', { target: 'alice' }));
    expect(seen.result).toBe(KpasswdResult.ACCESSDENIED);
    const { sid } = at.domain.dc.accounts.byName('alice') ?? {};
    await setDescriptor(ALICE, `D:(A;;CR;;;${sid})`);
    const ticket = await at.derived(await at.login('alice'));
    await at.change(ticket, 'N3w.password', { target: 'alice' });
    expect(await at.isPassword('alice', 'N3w.password')).toBe(true);
  });

  test('a user who may not change the own password (MS-ADTS 5.1.3.2.1)', async () => {
    await setDescriptor(ALICE, 'D:(OD;;CR;ab721a53-1e2f-11d0-9819-00aa0040529b;;WD)');
    const seen = await refusal(at.change(await at.ticket('alice'), 'N3w.password'));
    expect(seen.result).toBe(KpasswdResult.ACCESSDENIED);
  });

  test.each([
    ['short', 'too-short', 'Sh0rt!'],
    ['of one kind of letters', 'not-complex', 'password'],
    ['with the name of its owner', 'not-complex', 'My.alice.1'],
  ])('a new password that is %s is answered with the policy', async (_how, reason, password) => {
    await setAttribute(BASE, 'minPwdLength', '7');
    const ticket = await at.ticket('alice');
    let outcome: Uint8Array = new Uint8Array();
    const seen = await refusal(
      at.change(ticket, password, {
        transport: async (realm, request) => {
          const reply = await at.transport()(realm, request);
          outcome = reply;
          return reply;
        },
      }),
    );
    expect(seen.result).toBe(KpasswdResult.SOFTERROR);
    expect(seen.text).toContain('at least 7 characters');
    expect(outcome.length).toBeGreaterThan(30);
    expect(at.events.at(-1)).toMatchObject({ Reason: reason, Status: '0x4' });
    expect(await at.isPassword('alice', passwordOf('alice'))).toBe(true);
  });

  test('the present password is no new one', async () => {
    await at.change(await at.ticket('alice'), 'N3w.password');
    const ticket = await at.ticket('alice', 'N3w.password');
    await refusal(at.change(ticket, 'N3w.password'));
    expect(at.events.at(-1)).toMatchObject({ Reason: 'in-history' });
  });

  test('a password younger than minPwdAge is changed by administrators alone', async () => {
    await setAttribute(BASE, 'minPwdAge', '-864000000000');
    const seen = await refusal(at.change(await at.ticket('alice'), 'N3w.password'));
    expect(seen.text).toContain('once a day');
    await at.change(await at.ticket('Administrator'), 'S3t.password', { target: 'alice' });
    expect(await at.isPassword('alice', 'S3t.password')).toBe(true);
  });

  test.each([
    ['empty', '', KpasswdResult.HARDERROR],
    ['longer than the limit', 'x'.repeat(1025), KpasswdResult.SOFTERROR],
  ])('a password that is %s is refused', async (_how, password, result) => {
    const seen = await refusal(at.change(await at.ticket('alice'), password));
    expect(seen.result).toBe(result);
  });

  test('octets that are not UTF-8 are no password', async () => {
    const ticket = await at.ticket('alice');
    const userData = Uint8Array.of(0x70, 0xff);
    const spoil = rebuilt(ticket, { part: (part) => ({ ...part, userData }) });
    const seen = await refusal(at.change(ticket, 'x', { transport: at.transport(spoil) }));
    expect(seen.result).toBe(KpasswdResult.SOFTERROR);
  });

  test.each([
    ['disabled', 'userAccountControl', '514'],
    ['expired', 'accountExpires', '1'],
  ])('an account that is %s in the meantime changes nothing', async (_how, attribute, value) => {
    const ticket = await at.ticket('alice');
    await setAttribute(ALICE, attribute, value);
    const seen = await refusal(at.change(ticket, 'x'));
    expect(seen.result).toBe(KpasswdResult.ACCESSDENIED);
    expect(at.events.at(-1)).toMatchObject({ Reason: 'caller-unusable' });
  });

  test.each([
    ['must be changed', '0'],
    ['is old', '130000000000000000'],
  ])('a password that %s gives no TGT, and changes itself', async (_how, pwdLastSet) => {
    await setAttribute(ALICE, 'pwdLastSet', pwdLastSet);
    expect((await refusal(at.login('alice'))).error).toBe(23);
    await at.change(await at.ticket('alice'), 'N3w.password');
    expect(await at.isPassword('alice', 'N3w.password')).toBe(true);
  });

  test('an account that is removed in the meantime', async () => {
    const ticket = await at.ticket('alice');
    const admin = await connectAs(at.domain, 'Administrator');
    await admin.delete(ALICE);
    await admin.close();
    const seen = await refusal(at.change(ticket, 'x'));
    expect(seen.result).toBe(KpasswdResult.AUTHERROR);
  });
});

describe('what a request must prove', () => {
  beforeAll(async () => {
    at = await PasswordDomain.start();
    // The passwords of these accounts are set once more, and hold their names.
    for (const rule of ['pwdProperties', 'pwdHistoryLength']) await setAttribute(BASE, rule, '0');
  });
  afterAll(async () => {
    expect(at.domain.defects).toEqual([]);
    expect(await at.isPassword('alice', passwordOf('alice'))).toBe(true);
    await at.close();
  });

  test('an authenticator is good once', async () => {
    const ticket = await at.ticket('bob');
    await at.change(ticket, passwordOf('bob'));
    const [again = new Uint8Array()] = at.sent.slice(-1);
    const reply = await at.domain.dc.kpasswd.handle(again, PEER);
    const { ap, body } = decodeKpasswdMessage(reply ?? new Uint8Array());
    const error = decodeDer(KrbError, body);
    expect([ap.length, error.errorCode]).toEqual([0, 34]);
    expect(decodeOutcome(error.eData ?? new Uint8Array()).code).toBe(KpasswdResult.AUTHERROR);
  });

  test('a TGT under the name of the service is none of its tickets (CVE-2022-2031)', async () => {
    const tgt = await at.login('alice');
    const seen = await refusal(at.change(renamed(tgt, 'kadmin', 'changepw'), 'x'));
    expect(seen.result).toBe(KpasswdResult.AUTHERROR);
    expect(at.events.at(-1)).toMatchObject({ Reason: 'ticket-granting-ticket' });
  });

  test('nor is a ticket for another service', async () => {
    const ticket = renamed(await at.ticket('alice'), 'cifs', 'serverc.contoso.com');
    await refusal(at.change(ticket, 'x'));
    expect(at.events.at(-1)).toMatchObject({ Reason: 'other-service', Status: '0x2' });
  });

  test.each<[string, string, Parameters<typeof rebuilt>[1]]>([
    [
      'a clock that is wrong',
      'ticket',
      { authenticator: (value) => ({ ...value, ctime: value.ctime - 301 }) },
    ],
    [
      'an authenticator of somebody else',
      'ticket',
      {
        authenticator: (value) => ({ ...value, cname: { nameType: 1, nameString: ['bob'] } }),
      },
    ],
    ['no subkey', 'no-subkey', { authenticator: (value) => ({ ...value, subkey: undefined }) }],
    [
      'another sequence number',
      'sequence',
      { part: (value) => ({ ...value, seqNumber: (value.seqNumber ?? 0) + 1 }) },
    ],
    [
      'a time of yesterday in the message',
      'private-time',
      { part: (value) => ({ ...value, timestamp: (value.timestamp ?? 0) - 86_400 }) },
    ],
    [
      'neither time nor number',
      'private-undated',
      { part: ({ userData, sAddress }) => ({ userData, sAddress }) },
    ],
  ])('%s is not believed', async (_what, reason, change) => {
    const ticket = await at.ticket('alice');
    const transport = at.transport(rebuilt(ticket, change));
    const seen = await refusal(at.change(ticket, 'x', { transport }));
    expect(at.events.at(-1)).toMatchObject({ Reason: reason, Status: '0x3' });
    expect(['password-change', 'reply-mismatch']).toContain(seen.code);
  });

  test('a message that is not sealed with the subkey', async () => {
    const ticket = await at.ticket('alice');
    const other = Key.random(18, random);
    const part = { userData: utf8('x'), seqNumber: 0, sAddress: hostAddress('192.0.2.7') };
    const transport = at.transport((request) =>
      encodeKpasswdMessage({
        ...decodeKpasswdMessage(request),
        body: sealPrivate(part, other, random),
      }),
    );
    const seen = await refusal(at.change(ticket, 'x', { transport }));
    expect(seen.result).toBe(KpasswdResult.AUTHERROR);
  });

  test.each([0, undefined])('MIT counts from 0, which it writes as %s', async (seqNumber) => {
    const ticket = await at.ticket('alice');
    const transport = at.transport(
      rebuilt(ticket, {
        authenticator: (value) => ({ ...value, seqNumber: undefined }),
        part: (value) => ({ ...value, seqNumber, timestamp: undefined, usec: undefined }),
      }),
    );
    await at.change(ticket, passwordOf('alice'), { transport });
  });

  test('other versions of the protocol', async () => {
    const ticket = await at.ticket('alice');
    const transport = at.transport(rebuilt(ticket, { version: 2 }));
    const seen = await refusal(at.change(ticket, 'x', { transport }));
    expect(seen.result).toBe(KpasswdResult.BAD_VERSION);
  });

  test.each([
    ['half of a target', { newPasswd: utf8('x'), targRealm: 'CONTOSO.COM' }],
    ['the other half', { newPasswd: utf8('x'), targName: { nameType: 1, nameString: ['bob'] } }],
  ])('%s is malformed', async (_what, data) => {
    const ticket = await at.ticket('Administrator');
    const userData = encodeDer(ChangePasswdData, data);
    const spoil = rebuilt(ticket, { version: 0xff80, part: (part) => ({ ...part, userData }) });
    const seen = await refusal(at.change(ticket, 'x', { transport: at.transport(spoil) }));
    expect(seen.result).toBe(KpasswdResult.MALFORMED);
  });

  test('what is no ChangePasswdData is malformed', async () => {
    const ticket = await at.ticket('Administrator');
    const spoil = rebuilt(ticket, { version: 0xff80 });
    const seen = await refusal(at.change(ticket, 'x', { transport: at.transport(spoil) }));
    expect(seen.result).toBe(KpasswdResult.MALFORMED);
  });

  test('what has no header of this protocol is met with silence', async () => {
    for (const bytes of [new Uint8Array(), Uint8Array.of(1), utf8('GET / HTTP/1.1\r\n\r\n')]) {
      expect(await at.domain.dc.kpasswd.handle(bytes, PEER)).toBeUndefined();
    }
  });

  /** A KRB-ERROR, a sealed reply, or silence; and no change of a password. */
  async function survives(bytes: Uint8Array): Promise<void> {
    const reply = await at.domain.dc.kpasswd.handle(bytes, PEER);
    if (reply === undefined) return;
    const { ap, body } = decodeKpasswdMessage(reply);
    if (ap.length > 0) return;
    const { eData = new Uint8Array() } = decodeDer(KrbError, body);
    expect(decodeOutcome(eData).code).not.toBe(KpasswdResult.SUCCESS);
  }

  test('any octets behind an honest header', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(1, 0xff80, 7),
        fc.uint8Array({ maxLength: 80 }),
        fc.uint8Array({ maxLength: 80 }),
        async (version, ap, body) => survives(encodeKpasswdMessage({ version, ap, body })),
      ),
    );
  });

  test('every truncation, and octets changed anywhere', async () => {
    const ticket = await at.ticket('alice');
    const seeds: Uint8Array[] = [];
    const keep = at.transport((request) => {
      seeds.push(request);
      return new Uint8Array();
    });
    await refusal(at.change(ticket, 'x', { transport: keep }));
    const [seed = new Uint8Array()] = seeds;
    for (let size = 0; size < seed.length; size += 7) {
      const cut = seed.slice(0, size);
      if (size > 1) new DataView(cut.buffer).setUint16(0, size);
      await survives(cut);
    }
    const place = fc.nat(seed.length - 1);
    const flips = fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(flips, async (list) => {
        const bytes = seed.slice();
        for (const [index, bits] of list) bytes[index] = bits ^ (seed[index] ?? 0);
        await survives(bytes);
      }),
      { numRuns: 300 },
    );
  });
});

describe('sockets', () => {
  beforeEach(async () => {
    at = await PasswordDomain.start();
  });
  afterEach(async () => {
    expect(at.domain.defects).toEqual([]);
    await at.close();
  });

  test('UDP: a datagram that comes again while it is worked on is one change', async () => {
    const { kpasswdPort } = at.domain.endpoints;
    const socket = createSocket('udp4');
    const replies: Uint8Array[] = [];
    const twice = Promise.withResolvers<void>();
    socket.on('message', (message) => {
      if (replies.push(Uint8Array.from(message)) === 2) twice.resolve();
    });
    const ticket = await at.ticket('alice');
    await at.change(ticket, 'N3w.password', {
      transport: async (_realm, request) => {
        const bytes = request(hostAddress('127.0.0.1'));
        socket.send(bytes, kpasswdPort, '127.0.0.1');
        socket.send(bytes, kpasswdPort, '127.0.0.1');
        await twice.promise;
        return replies[0] ?? new Uint8Array();
      },
    });
    socket.close();
    expect(replies[1]).toEqual(replies[0]);
    expect(at.events).toHaveLength(1);
  });

  test('TCP: two requests in one piece are answered in their order', async () => {
    const socket = connect(at.domain.endpoints.kpasswdPort, '127.0.0.1');
    await once(socket, 'connect');
    const ticket = await at.ticket('alice');
    const framed = (bytes: Uint8Array) => {
      const length = new Uint8Array(4);
      new DataView(length.buffer).setUint32(0, bytes.length);
      return concat(length, bytes);
    };
    const junk = encodeKpasswdMessage({ version: 7, ap: new Uint8Array(), body: utf8('?') });
    await at.change(ticket, 'N3w.password', {
      transport: async (_realm, request) => {
        const first = framed(request(hostAddress('127.0.0.1')));
        socket.write(concat(first, framed(junk)));
        let got: Uint8Array = new Uint8Array();
        let size = Infinity;
        while (got.length < size + 4 + 1) {
          const [chunk] = await once(socket, 'data');
          got = concat(got, Uint8Array.from(chunk as Uint8Array));
          size = 4 + new DataView(got.buffer).getUint32(0);
        }
        const second = decodeKpasswdMessage(got.slice(size + 4));
        const { eData } = decodeDer(KrbError, second.body);
        expect(decodeOutcome(eData ?? new Uint8Array()).code).toBe(KpasswdResult.BAD_VERSION);
        return got.slice(4, size);
      },
    });
    socket.destroy();
    expect(await at.isPassword('alice', 'N3w.password')).toBe(true);
  });
});
