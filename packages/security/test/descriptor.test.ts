import { fromHex, toHex } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AceFlag, AceType, buildAce, decodeAce } from '../src/ace.ts';
import {
  AclRevision,
  Control,
  decodeDescriptor,
  encodeDescriptor,
  type SecurityDescriptor,
} from '../src/descriptor.ts';
import { SecurityError } from '../src/errors.ts';
import { formatSddl, parseSddl } from '../src/sddl.ts';
import { wellKnown } from '../src/well-known-sids.ts';

const TRUSTEE = 'S-1-5-21-397955417-626881126-188441444-1105';

/** As samba-tool, impacket and the ActiveDirectory module write an RBCD grant (MS-DTYP 2.4.6). */
const GRANT = `
  01000480 14000000 00000000 00000000 24000000
  01020000 00000005 20000000 20020000
  04002c00 01000000
  00002400 ff010f00 01050000 00000005 15000000 5951b817 66725d25 64633b0b 51040000`;

describe('MS-DTYP 2.4.6: the 80-byte grant', () => {
  const grant: SecurityDescriptor = {
    control: 0x8004,
    owner: wellKnown.builtinAdministrators,
    dacl: {
      revision: AclRevision.directory,
      aces: [buildAce({ type: AceType.allowed, mask: 0x000f_01ff, sid: TRUSTEE })],
    },
  };

  test('decodes', () => {
    const bytes = fromHex(GRANT);
    expect(bytes.length).toBe(80);
    expect(decodeDescriptor(bytes)).toEqual(grant);
  });

  test('encodes byte for byte', () => {
    expect(toHex(encodeDescriptor(grant))).toBe(toHex(fromHex(GRANT)));
    expect(toHex(encodeDescriptor(decodeDescriptor(fromHex(GRANT))))).toBe(toHex(fromHex(GRANT)));
  });

  test('SDDL both ways', () => {
    const sddl = `O:BAD:(A;;CCDCLCSWRPWPDTLOCRSDRCWDWO;;;${TRUSTEE})`;
    expect(formatSddl(decodeDescriptor(fromHex(GRANT)))).toBe(sddl);
    expect(toHex(encodeDescriptor(parseSddl(sddl, { aclRevision: 4 })))).toBe(
      toHex(fromHex(GRANT)),
    );
  });

  test('a Buffer decodes to the same', () => {
    expect(decodeDescriptor(Buffer.from(fromHex(GRANT)))).toEqual(grant);
  });
});

describe('MS-DTYP 2.5.1.4: the example', () => {
  // Windows lays the parts out as SACL, DACL, owner, group; the offset of the group is 0xa0.
  const example = `
    010014b0 90000000 a0000000 14000000 30000000 02001c00 01000000 02801400
    00000080 01010000 00000001 00000000 02006000 04000000 00031800 000000a0
    01020000 00000005 20000000 21020000 00031800 00000010 01020000 00000005
    20000000 20020000 00031400 00000010 01010000 00000005 12000000 00031400
    00000010 01010000 00000003 00000000 01020000 00000005 20000000 20020000
    01020000 00000005 20000000 20020000`;
  const sddl =
    'O:BAG:BAD:P(A;OICI;GXGR;;;BU)(A;OICI;GA;;;BA)(A;OICI;GA;;;SY)(A;OICI;GA;;;CO)' +
    'S:P(AU;FA;GR;;;WD)';

  test('reads as its SDDL', () => {
    expect(formatSddl(decodeDescriptor(fromHex(example)))).toBe(sddl);
  });

  test('its SDDL parses to the same descriptor, in the spelling of the specification too', () => {
    const spelled =
      'O:BAG:BAD:P(A;CIOI;GRGX;;;BU)(A;CIOI;GA;;;BA)(A;CIOI;GA;;;SY)(A;CIOI;GA;;;CO)' +
      'S:P(AU;FA;GR;;;WD)';
    const parsed = { ...parseSddl(spelled), control: 0xb014 };
    expect(parsed).toEqual(decodeDescriptor(fromHex(example)));
    expect(parseSddl(spelled).control).toBe(0xb014);
    expect(decodeDescriptor(encodeDescriptor(parsed))).toEqual(parsed);
  });
});

describe('lists that are absent, NULL and empty are three things', () => {
  const header = (control: string, dacl: string): string =>
    `0100${control} 00000000 00000000 00000000 ${dacl}`;
  const cases: readonly [string, string, SecurityDescriptor['dacl']][] = [
    ['absent', header('0080', '00000000'), undefined],
    ['NULL', header('0480', '00000000'), 'null'],
    ['empty', `${header('0480', '14000000')} 0400080000000000`, { revision: 4, aces: [] }],
  ];
  for (const [name, hex, dacl] of cases) {
    test(name, () => {
      const sd = decodeDescriptor(fromHex(hex));
      expect(sd.dacl).toEqual(dacl);
      expect(toHex(encodeDescriptor(sd))).toBe(toHex(fromHex(hex)));
    });
  }

  test('without the presence bit the offset does not matter', () => {
    const sd = decodeDescriptor(fromHex(`${header('0080', '14000000')} 0400080000000000`));
    expect(sd.dacl).toBeUndefined();
  });

  test('resource manager control is kept', () => {
    const hex = '010700c0 00000000 00000000 00000000 00000000';
    expect(toHex(encodeDescriptor(decodeDescriptor(fromHex(hex))))).toBe(toHex(fromHex(hex)));
  });
});

describe('MS-DTYP 2.4.4: ACEs', () => {
  const guid = '3f78c3e5-f79a-46bd-a0b8-9d18116ddc79';
  const propertySet = '4c164200-20c0-11d0-a768-00aa006e0529';
  const sid = wellKnown.everyone;

  test('object ACEs carry one, the other, both or no GUID', () => {
    const shapes = [
      {},
      { objectType: guid },
      { inheritedObjectType: propertySet },
      { objectType: guid, inheritedObjectType: propertySet },
    ] as const;
    for (const guids of shapes) {
      const ace = buildAce({ type: AceType.allowedObject, mask: 0x20, sid, ...guids });
      expect(ace).toMatchObject({ type: 5, flags: 0, mask: 0x20, sid, ...guids });
      expect(ace.raw.length).toBe(24 + 16 * Object.keys(guids).length);
      expect(decodeAce(ace.raw)).toEqual(ace);
    }
  });

  test('what follows the SID of a callback ACE is kept, padded to four', () => {
    const plain = buildAce({
      type: AceType.deniedCallback,
      mask: 1,
      sid,
      applicationData: Uint8Array.of(1, 2, 3),
    });
    expect(plain.applicationData).toEqual(Uint8Array.of(1, 2, 3, 0));
    expect(plain.condition).toBeUndefined();
    const conditional = buildAce({
      type: AceType.allowedCallback,
      mask: 1,
      sid,
      applicationData: fromHex('61727478'),
    });
    expect(conditional.condition).toEqual(fromHex('61727478'));
  });

  test('an unknown type stays opaque and is written back as it was', () => {
    const raw = fromHex('14 00 0c00 deadbeef cafebabe');
    const ace = decodeAce(raw);
    expect(ace).toEqual({ type: 0x14, flags: 0, mask: 0, sid: 'S-1-0-0', raw });
    const sd: SecurityDescriptor = { control: 0x8004, dacl: { revision: 4, aces: [ace] } };
    expect(decodeDescriptor(encodeDescriptor(sd)).dacl).toEqual(sd.dacl);
    expect(() => buildAce({ type: 0x14, mask: 1, sid })).toThrow(RangeError);
  });

  test('bytes after the SID of a plain ACE survive', () => {
    const raw = fromHex('00 00 1800 ff010f00 0101000000000001 00000000 deadbeef');
    const sd: SecurityDescriptor = {
      control: 0x8004,
      dacl: { revision: 2, aces: [decodeAce(raw)] },
    };
    expect(toHex(encodeDescriptor(sd)).endsWith(toHex(raw))).toBe(true);
  });

  test('flags', () => {
    const flags = AceFlag.containerInherit | AceFlag.inheritOnly;
    expect(buildAce({ type: AceType.allowed, flags, mask: 1, sid }).flags).toBe(0x0a);
  });
});

describe('bounds', () => {
  const wrong: readonly [string, string, string][] = [
    ['no header', '0100048014000000', 'truncated'],
    ['revision 2', `02000480${'00'.repeat(16)}`, 'revision'],
    ['not self-relative', `01000400${'00'.repeat(16)}`, 'value'],
    ['owner outside', `01000080 50000000${'00'.repeat(12)}`, 'truncated'],
    ['owner in the header', `01000080 04000000${'00'.repeat(12)}`, 'truncated'],
    ['DACL outside', `01000480${'00'.repeat(12)} ffffffff`, 'truncated'],
    ['DACL cut off', `01000480${'00'.repeat(12)} 14000000 0400`, 'truncated'],
    [
      'ACL larger than the rest',
      `01000480${'00'.repeat(12)} 14000000 0400090000000000`,
      'truncated',
    ],
    [
      'ACL smaller than its header',
      `01000480${'00'.repeat(12)} 14000000 0400070000000000`,
      'truncated',
    ],
    ['ACL revision 1', `01000480${'00'.repeat(12)} 14000000 0100080000000000`, 'revision'],
    ['ACL revision 5', `01000480${'00'.repeat(12)} 14000000 0500080000000000`, 'revision'],
    [
      'more ACEs than there are',
      `01000480${'00'.repeat(12)} 14000000 0400080001000000`,
      'truncated',
    ],
    ['ACE of no size', `01000480${'00'.repeat(12)} 14000000 04000c0001000000 00000000`, 'length'],
    [
      'ACE of odd size',
      `01000480${'00'.repeat(12)} 14000000 0400100001000000 00000600 0000 0000`,
      'length',
    ],
    [
      'ACE that leaves its ACL',
      `01000480${'00'.repeat(12)} 14000000 0400100001000000 00001400 01000000`,
      'truncated',
    ],
    [
      'ACE whose SID is cut off',
      `01000480${'00'.repeat(12)} 14000000 0400180001000000 00001000 01000000 0105000000000005`,
      'truncated',
    ],
    [
      'object ACE without its GUID',
      `01000480${'00'.repeat(12)} 14000000 0400180001000000 05001000 01000000 01000000 00000000`,
      'truncated',
    ],
  ];
  for (const [name, hex, code] of wrong) {
    test(`${name}: ${code}`, () => {
      expect(() => decodeDescriptor(fromHex(hex))).toThrow(expect.objectContaining({ code }));
    });
  }

  test('a descriptor above the limit is refused both ways', () => {
    expect(() => decodeDescriptor(new Uint8Array(132_097))).toThrow(/132097/);
    const ace = buildAce({ type: AceType.allowed, mask: 1, sid: TRUSTEE });
    const aces = Array.from({ length: 2_000 }, () => ace);
    expect(() => encodeDescriptor({ control: 0, dacl: { revision: 2, aces } })).toThrow(
      SecurityError,
    );
  });

  test('every truncation of a grant is refused', () => {
    const bytes = fromHex(GRANT);
    for (let length = 0; length < bytes.length; length += 1) {
      expect(() => decodeDescriptor(bytes.subarray(0, length))).toThrow(SecurityError);
    }
  });

  test('random and damaged bytes throw nothing but SecurityError; what decodes encodes', () => {
    const damaged = fc
      .tuple(fc.array(fc.tuple(fc.nat(79), fc.nat(255)), { maxLength: 4 }))
      .map(([changes]) => {
        const bytes = fromHex(GRANT);
        for (const [place, byte] of changes) bytes[place] = byte;
        return bytes;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 120 })), (bytes) => {
        try {
          const sd = decodeDescriptor(bytes);
          expect(decodeDescriptor(encodeDescriptor(sd))).toEqual(sd);
        } catch (error) {
          expect(error).toBeInstanceOf(SecurityError);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('control bits', () => {
    expect(Control.selfRelative | Control.daclPresent).toBe(0x8004);
  });
});
