import { beforeEach, describe, expect, test } from 'vitest';
import { Key } from '@doublehop/crypto/key';
import { fromHex, toHex } from '@doublehop/wire/bytes';
import { decodeDer, encodeDer } from '@doublehop/wire/der';
import { getInitialTicket } from '@doublehop/kerberos/client/initial-ticket';
import { s4u2self, s4uByteArray, type S4u2SelfRequest } from '@doublehop/kerberos/client/s4u2self';
import type { ClientSettings } from '@doublehop/kerberos/client/context';
import type { Credentials } from '@doublehop/kerberos/credentials';
import { KdcOption, PacOption, S4uOption, TicketFlag } from '@doublehop/kerberos/iana/flags';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { PaType } from '@doublehop/kerberos/iana/padata-types';
import { findPadata, type PaData } from '@doublehop/kerberos/messages/common';
import type { KdcReq } from '@doublehop/kerberos/messages/kdc';
import { PaForUser, PaPacOptions, PaS4uX509User } from '@doublehop/kerberos/messages/padata';
import { formatPrincipal, principal } from '@doublehop/kerberos/names';
import type { Draft, FakeKdc } from './support/fake-kdc.ts';
import { alice, type Lab, makeKdc, makeLab, middle, REALM, refusal } from './support/lab.ts';

const secret = { kind: 'password', password: 'Passw0rd.serverb' } as const;
const S4U = PaType.S4U_X509_USER;

async function asMiddle(lab: Lab): Promise<Credentials> {
  const { credentials } = await getInitialTicket(lab.context, { client: middle, secret });
  lab.kdc.requests.length = 0;
  return credentials;
}

function x509(request: KdcReq | undefined): PaS4uX509User {
  return decodeDer(PaS4uX509User, findPadata(request?.padata, S4U) ?? new Uint8Array(0));
}

describe('MS-SFU 3.1.5.1: S4U2Self in one realm', () => {
  let lab: Lab;
  let tgt: Credentials;
  beforeEach(async () => {
    lab = makeLab();
    tgt = await asMiddle(lab);
  });
  const ask = (more: Partial<S4u2SelfRequest> = {}) =>
    s4u2self(lab.context, { tgt, user: alice, ...more });

  test('a ticket of the user to the middle, by PA-S4U-X509-USER alone', async () => {
    const ticket = await ask();
    expect(ticket.client).toEqual(alice);
    expect(ticket.server).toEqual(middle);
    expect(ticket.flags & TicketFlag.FORWARDABLE).not.toBe(0);
    expect(lab.kdc.openTicket(ticket.ticket, 'SERVERB$').cname).toEqual(alice.name);
    const [request] = lab.kdc.requests;
    expect(request?.padata?.map(({ padataType }) => padataType)).toEqual([
      PaType.TGS_REQ,
      S4U,
      PaType.PAC_OPTIONS,
    ]);
    const { userId } = x509(request);
    expect(userId.value).toMatchObject({
      nonce: request?.reqBody.value.nonce,
      cname: alice.name,
      crealm: REALM,
      options: S4uOption.USE_REPLY_KEY_USAGE,
    });
    const options = findPadata(request?.padata, PaType.PAC_OPTIONS) ?? new Uint8Array(0);
    const { flags } = decodeDer(PaPacOptions, options);
    expect(flags).toBe((PacOption.CLAIMS | PacOption.RESOURCE_BASED_CONSTRAINED_DELEGATION) >>> 0);
    const { kdcOptions } = request?.reqBody.value ?? { kdcOptions: 0 };
    expect(kdcOptions & KdcOption.CANONICALIZE).not.toBe(0);
    expect(kdcOptions & KdcOption.FORWARDABLE).not.toBe(0);
  });

  test('for one of the names of the middle, with a certificate', async () => {
    lab.kdc.addPassword('http/serverb', 'Passw0rd.serverb');
    const server = { nameType: NameType.SRV_INST, nameString: ['http', 'serverb'] };
    const certificate = new Uint8Array([0x30, 0]);
    const ticket = await ask({ server, certificate });
    expect(formatPrincipal(ticket.server)).toBe(`http/serverb@${REALM}`);
    expect(x509(lab.kdc.requests[0]).userId.value.subjectCertificate).toEqual(certificate);
  });

  test('a bare certificate is mapped by the KDC', async () => {
    const user = principal(REALM, NameType.PRINCIPAL);
    const ticket = await ask({ user, certificate: new Uint8Array([0x30, 0]) });
    expect(x509(lab.kdc.requests[0]).userId.value.cname).toBeUndefined();
    expect(ticket.client.name.nameString).toEqual(['mapped']);
  });

  test('an enterprise name comes back as the account name', async () => {
    lab.kdc.addPassword('alice\\@contoso.com', 'Passw0rd.alice');
    const upn = principal(REALM, NameType.ENTERPRISE, 'alice@contoso.com');
    const ticket = await ask({ user: upn });
    expect(ticket.client).toEqual(alice);
  });

  test('a reply without PA-S4U-X509-USER fails (3.1.5.1.2)', async () => {
    lab.kdc.tamper = (draft) => void (draft.padata = []);
    const { code, message } = await refusal(ask());
    expect(code).toBe('reply-mismatch');
    expect(message).toContain('PA-S4U-X509-USER is missing');
  });

  test('a KDC without S4U is found out by the name in its reply', async () => {
    lab.kdc.s4u = 'none';
    expect((await refusal(ask())).message).toContain('is missing');
    const { message } = await refusal(ask({ compat: true }));
    expect(message).toContain(`for SERVERB$@${REALM} itself: the KDC does not do S4U2Self`);
  });

  test('errors of the KDC pass through', async () => {
    lab.kdc.refuse = () => ({ code: 6 });
    expect((await refusal(ask())).error.detail.errorCode).toBe(6);
  });

  /** Puts another PA-S4U-X509-USER into the reply. */
  type Forge = (kdc: FakeKdc, honest: PaS4uX509User, draft: Draft) => PaData;
  const mallory = { nameType: 1, nameString: ['mallory'] };
  const forgeries: [string, Forge, RegExp][] = [
    [
      'nonce',
      (kdc, { userId: { value } }, { key }) => kdc.x509Reply(key, { ...value, nonce: 1 }),
      /the nonce of PA-S4U-X509-USER differs/,
    ],
    [
      'key',
      (kdc, { userId }) => kdc.x509Reply(Key.of(18, new Uint8Array(32)), userId.value),
      /checksum of PA-S4U-X509-USER is wrong/,
    ],
    [
      'usage',
      (kdc, { userId }, { key }) => kdc.x509Reply(key, userId.value, 26),
      /checksum of PA-S4U-X509-USER is wrong/,
    ],
    [
      'name, under the old checksum',
      (_kdc, honest) => {
        const text = Buffer.from(encodeDer(PaS4uX509User, honest)).toString('latin1');
        const padataValue = Buffer.from(text.replace('alice', 'admin'), 'latin1');
        return { padataType: S4U, padataValue };
      },
      /checksum of PA-S4U-X509-USER is wrong/,
    ],
    [
      'name, under an unkeyed checksum',
      (_kdc, honest) => {
        const checksum = { cksumtype: 2, checksum: new Uint8Array(16) };
        return { padataType: S4U, padataValue: encodeDer(PaS4uX509User, { ...honest, checksum }) };
      },
      /checksum of PA-S4U-X509-USER is wrong/,
    ],
    [
      'name, under a checksum of another key type',
      (_kdc, honest) => {
        const checksum = { cksumtype: 15, checksum: new Uint8Array(12) };
        return { padataType: S4U, padataValue: encodeDer(PaS4uX509User, { ...honest, checksum }) };
      },
      /checksum of PA-S4U-X509-USER is wrong/,
    ],
    [
      'name than in the ticket',
      (kdc, { userId: { value } }, { key }) => kdc.x509Reply(key, { ...value, cname: mallory }),
      /it is for alice@CONTOSO.COM/,
    ],
    [
      'name: none',
      (kdc, { userId: { value } }, { key }) => {
        const { cname: _cname, ...rest } = value;
        return kdc.x509Reply(key, rest);
      },
      /no user is named/,
    ],
  ];

  test.each(forgeries)('another %s in the reply is refused', async (_title, forge, message) => {
    lab.kdc.tamper = (draft) => {
      const [honest] = draft.padata;
      const value = decodeDer(PaS4uX509User, honest?.padataValue ?? new Uint8Array(0));
      draft.padata = [forge(lab.kdc, value, draft)];
    };
    const refused = await refusal(ask());
    expect(refused.code).toBe('reply-mismatch');
    expect(refused.message).toMatch(message);
  });

  test('usage 26 is right where the option is not returned (2.2.2)', async () => {
    lab.kdc.tamper = (draft, request) => {
      const { options: _options, ...value } = x509(request).userId.value;
      draft.padata = [lab.kdc.x509Reply(draft.key, value, 26)];
    };
    expect((await ask()).client).toEqual(alice);
  });

  test('the ticket in the clear cannot be renamed', async () => {
    lab.kdc.tamper = (draft) => void (draft.cname = mallory);
    expect((await refusal(ask())).message).toContain('it is for mallory@CONTOSO.COM');
  });

  test('sealed padata without the clear one means that it was taken out', async () => {
    lab.kdc.tamper = (draft) => {
      draft.enc = { ...draft.enc, encryptedPaData: draft.padata };
      draft.padata = [];
    };
    expect((await refusal(ask({ compat: true }))).message).toContain('was taken out');
  });
});

describe('MS-SFU 2.2.1: PA-FOR-USER in compatibility mode', () => {
  test('both kinds are sent; a KDC that knows the older one suffices', async () => {
    const lab = makeLab();
    const tgt = await asMiddle(lab);
    lab.kdc.s4u = 'for-user';
    const ticket = await s4u2self(lab.context, { tgt, user: alice, compat: true });
    expect(ticket.client).toEqual(alice);
    const [request] = lab.kdc.requests;
    expect(request?.padata?.map(({ padataType }) => padataType)).toEqual([
      PaType.TGS_REQ,
      S4U,
      PaType.FOR_USER,
      PaType.PAC_OPTIONS,
    ]);
    const value = findPadata(request?.padata, PaType.FOR_USER) ?? new Uint8Array(0);
    // KERB_CHECKSUM_HMAC_MD5 although the session key is of type 18.
    expect(decodeDer(PaForUser, value)).toMatchObject({
      userName: alice.name,
      userRealm: REALM,
      cksum: { cksumtype: -138 },
      authPackage: 'Kerberos',
    });
  });

  test('the case of the name may differ, the name may not', async () => {
    const lab = makeLab();
    const tgt = await asMiddle(lab);
    lab.kdc.s4u = 'for-user';
    const rename = (name: string) => {
      lab.kdc.tamper = (draft) => void (draft.cname = { nameType: 1, nameString: [name] });
      return s4u2self(lab.context, { tgt, user: alice, compat: true });
    };
    expect((await rename('Alice')).client.name.nameString).toEqual(['Alice']);
    expect((await refusal(rename('bob'))).message).toContain('it is for bob');
  });

  test('S4UByteArray: type little-endian, components, realm, package, nothing between', () => {
    const bytes = s4uByteArray(principal('R.COM', 10, 'a', 'bc'), 'Kerberos');
    expect(toHex(bytes)).toBe(`0a000000${toHex(Buffer.from('abcR.COMKerberos'))}`);
    expect(bytes.subarray(0, 4)).toEqual(fromHex('0a000000'));
  });
});

describe('MS-SFU 2.2.2: RC4 session keys', () => {
  const settings: Partial<ClientSettings> = { etypes: [23] };

  async function rc4(): Promise<{ readonly lab: Lab; readonly tgt: Credentials }> {
    const lab = makeLab(settings);
    lab.kdc.addPassword('SERVERB$', 'Passw0rd.serverb', { etypes: [23] });
    return { lab, tgt: await asMiddle(lab) };
  }

  test('rsa-md4 checksums, proved by their sealed copy', async () => {
    const { lab, tgt } = await rc4();
    const ticket = await s4u2self(lab.context, { tgt, user: alice });
    expect(ticket.client).toEqual(alice);
    expect(x509(lab.kdc.requests[0]).checksum.cksumtype).toBe(2);
  });

  test.each<[string, (draft: Draft) => void]>([
    ['missing', (draft) => void (draft.enc = { ...draft.enc, encryptedPaData: [] })],
    [
      'different',
      (draft) => {
        const padata = [{ padataType: S4U, padataValue: new Uint8Array(32) }];
        draft.enc = { ...draft.enc, encryptedPaData: padata };
      },
    ],
  ])('a %s copy is refused', async (_title, tamper) => {
    const { lab, tgt } = await rc4();
    lab.kdc.tamper = tamper;
    const { message } = await refusal(s4u2self(lab.context, { tgt, user: alice }));
    expect(message).toContain('the sealed checksums of PA-S4U-X509-USER differ');
  });
});

describe('MS-SFU 3.1.5.1.1.2: a user of another realm', () => {
  const upn = principal(REALM, NameType.ENTERPRISE, 'alice@fabrikam.com');

  async function twoRealms(): Promise<{
    readonly lab: Lab;
    readonly fabrikam: FakeKdc;
    readonly tgt: Credentials;
  }> {
    const fabrikam = makeKdc('FABRIKAM.COM');
    fabrikam.addPassword('alice\\@fabrikam.com', 'Passw0rd.alice');
    const lab = makeLab({}, { others: [fabrikam] });
    lab.kdc.trust(fabrikam);
    lab.kdc.wrongRealms.set('alice\\@fabrikam.com', 'FABRIKAM.COM');
    return { lab, fabrikam, tgt: await asMiddle(lab) };
  }

  test('her realm is found and asked first, then the referral leads home', async () => {
    const { lab, fabrikam, tgt } = await twoRealms();
    const ticket = await s4u2self(lab.context, { tgt, user: upn });
    expect(formatPrincipal(ticket.client)).toBe('alice@FABRIKAM.COM');
    expect(formatPrincipal(ticket.server)).toBe(`SERVERB$@${REALM}`);
    // There the middle is known by its enterprise name.
    const there = fabrikam.requests.at(-1)?.reqBody.value.sname;
    expect(there).toEqual({ nameType: 10, nameString: [`SERVERB$@${REALM}`] });
    // Here the user is asked for by the name that her own realm gave.
    expect(x509(lab.kdc.requests.at(-1)).userId.value).toMatchObject({
      cname: { nameString: ['alice'] },
      crealm: 'FABRIKAM.COM',
    });
  });

  test('a later realm cannot change the user', async () => {
    const { lab, tgt } = await twoRealms();
    lab.kdc.tamper = (draft, request) => {
      if (findPadata(request.padata, S4U) === undefined) return;
      const { value } = x509(request).userId;
      const cname = { nameType: 1, nameString: ['mallory'] };
      draft.padata = [lab.kdc.x509Reply(draft.key, { ...value, cname })];
      draft.cname = cname;
    };
    const { message } = await refusal(s4u2self(lab.context, { tgt, user: upn }));
    expect(message).toContain('the user changes on the way');
  });

  test('a certificate goes to the first realm only', async () => {
    const { lab, fabrikam, tgt } = await twoRealms();
    const user = principal('FABRIKAM.COM', NameType.PRINCIPAL, 'alice');
    const certificate = new Uint8Array([0x30, 0]);
    await s4u2self(lab.context, { tgt, user, certificate });
    const sent = [fabrikam, lab.kdc].map(
      ({ requests }) => x509(requests.at(-1)).userId.value.subjectCertificate,
    );
    expect(sent).toEqual([certificate, undefined]);
  });

  test('a circle ends', async () => {
    const { lab, tgt } = await twoRealms();
    lab.kdc.referrals.set('SERVERB$', 'FABRIKAM.COM');
    const { code } = await refusal(s4u2self(lab.context, { tgt, user: upn }));
    expect(code).toBe('limit');
  });
});
