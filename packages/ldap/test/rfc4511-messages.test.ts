import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromHex, toHex, utf8 } from '@doublehop/wire/bytes';
import { WireError } from '@doublehop/wire/errors';
import {
  type LdapMessage,
  decodeEnvelope,
  decodeMessage,
  encodeEntry,
  encodeMessage,
} from '../src/messages/message.ts';

const ascii = (text: string) => toHex(utf8(text));
const EMPTY = new Uint8Array(0);

// Octets by hand from RFC 4511 §4 and X.690; those marked (*) re-typed from the "LDAPv3 Wire
// Protocol Reference" of ldap.com.
const vectors: readonly (readonly [string, string, LdapMessage])[] = [
  [
    '§4.2 anonymous simple bind (*)',
    '300c 020101 6007 020103 0400 8000',
    {
      messageId: 1,
      operation: {
        kind: 'bindRequest',
        value: { version: 3, name: '', authentication: { kind: 'simple', value: EMPTY } },
      },
    },
  ],
  [
    '§4.2 simple bind (*)',
    `3039 020101 6034 020103 0424 ${ascii('uid=jdoe,ou=People,dc=example,dc=com')}
     8009 ${ascii('secret123')}`,
    {
      messageId: 1,
      operation: {
        kind: 'bindRequest',
        value: {
          version: 3,
          name: 'uid=jdoe,ou=People,dc=example,dc=com',
          authentication: { kind: 'simple', value: utf8('secret123') },
        },
      },
    },
  ],
  [
    '§4.2 SASL bind without credentials (*)',
    `3016 020101 6011 020103 0400 a30a 0408 ${ascii('CRAM-MD5')}`,
    {
      messageId: 1,
      operation: {
        kind: 'bindRequest',
        value: {
          version: 3,
          name: '',
          authentication: { kind: 'sasl', value: { mechanism: 'CRAM-MD5' } },
        },
      },
    },
  ],
  [
    '§4.2.2 bind response with serverSaslCreds',
    '3010 020101 610b 0a010e 0400 0400 8702 6869',
    {
      messageId: 1,
      operation: {
        kind: 'bindResponse',
        value: { resultCode: 14, matchedDn: '', message: '', saslCredentials: utf8('hi') },
      },
    },
  ],
  [
    '§4.3 unbind (*)',
    '3005 020103 4200',
    { messageId: 3, operation: { kind: 'unbindRequest', value: null } },
  ],
  [
    '§4.5.1 search (*)',
    `3056 020102 6351 0411 ${ascii('dc=example,dc=com')} 0a0102 0a0100 020203e8 02011e 010100
     a024 a315 040b ${ascii('objectClass')} 0406 ${ascii('person')}
          a30b 0403 ${ascii('uid')} 0404 ${ascii('jdoe')}
     3006 04012a 04012b`,
    {
      messageId: 2,
      operation: {
        kind: 'searchRequest',
        value: {
          baseObject: 'dc=example,dc=com',
          scope: 'subtree',
          derefAliases: 'never',
          sizeLimit: 1000,
          timeLimit: 30,
          typesOnly: false,
          filter: {
            kind: 'and',
            filters: [
              { kind: 'equality', attribute: 'objectClass', value: utf8('person') },
              { kind: 'equality', attribute: 'uid', value: utf8('jdoe') },
            ],
          },
          attributes: ['*', '+'],
        },
      },
    },
  ],
  [
    '§4.5.2 search result entry (*)',
    `3049 020102 6444 0411 ${ascii('dc=example,dc=com')} 302f
     301c 040b ${ascii('objectClass')} 310d 0403 ${ascii('top')} 0406 ${ascii('domain')}
     300f 0402 ${ascii('dc')} 3109 0407 ${ascii('example')}`,
    {
      messageId: 2,
      operation: {
        kind: 'searchEntry',
        value: {
          objectName: 'dc=example,dc=com',
          attributes: [
            { type: 'objectClass', values: [utf8('top'), utf8('domain')] },
            { type: 'dc', values: [utf8('example')] },
          ],
        },
      },
    },
  ],
  [
    '§4.5.3 search result reference',
    `300d 020102 7308 0406 ${ascii('ldap:/')}`,
    { messageId: 2, operation: { kind: 'searchReference', value: ['ldap:/'] } },
  ],
  [
    '§4.1.9 a referral',
    `3015 020102 6510 0a010a 0400 0400 a307 0405 ${ascii('ldap:')}`,
    {
      messageId: 2,
      operation: {
        kind: 'searchDone',
        value: { resultCode: 10, matchedDn: '', message: '', referrals: ['ldap:'] },
      },
    },
  ],
  [
    '§4.6 modify',
    `3026 020105 6621 0402 ${ascii('dc')} 301b
     300a 0a0101 3005 040161 3100
     300d 0a0100 3008 040161 3103 040178`,
    {
      messageId: 5,
      operation: {
        kind: 'modifyRequest',
        value: {
          object: 'dc',
          changes: [
            { operation: 'delete', modification: { type: 'a', values: [] } },
            { operation: 'add', modification: { type: 'a', values: [utf8('x')] } },
          ],
        },
      },
    },
  ],
  [
    '§4.7 add',
    `301a 020102 6815 0404 ${ascii('dc=x')} 300d 300b 0402 ${ascii('dc')} 3105 0401 78 0400`,
    {
      messageId: 2,
      operation: {
        kind: 'addRequest',
        value: { entry: 'dc=x', attributes: [{ type: 'dc', values: [utf8('x'), EMPTY] }] },
      },
    },
  ],
  [
    '§4.8 delete, with a critical control without value (*)',
    `3035 020102 4a11 ${ascii('dc=example,dc=com')}
     a01d 301b 0416 ${ascii('1.2.840.113556.1.4.805')} 0101ff`,
    {
      messageId: 2,
      operation: { kind: 'deleteRequest', value: 'dc=example,dc=com' },
      controls: [{ type: '1.2.840.113556.1.4.805', critical: true }],
    },
  ],
  [
    '§4.9 modifyDN with a new superior',
    `3019 020102 6c14 0404 ${ascii('dc=x')} 0404 ${ascii('dc=y')} 0101ff 8003 ${ascii('o=z')}`,
    {
      messageId: 2,
      operation: {
        kind: 'modifyDnRequest',
        value: { entry: 'dc=x', newRdn: 'dc=y', deleteOldRdn: true, newSuperior: 'o=z' },
      },
    },
  ],
  [
    '§4.10 compare',
    `3014 020102 6e0f 0404 ${ascii('dc=x')} 3007 0402 ${ascii('dc')} 0401 78`,
    {
      messageId: 2,
      operation: {
        kind: 'compareRequest',
        value: { entry: 'dc=x', assertion: { attribute: 'dc', value: utf8('x') } },
      },
    },
  ],
  [
    '§4.11 abandon (*)',
    '3006 020106 500105',
    { messageId: 6, operation: { kind: 'abandonRequest', value: 5 } },
  ],
  [
    '§4.14.1 StartTLS (*)',
    `301d 020101 7718 8016 ${ascii('1.3.6.1.4.1.1466.20037')}`,
    {
      messageId: 1,
      operation: { kind: 'extendedRequest', value: { name: '1.3.6.1.4.1.1466.20037' } },
    },
  ],
  [
    '§4.4.1 notice of disconnection',
    `3024 020100 781f 0a0134 0400 0400 8a16 ${ascii('1.3.6.1.4.1.1466.20036')}`,
    {
      messageId: 0,
      operation: {
        kind: 'extendedResponse',
        value: {
          resultCode: 52,
          matchedDn: '',
          message: '',
          name: '1.3.6.1.4.1.1466.20036',
        },
      },
    },
  ],
  [
    '§4.13 intermediate response',
    `300c 020102 7907 8001 31 8102 6869`,
    {
      messageId: 2,
      operation: { kind: 'intermediateResponse', value: { name: '1', value: utf8('hi') } },
    },
  ],
];

describe('RFC 4511 §4 messages, both ways', () => {
  test.each(vectors)('%s', (_name, hex, message) => {
    const bytes = fromHex(hex);
    expect(decodeMessage(bytes)).toEqual(message);
    expect(toHex(encodeMessage(message))).toBe(toHex(bytes));
  });
});

describe('RFC 4511 §5.1 what BER allows and DER does not', () => {
  test('lengths that are longer than need be', () => {
    const { operation } = decodeMessage(fromHex('3084 00000006 020103 428100'));
    expect(operation).toEqual({ kind: 'unbindRequest', value: null });
  });

  test('TRUE of any non-zero octet', () => {
    const bytes = fromHex(`3014 020102 6c0f 0404 ${ascii('dc=x')} 0404 ${ascii('dc=y')} 010101`);
    expect(decodeMessage(bytes).operation).toMatchObject({ value: { deleteOldRdn: true } });
  });

  test('unknown elements at the end of an extensible SEQUENCE are skipped (§4)', () => {
    const bytes = fromHex('300e 020103 4200 a000 9e03010203 0400');
    expect(decodeMessage(bytes).operation.kind).toBe('unbindRequest');
  });

  test('indefinite lengths are refused', () => {
    expect(() => decodeMessage(fromHex('3080 020103 4200 0000'))).toThrow(WireError);
  });
});

describe('every octet counts', () => {
  test.each(vectors)('%s: a cut or mutated message decodes or throws WireError', (_name, hex) => {
    const bytes = fromHex(hex);
    for (let end = 0; end < bytes.length; end += 1) {
      expect(() => decodeMessage(bytes.subarray(0, end))).toThrow(WireError);
    }
    for (let at = 0; at < bytes.length; at += 1) {
      for (const value of [0x00, 0x01, 0x30, 0x7f, 0x80, 0x84, 0xa0, 0xff]) {
        const changed = bytes.slice();
        changed[at] = value;
        onlyWireErrors(() => decodeMessage(changed));
        onlyWireErrors(() => decodeEnvelope(changed));
      }
    }
  });

  test('random octets', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        onlyWireErrors(() => decodeMessage(bytes));
      }),
    );
  });
});

test('an entry of texts and octets is encoded as its octets', () => {
  const entry = {
    dn: 'cn=é',
    attributes: [{ type: 'cn', values: ['é', Uint8Array.of(0xff)] }],
  };
  const { messageId, operation } = decodeMessage(encodeEntry(7, entry));
  expect(messageId).toBe(7);
  expect(operation).toEqual({
    kind: 'searchEntry',
    value: {
      objectName: 'cn=é',
      attributes: [{ type: 'cn', values: [utf8('é'), Uint8Array.of(0xff)] }],
    },
  });
});

function onlyWireErrors(work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
  }
}
