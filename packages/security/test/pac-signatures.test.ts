import { Key } from '@doublehop/crypto/key';
import { pooledRandom } from '@doublehop/crypto/random';
import { toHex } from '@doublehop/wire/bytes';
import { describe, expect, test } from 'vitest';
import { encodeClientInfo } from '../src/pac/client-info.ts';
import { decodeLogonInfo, encodeLogonInfo } from '../src/pac/logon-info.ts';
import { decodePac, encodePac, type Pac, pacBuffer, PacType } from '../src/pac/pac.ts';
import { signPac } from '../src/pac/sign.ts';
import { decodeSignature } from '../src/pac/signature.ts';
import { decodeUpnDnsInfo, encodeUpnDnsInfo } from '../src/pac/upn-dns-info.ts';
import { verifyServiceTicketPac, verifyTgtPac } from '../src/pac/verify.ts';
import * as vectors from './vectors/pacs.ts';
import { cipherOf, splitTicketPart } from './vectors/ticket.ts';

const random = pooledRandom();
const serverKey = Key.of(18, vectors.ticket2022ServerKey);
const kdcKey = Key.of(18, vectors.ticket2022KdcKey);
/** Key usage 2: the encrypted part of a ticket (RFC 4120 7.5.1). */
const part = serverKey.decrypt(2, cipherOf(vectors.ticket2022));
const { pac: captured, signed: encTicketPart } = splitTicketPart(part);

/** The PAC of 2022 with something done to the buffer of a type, or without it. */
function tampered(type: number, change?: (data: Uint8Array) => void): Pac {
  const buffers = decodePac(captured)
    .buffers.map((buffer) => ({ type: buffer.type, data: new Uint8Array(buffer.data) }))
    .filter((buffer) => change !== undefined || buffer.type !== type);
  for (const buffer of buffers) if (buffer.type === type) change?.(buffer.data);
  return decodePac(encodePac(buffers));
}

describe('MS-PAC 2.8: a service ticket of Windows Server 2022', () => {
  const keys = { serverKey, kdcKeys: [kdcKey], encTicketPart };

  test('all four signatures are valid', () => {
    expect(verifyServiceTicketPac(decodePac(captured), keys)).toEqual({
      valid: true,
      server: 'valid',
      kdc: 'valid',
      ticket: 'valid',
      full: 'valid',
      kdcKeyIndex: 0,
    });
  });

  test('verifying leaves the bytes alone, even those of a Buffer', () => {
    const before = toHex(captured);
    expect(verifyServiceTicketPac(decodePac(Buffer.from(captured)), keys).valid).toBe(true);
    expect(toHex(captured)).toBe(before);
  });

  test('signing again gives what Windows gave', () => {
    const { buffers } = decodePac(captured);
    expect(toHex(signPac({ buffers, serverKey, kdcKey, encTicketPart }))).toBe(toHex(captured));
  });

  test('its buffers decode and encode to the same bytes', () => {
    const pac = decodePac(captured);
    expect(pac.buffers.map(({ type }) => type)).toEqual([1, 6, 7, 10, 12, 16, 19]);
    const logonInfo = pacBuffer(pac, PacType.logonInfo) ?? new Uint8Array();
    const info = decodeLogonInfo(logonInfo);
    expect(info).toMatchObject({
      effectiveName: 'Administrator',
      logonDomainName: 'W2022-L7',
      extraSids: [{ sid: 'S-1-18-1', attributes: 7 }],
      resourceGroupDomainSid: info.logonDomainId,
      resourceGroups: [{ rid: 572, attributes: 0x2000_0007 }],
    });
    expect(toHex(encodeLogonInfo(info))).toBe(toHex(logonInfo));
    const upnDns = pacBuffer(pac, PacType.upnDnsInfo) ?? new Uint8Array();
    expect(decodeUpnDnsInfo(upnDns)).toEqual({
      upn: 'Administrator@w2022-l7.base',
      dnsDomainName: 'W2022-L7.BASE',
      upnConstructed: true,
      account: { samName: 'Administrator', sid: `${info.logonDomainId}-500` },
    });
    expect(toHex(encodeUpnDnsInfo(decodeUpnDnsInfo(upnDns)))).toBe(toHex(upnDns));
  });

  describe('krbtgt rollover: signatures do not say which key made them', () => {
    const newer = Key.random(18, random);
    const rc4 = Key.of(23, vectors.savedKdcKey);
    test('an older key is found', () => {
      const kdcKeys = [newer, rc4, kdcKey];
      expect(verifyServiceTicketPac(decodePac(captured), { ...keys, kdcKeys })).toMatchObject({
        valid: true,
        kdcKeyIndex: 2,
      });
    });

    test('none is found', () => {
      expect(
        verifyServiceTicketPac(decodePac(captured), { ...keys, kdcKeys: [newer] }),
      ).toMatchObject({ valid: false, server: 'valid', kdc: 'mismatch', ticket: 'mismatch' });
    });

    test('no key of the type', () => {
      expect(
        verifyServiceTicketPac(decodePac(captured), { ...keys, kdcKeys: [rc4] }),
      ).toMatchObject({ valid: false, kdc: 'unsupported-type', ticket: 'unsupported-type' });
    });

    test('the ticket signature must be made with the key of the KDC signature', () => {
      const other = signPac({
        buffers: decodePac(captured).buffers,
        serverKey,
        kdcKey: newer,
        encTicketPart,
      });
      const foreign = pacBuffer(decodePac(other), PacType.ticketChecksum) ?? new Uint8Array();
      const mixed = tampered(PacType.ticketChecksum, (data) => data.set(foreign));
      const result = verifyServiceTicketPac(mixed, { ...keys, kdcKeys: [kdcKey, newer] });
      expect(result).toMatchObject({ kdc: 'valid', kdcKeyIndex: 0 });
      expect(result).toMatchObject({ valid: false, ticket: 'mismatch' });
    });
  });

  describe('the Bronze bit: a changed ticket', () => {
    test('one flag flipped in the EncTicketPart', () => {
      const flipped = encTicketPart.slice();
      // [0] flags is the first field: a BIT STRING after two headers of the sequence.
      const flags = flipped.indexOf(0x03) + 3;
      flipped[flags] = (flipped[flags] ?? 0) ^ 0x40;
      expect(
        verifyServiceTicketPac(decodePac(captured), { ...keys, encTicketPart: flipped }),
      ).toMatchObject({ valid: false, server: 'valid', kdc: 'valid', ticket: 'mismatch' });
    });

    test('the service signs its own PAC without the ticket signature', () => {
      const buffers = decodePac(captured).buffers.filter(
        ({ type }) => type !== PacType.ticketChecksum,
      );
      const forged = decodePac(signPac({ buffers, serverKey, kdcKey: serverKey }));
      expect(verifyServiceTicketPac(forged, keys)).toMatchObject({
        valid: false,
        server: 'valid',
        kdc: 'mismatch',
        ticket: 'missing',
      });
    });
  });

  describe('each signature missing, zeroed, unkeyed, of a type nobody has, cut short', () => {
    const signatures = [
      ['server', PacType.serverChecksum],
      ['kdc', PacType.kdcChecksum],
      ['ticket', PacType.ticketChecksum],
      ['full', PacType.fullChecksum],
    ] as const;
    /** CRC-32 (RFC 3961 6.1.3), which takes no key, and a number that nobody has assigned. */
    const unkeyed = 1;
    const unknown = 0x7777;
    for (const [name, type] of signatures) {
      test(`${name}: missing`, () => {
        const result = verifyServiceTicketPac(tampered(type), keys);
        expect(result[name]).toBe('missing');
        expect(result.valid).toBe(false);
      });

      test(`${name}: zeroed`, () => {
        const result = verifyServiceTicketPac(
          tampered(type, (data) => data.fill(0, 4)),
          keys,
        );
        expect(result[name]).toBe('mismatch');
        expect(result.valid).toBe(false);
      });

      test(`${name}: unkeyed`, () => {
        const result = verifyServiceTicketPac(
          tampered(type, (data) => new DataView(data.buffer).setInt32(0, unkeyed, true)),
          keys,
        );
        expect(result[name]).toBe('unkeyed');
        expect(result.valid).toBe(false);
      });

      test(`${name}: of an unknown type`, () => {
        const result = verifyServiceTicketPac(
          tampered(type, (data) => new DataView(data.buffer).setInt32(0, unknown, true)),
          keys,
        );
        expect(result[name]).toBe('unsupported-type');
        expect(result.valid).toBe(false);
      });

      test(`${name}: cut short`, () => {
        const buffers = decodePac(captured).buffers.map((buffer) =>
          buffer.type === type ? { type, data: buffer.data.subarray(0, 6) } : buffer,
        );
        const result = verifyServiceTicketPac(decodePac(encodePac(buffers)), keys);
        expect(result[name]).toBe('mismatch');
        expect(result.valid).toBe(false);
      });
    }

    test('KB5020805: a PAC that is only without the extended KDC signature', () => {
      const buffers = decodePac(captured).buffers.filter(
        ({ type }) => type !== PacType.fullChecksum,
      );
      const older = decodePac(encodePac(buffers));
      const ticket = older.buffers.find(({ type }) => type === PacType.ticketChecksum);
      const bytes = new Uint8Array(older.bytes);
      sign(bytes, older, PacType.serverChecksum, serverKey, blanked(older));
      const server = decodeSignature(bufferOf(bytes, PacType.serverChecksum)).checksum;
      sign(bytes, older, PacType.kdcChecksum, kdcKey, server);
      expect(ticket).toBeDefined();
      expect(verifyServiceTicketPac(decodePac(bytes), keys)).toMatchObject({
        valid: false,
        server: 'valid',
        kdc: 'valid',
        ticket: 'valid',
        full: 'missing',
      });
    });

    test('a changed group is noticed by the server and the extended KDC signature', () => {
      const result = verifyServiceTicketPac(
        tampered(PacType.logonInfo, (data) => data.fill(1, 300, 301)),
        keys,
      );
      expect(result).toMatchObject({ valid: false, server: 'mismatch', full: 'mismatch' });
    });
  });
});

function bufferOf(bytes: Uint8Array, type: number): Uint8Array {
  return pacBuffer(decodePac(bytes), type) ?? new Uint8Array();
}

function blanked(pac: Pac): Uint8Array {
  const bytes = new Uint8Array(pac.bytes);
  for (const { type, offset, data } of pac.buffers) {
    if (type === 6 || type === 7) bytes.fill(0, offset + 4, offset + data.length);
  }
  return bytes;
}

function sign(bytes: Uint8Array, pac: Pac, type: number, key: Key, data: Uint8Array): void {
  const slot = pac.buffers.find((buffer) => buffer.type === type);
  bytes.set(key.checksum(17, data), (slot?.offset ?? 0) + 4);
}

describe('MS-PAC 2.8.4: server signatures of older PACs', () => {
  const rows: readonly [string, Uint8Array, Key][] = [
    ['2003, RC4', vectors.savedPac, Key.of(23, vectors.savedServerKey)],
    ['S4U2Self', vectors.s4uRegularPac, Key.of(18, vectors.s4uServerKey)],
    ['S4U2Self, enterprise name', vectors.s4uEnterprisePac, Key.of(18, vectors.s4uServerKey)],
    ['S4U2Self referral', vectors.s4uReferralPac, Key.of(18, vectors.s4uTrustKey)],
    [
      'S4U2Self referral, enterprise name',
      vectors.s4uEnterpriseReferralPac,
      Key.of(18, vectors.s4uTrustKey),
    ],
  ];
  for (const [name, bytes, key] of rows) {
    test(name, () => {
      expect(verifyTgtPac(decodePac(bytes), key)).toEqual({
        valid: true,
        server: 'valid',
        kdc: 'unchecked',
        ticket: 'unchecked',
        full: 'unchecked',
      });
      const other = Key.random(key.etype, random);
      expect(verifyTgtPac(decodePac(bytes), other)).toMatchObject({
        valid: false,
        server: 'mismatch',
      });
    });
  }

  test('2003: the KDC signature too', () => {
    const result = verifyServiceTicketPac(decodePac(vectors.savedPac), {
      serverKey: Key.of(23, vectors.savedServerKey),
      kdcKeys: [Key.of(23, vectors.savedKdcKey)],
      encTicketPart: new Uint8Array(),
    });
    expect(result).toMatchObject({
      valid: false,
      server: 'valid',
      kdc: 'valid',
      ticket: 'missing',
    });
  });
});

describe('MS-PAC 2.8.1: signing', () => {
  const buffers = [
    { type: PacType.clientInfo, data: encodeClientInfo({ authTime: 0n, name: 'alice' }) },
    { type: PacType.clientClaims, data: Uint8Array.of(1, 2, 3) },
  ];

  for (const [server, kdc] of [
    [18, 18],
    [17, 18],
    [20, 19],
    [23, 18],
  ] as const) {
    test(`server key ${server}, KDC key ${kdc}`, () => {
      const keys = { serverKey: Key.random(server, random), kdcKey: Key.random(kdc, random) };
      const pac = decodePac(signPac({ buffers, ...keys, encTicketPart }));
      expect(pac.buffers.map(({ type }) => type)).toEqual([10, 13, 6, 7, 16, 19]);
      expect(
        verifyServiceTicketPac(pac, {
          serverKey: keys.serverKey,
          kdcKeys: [keys.kdcKey],
          encTicketPart,
        }).valid,
      ).toBe(true);
    });
  }

  test('a TGT gets no ticket and no extended KDC signature, and loses them', () => {
    const placed = [...buffers, { type: PacType.ticketChecksum, data: new Uint8Array(16) }];
    const pac = decodePac(signPac({ buffers: placed, serverKey: kdcKey, kdcKey }));
    expect(pac.buffers.map(({ type }) => type)).toEqual([10, 13, 6, 7]);
    expect(verifyTgtPac(pac, kdcKey).valid).toBe(true);
  });

  test('what was in the places of signatures before does not matter', () => {
    const dirty = [...buffers, { type: PacType.kdcChecksum, data: new Uint8Array(40).fill(255) }];
    const clean = [...buffers, { type: PacType.kdcChecksum, data: new Uint8Array() }];
    const keys = { serverKey, kdcKey, encTicketPart };
    expect(signPac({ buffers: dirty, ...keys })).toEqual(signPac({ buffers: clean, ...keys }));
  });

  test('a read-only domain controller adds two bytes to its signatures', () => {
    const data = Uint8Array.of(16, 0, 0, 0, ...new Uint8Array(12).fill(7), 0x34, 0x12);
    expect(decodeSignature(data)).toMatchObject({ checksumType: 16, rodcId: 0x1234 });
    expect(decodeSignature(data).checksum.length).toBe(12);
  });
});
