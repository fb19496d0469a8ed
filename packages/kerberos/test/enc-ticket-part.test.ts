import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeDer } from '@doublehop/wire/der';
import { EncTicketPart, encTicketPartEncoder } from '@doublehop/kerberos/messages/ticket';

const part = {
  flags: 0x40a1_0000,
  key: { keytype: 18, keyvalue: new Uint8Array(32).fill(7) },
  crealm: 'CONTOSO.COM',
  cname: { nameType: 1, nameString: ['alice'] },
  transited: { trType: 0, contents: new Uint8Array() },
  authtime: 1_772_445_600,
  starttime: 1_772_445_601,
  endtime: 1_772_481_600,
};

const elements = fc.array(
  fc.record({ adType: fc.integer({ min: -500, max: 500 }), adData: fc.uint8Array() }),
  { maxLength: 4 },
);

test('MS-PAC 2.8.2: encoded for several authorization data as each alone would be', () => {
  const encode = encTicketPartEncoder(part);
  expect(encode(undefined)).toEqual(encodeDer(EncTicketPart, part));
  fc.assert(
    fc.property(elements, fc.integer({ min: 0, max: 70_000 }), (list, size) => {
      const authorizationData = [...list, { adType: 1, adData: new Uint8Array(size).fill(1) }];
      const expected = encodeDer(EncTicketPart, { ...part, authorizationData });
      expect(encode(authorizationData)).toEqual(expected);
    }),
  );
});
