import { createSocket, type Socket } from 'node:dgram';
import { decodeMessage, encodeMessage } from '@doublehop/ldap/messages/message';
import { formatFilter } from '@doublehop/ldap/filter-text';
import { DsFlag } from '@doublehop/security/netlogon/flags';
import { encodeNetlogonResponse } from '@doublehop/security/netlogon/response';
import { parseGuid } from '@doublehop/security/guid';
import { concat, toHex } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ldapPing, pingRequest, readAnswer } from '../src/connect/ping.ts';
import { type Contoso, startContoso } from './support/contoso.ts';

/** An answer as a controller in London gives it to somebody in Paris. */
function answer(
  messageId: number,
  fields: { readonly opcode?: number; readonly flags?: number; readonly domain?: string } = {},
): Uint8Array {
  const { opcode = 23, flags = DsFlag.LDAP | DsFlag.WRITABLE, domain = 'contoso.com' } = fields;
  const value = encodeNetlogonResponse({
    kind: 'v5ex',
    opcode,
    flags,
    domainGuid: parseGuid('ca21b03b-6dd3-11d1-8a7d-b8dfb156871f'),
    dnsForestName: 'contoso.com',
    dnsDomainName: domain,
    dnsHostName: 'LON1.contoso.com',
    netbiosDomainName: 'CONTOSO',
    netbiosComputerName: 'LON1',
    userName: '',
    dcSiteName: 'London',
    clientSiteName: 'Paris',
  });
  return concat(
    encodeMessage({
      messageId,
      operation: {
        kind: 'searchEntry',
        value: { objectName: '', attributes: [{ type: 'netlogon', values: [value] }] },
      },
    }),
    // SearchResultDone, success.
    Uint8Array.of(
      0x30,
      0x0c,
      0x02,
      0x01,
      messageId,
      0x65,
      0x07,
      0x0a,
      0x01,
      0x00,
      0x04,
      0x00,
      0x04,
      0x00,
    ),
  );
}

describe('the ping (MS-ADTS 6.3.3)', () => {
  test('is one search of the rootDSE for NETLOGON_NT_VERSION 5EX', () => {
    const request = pingRequest(7, 'contoso.com');
    const { messageId, operation } = decodeMessage(request);
    expect(messageId).toBe(7);
    if (operation.kind !== 'searchRequest') throw new Error('no search');
    const { baseObject, scope, filter, attributes } = operation.value;
    expect([baseObject, scope, attributes]).toEqual(['', 'base', ['Netlogon']]);
    expect(formatFilter(filter)).toMatch(/^\(&\(DnsDomain=contoso\.com\)\(NtVer=.*\)\)$/);
    // NtVer, little-endian: V5 and V5EX.
    expect(toHex(request)).toContain('040406000000');
  });

  test('its answer tells both sites, and what the controller is', () => {
    expect(readAnswer(answer(7), 7, 'CONTOSO.com')).toEqual({
      controller: 'lon1.contoso.com',
      domain: 'contoso.com',
      forest: 'contoso.com',
      site: 'London',
      clientSite: 'Paris',
      flags: 0x108,
      closest: false,
      writable: true,
    });
    const flags = DsFlag.CLOSEST | DsFlag.LDAP;
    expect(readAnswer(answer(7, { flags }), 7, 'contoso.com')).toMatchObject({
      closest: true,
      writable: false,
    });
  });

  test('what is no answer: another message, another domain, a Netlogon that pauses', () => {
    expect(readAnswer(answer(7), 8, 'contoso.com')).toBeUndefined();
    expect(readAnswer(answer(7), 7, 'fabrikam.com')).toBeUndefined();
    expect(readAnswer(answer(7, { opcode: 24 }), 7, 'contoso.com')).toBeUndefined();
    expect(readAnswer(new Uint8Array(0), 7, 'contoso.com')).toBeUndefined();
    expect(readAnswer(answer(7).subarray(0, 60), 7, 'contoso.com')).toBeUndefined();
  });

  test('whatever comes in a datagram does no harm', () => {
    const octets = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat(200), fc.nat(255)).map(([at, octet]) => {
        const bytes = Uint8Array.from(answer(7));
        bytes[at] = octet;
        return bytes;
      }),
    );
    fc.assert(
      fc.property(octets, (bytes) => {
        const found = readAnswer(bytes, 7, 'contoso.com');
        expect(found === undefined || found.domain.toLowerCase() === 'contoso.com').toBe(true);
      }),
    );
  });
});

describe('over UDP', () => {
  let contoso: Contoso;
  let silent: Socket;
  const sockets: Socket[] = [];
  const ping = ldapPing({
    resolver: { addresses: async (host) => (host === 'nowhere' ? [] : ['127.0.0.1']) },
    random: (size) => new Uint8Array(size).fill(0xfe),
  });
  const listen = async (): Promise<Socket> => {
    const socket = createSocket('udp4');
    sockets.push(socket);
    await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
    return socket;
  };
  const soon = (): AbortSignal => AbortSignal.timeout(2_000);
  beforeAll(async () => {
    [contoso, silent] = await Promise.all([startContoso(), listen()]);
  });
  afterAll(async () => {
    for (const socket of sockets) socket.close();
    await contoso.close();
  });

  test('a controller answers for its domain, and for no other', async () => {
    const port = Number(new URL(contoso.ldap).port);
    expect(await ping({ host: 'dc', port }, 'contoso.com', soon())).toMatchObject({
      controller: 'dc.contoso.com',
      site: 'Default-First-Site-Name',
      closest: true,
      writable: true,
    });
    const other = await ping({ host: 'dc', port }, 'fabrikam.com', AbortSignal.timeout(100));
    expect(other).toBeUndefined();
  });

  test('silence ends with the signal, a closed port and a name of nobody at once', async () => {
    const { port } = silent.address();
    expect(
      await ping({ host: 'dc', port }, 'contoso.com', AbortSignal.timeout(50)),
    ).toBeUndefined();
    expect(await ping({ host: 'dc', port: 1 }, 'contoso.com', soon())).toBeUndefined();
    expect(await ping({ host: 'nowhere', port }, 'contoso.com', soon())).toBeUndefined();
  });

  test('a lost datagram is sent again; what is no answer is passed over', async () => {
    const socket = await listen();
    let came = 0;
    socket.on('message', (request, { port, address }) => {
      came += 1;
      socket.send(Uint8Array.of(1, 2, 3), port, address);
      const { messageId } = decodeMessage(request);
      expect(messageId).toBeGreaterThan(0);
      if (came === 2) socket.send(answer(7), port, address);
    });
    const found = await ping(
      { host: 'dc', port: socket.address().port },
      'contoso.com',
      AbortSignal.timeout(900),
    );
    // The second answer has another message's number.
    expect([came, found]).toEqual([2, undefined]);
  });
});
