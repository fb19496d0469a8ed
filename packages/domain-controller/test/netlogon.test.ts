import { NameWriter, readCompressedName } from '@doublehop/security/netlogon/compressed-names';
import { readPing } from '@doublehop/domain-controller/netlogon/ping-filter';
import {
  decodeNetlogonResponse,
  encodeNetlogonResponse,
  type NetlogonResponse,
} from '@doublehop/security/netlogon/response';
import { parseFilter } from '@doublehop/ldap/filter-text';
import { parseGuid } from '@doublehop/security/guid';
import { concat, fromHex, toHex, utf16le } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const GUID = parseGuid('ca21b03b-6dd3-11d1-8a7d-b8dfb156871f');

const V5EX: NetlogonResponse = {
  kind: 'v5ex',
  opcode: 23,
  flags: 0x1_f1bd,
  domainGuid: GUID,
  dnsForestName: 'contoso.com',
  dnsDomainName: 'contoso.com',
  dnsHostName: 'dc.contoso.com',
  netbiosDomainName: 'CONTOSO',
  netbiosComputerName: 'DC',
  userName: '',
  dcSiteName: 'Default-First-Site-Name',
  clientSiteName: 'Default-First-Site-Name',
};

const SITE = `17${Buffer.from('Default-First-Site-Name').toString('hex')}00`;

describe('MS-ADTS 6.3.1.9 NETLOGON_SAM_LOGON_RESPONSE_EX', () => {
  // Laid out by hand after the clause; names compressed as RFC 1035 §4.1.4 has it.
  const head = '1700 0000 bdf10100 3bb021cad36dd1118a7db8dfb156871f';
  const names = `07636f6e746f736f 03636f6d 00  c018  02 6463 c018  07434f4e544f534f00 02444300 00`;
  const sites = `${SITE} c03a`;

  it('encodes and decodes', () => {
    const bytes = fromHex(`${head} ${names} ${sites} 05000000 ffffffff`);
    expect(toHex(encodeNetlogonResponse(V5EX))).toBe(toHex(bytes));
    expect(decodeNetlogonResponse(bytes)).toEqual(V5EX);
  });

  it('holds the address of the controller where it is asked for', () => {
    const response = { ...V5EX, address: '192.0.2.7' };
    const socket = '10 0200 0000 c0000207 0000000000000000';
    const bytes = fromHex(`${head} ${names} ${sites} ${socket} 0d000000 ffffffff`);
    expect(toHex(encodeNetlogonResponse(response))).toBe(toHex(bytes));
    expect(decodeNetlogonResponse(bytes)).toEqual(response);
  });

  it('has 127.0.0.1 for a controller without IPv4', () => {
    const bytes = encodeNetlogonResponse({ ...V5EX, address: '2001:db8::1' });
    expect(decodeNetlogonResponse(bytes)).toMatchObject({ address: '127.0.0.1' });
  });
});

describe('MS-ADTS 6.3.1.7 and 6.3.1.8', () => {
  const head = {
    opcode: 19,
    logonServer: '\\\\DC',
    userName: 'alice',
    domainName: 'CONTOSO',
  };
  const texts = concat(utf16le('\\\\DC\0alice\0CONTOSO\0'));

  it('NETLOGON_SAM_LOGON_RESPONSE_NT40', () => {
    const bytes = concat(fromHex('1300'), texts, fromHex('01000000 ffffffff'));
    expect(encodeNetlogonResponse({ kind: 'nt40', ...head })).toEqual(bytes);
    expect(decodeNetlogonResponse(bytes)).toEqual({ kind: 'nt40', ...head });
  });

  it('NETLOGON_SAM_LOGON_RESPONSE', () => {
    const response: NetlogonResponse = {
      kind: 'v5',
      ...head,
      domainGuid: GUID,
      dnsForestName: 'contoso.com',
      dnsDomainName: 'contoso.com',
      dnsHostName: 'dc.contoso.com',
      address: '192.0.2.7',
      flags: 0x11,
    };
    const bytes = concat(
      fromHex('1300'),
      texts,
      fromHex(`3bb021cad36dd1118a7db8dfb156871f ${'00'.repeat(16)}`),
      fromHex('07636f6e746f736f 03636f6d 00 c048 026463 c048'),
      fromHex('c0000207 11000000 03000000 ffffffff'),
    );
    expect(toHex(encodeNetlogonResponse(response))).toBe(toHex(bytes));
    expect(decodeNetlogonResponse(bytes)).toEqual(response);
  });

  it('any octets decode, or are a WireError', () => {
    const tail = fc.constantFrom('01000000', '03000000', '05000000', '0d000000');
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), tail, (body, version) => {
        try {
          decodeNetlogonResponse(concat(body, fromHex(`${version} ffffffff`)));
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});

describe('MS-ADTS 6.3.7 compressed names', () => {
  it('come back whatever they are', () => {
    const label = fc.stringMatching(/^[a-z0-9-]{1,20}$/);
    const name = fc.array(label, { maxLength: 5 }).map((labels) => labels.join('.'));
    fc.assert(
      fc.property(fc.array(name, { maxLength: 12 }), fc.nat(64), (list, at) => {
        const writer = new NameWriter(at);
        for (const one of list) writer.domain(one);
        const bytes = concat(new Uint8Array(at), writer.finish());
        let next = at;
        for (const one of list) {
          const read = readCompressedName(bytes, next);
          expect(read.name).toBe(one);
          ({ next } = read);
        }
        expect(next).toBe(bytes.length);
      }),
    );
  });

  it.each([
    ['points to itself', 'c000'],
    ['points forwards', 'c002 00'],
    ['points back and forth', '0161 c000', 2],
    ['has no end', '0161'],
    ['has a label of 64 octets', `40${'61'.repeat(64)}00`],
    ['is longer than a name may be', `${`3f${'61'.repeat(63)}`.repeat(5)}00`],
  ])('a name that %s is refused', (_what, hex, offset = 0) => {
    if (offset > 0) {
      // A pointer to a label that ends in the same pointer.
      expect(() => readCompressedName(fromHex(hex), offset)).toThrow(WireError);
    }
    expect(() => readCompressedName(fromHex(hex), 0)).toThrow(WireError);
  });

  it('a label that no octet can count is not written', () => {
    expect(() => new NameWriter(0).label('x'.repeat(64))).toThrow(WireError);
  });
});

describe('MS-ADTS 6.3.3.1 filter of a ping', () => {
  const guid = '\\3b\\b0\\21\\ca\\d3\\6d\\d1\\11\\8a\\7d\\b8\\df\\b1\\56\\87\\1f';

  it('the example of 6.3.3', () => {
    const names = '(DnsDomain=abcde.corp.microsoft.com)(Host=abcdefgh-dev)(User=abcdefgh-dev$)';
    const numbers = `(AAC=\\80\\00\\00\\00)(DomainGuid=${guid})(NtVer=\\06\\00\\00\\00)`;
    const text = `(&${names}${numbers})`;
    expect(readPing(parseFilter(text))).toEqual({
      dnsDomain: 'abcde.corp.microsoft.com',
      domainGuid: GUID,
      domainSid: undefined,
      user: 'abcdefgh-dev$',
      accountControl: 0x80,
      version: 6,
    });
  });

  it('elements that are not known, and a filter that asks for nothing', () => {
    const nothing = { user: '', accountControl: 0, version: 0, dnsDomain: undefined };
    expect(readPing(parseFilter('(objectClass=*)'))).toMatchObject(nothing);
    expect(readPing(parseFilter('(&(Colour=red)(!(Host=x)))'))).toMatchObject(nothing);
    expect(readPing(parseFilter('(NtVer=\\06)'))).toMatchObject({ version: 6 });
  });

  it.each([
    ['an element twice', '(&(NtVer=\\06)(ntver=\\06))'],
    ['a GUID of 15 octets', `(DomainGuid=${guid.slice(3)})`],
    ['a SID that is none', '(DomainSid=\\01\\05)'],
    ['a SID with something behind it', '(DomainSid=\\01\\00\\00\\00\\00\\00\\00\\05\\00)'],
    ['a number of five octets', '(NtVer=\\06\\00\\00\\00\\00)'],
    ['a name that is no text', '(User=\\ff\\fe)'],
    ['a name that is too long', `(User=${'x'.repeat(256)})`],
  ])('%s is not valid', (_what, text) => {
    expect(readPing(parseFilter(text))).toBeUndefined();
  });
});
