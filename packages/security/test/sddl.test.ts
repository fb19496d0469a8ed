import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { activeDirectoryRights, formatRights, parseRights } from '../src/access-mask.ts';
import { AceType, buildAce, decodeAce } from '../src/ace.ts';
import { decodeDescriptor, encodeDescriptor } from '../src/descriptor.ts';
import { SecurityError } from '../src/errors.ts';
import { formatAce, formatSddl, parseAce, parseSddl } from '../src/sddl.ts';

const domain = { domain: 'S-1-5-21-1-2-3' } as const;

describe('MS-DTYP 2.5.1.1: SDDL', () => {
  const same: readonly string[] = [
    '',
    'O:BA',
    'O:BAG:SY',
    'D:',
    'D:NO_ACCESS_CONTROL',
    'D:PARAI(A;;CR;;;WD)',
    'S:PAI(AU;SAFA;WPWDWO;;;WD)',
    'O:DAG:DUD:(A;;GA;;;DC)(D;OICINPIOID;RP;;;EA)',
    'D:(OA;CIIO;RPWP;3f78c3e5-f79a-46bd-a0b8-9d18116ddc79;bf967a86-0de6-11d0-a285-00aa003049e2;PS)',
    'D:(OA;;CR;;bf967a86-0de6-11d0-a285-00aa003049e2;WD)(OD;;CR;;;BG)',
    'D:(A;;0x1100;;;S-1-5-21-1-2-3-1104)(A;;FA;;;SY)(A;;;;;WD)',
    'D:(XA;;CR;;;WD;(Member_of {SID(DA)}))(XD;;CR;;;WD;(@User.a == 1))',
    'D:(ZA;;CR;3f78c3e5-f79a-46bd-a0b8-9d18116ddc79;;WD;(Exists a))',
    'S:(XU;SA;CR;;;WD;(@User.a))(ML;;NWNR;;;HI)(SP;;;;;S-1-17-1)(OU;FA;CR;;;WD)',
    'S:(RA;;;;;WD;("Secrecy",TU,0x0,3))(RA;OICI;;;;WD;("Project",TS,0x2,"Windows","SQL"))',
    'S:(RA;;;;;WD;("a",TI,0x0,-1))(RA;;;;;WD;("b",TD,0x0,BA,SY))(RA;;;;;WD;("c",TX,0x0,#0102))',
    'S:(RA;;;;;WD;("d",TB,0x10000,1,0))',
    'D:(XA;;CR;;;WD)',
  ];
  for (const text of same) {
    test(text === '' ? 'nothing' : text, () => {
      const sd = parseSddl(text, domain);
      expect(formatSddl(sd, domain)).toBe(text);
      expect(formatSddl(decodeDescriptor(encodeDescriptor(sd)), domain)).toBe(text);
    });
  }

  const other: readonly [string, string][] = [
    ['d:(a;;cr;;;wd)o:ba', 'O:BAD:(A;;CR;;;WD)'],
    ['D:AIP (A;;CR;;;S-1-1-0) (A;;256;;;WD)', 'D:PAI(A;;CR;;;WD)(A;;CR;;;WD)'],
    ['D:(A;;0400;;;WD)', 'D:(A;;CR;;;WD)'],
    ['D:(A;;KA;;;WD)', 'D:(A;;CCDCLCSWRPWPSDRCWDWO;;;WD)'],
    ['O:S-1-5-32-544D:(A;;CR;;;S-1-5-18)', 'O:BAD:(A;;CR;;;SY)'],
  ];
  for (const [text, canonical] of other) {
    test(`${text} is ${canonical}`, () => {
      expect(formatSddl(parseSddl(text, domain), domain)).toBe(canonical);
    });
  }

  const wrong: readonly string[] = [
    'X:BA',
    'O:',
    'O:QQ',
    'O:S-1-5-4294967296',
    'O:BAO:BA',
    'D:D:',
    'D:(',
    'D:(A;;CR;;;WD',
    'D:(A;;CR;;WD)',
    'D:(A;;CR;;;WD))',
    'D:(Q;;CR;;;WD)',
    'D:(A;QQ;CR;;;WD)',
    'D:(A;C;CR;;;WD)',
    'D:(A;;QQ;;;WD)',
    'D:(A;;0x100000000;;;WD)',
    'D:(A;;CR;3f78c3e5-f79a-46bd-a0b8-9d18116ddc79;;WD)',
    'D:(OA;;CR;3f78c3e5;;WD)',
    'D:(A;;CR;;;WD;(@User.a))',
    'D:NO_ACCESS_CONTROL(A;;CR;;;WD)',
    'S:(RA;;;;;WD;("a",TI,0x0,9223372036854775808))',
    'S:(RA;;;;;WD;("a",TQ,0x0,1))',
  ];
  for (const text of wrong) {
    test(`refuses ${text}`, () => {
      expect(() => parseSddl(text)).toThrow(SecurityError);
    });
  }

  test('the error says where', () => {
    expect(() => parseSddl('O:BAD:(A;;CR;;;QQ)')).toThrow(
      expect.objectContaining({ code: 'syntax', structure: 'sddl', offset: 17 }),
    );
  });

  test('domain-relative aliases are not guessed', () => {
    expect(() => parseSddl('O:DA')).toThrow(SecurityError);
    expect(formatSddl(parseSddl('O:DA', domain))).toBe('O:S-1-5-21-1-2-3-512');
  });

  test('what SDDL cannot say', () => {
    const opaque = decodeAce(Uint8Array.of(0x15, 0, 4, 0));
    expect(() => formatAce(opaque)).toThrow(expect.objectContaining({ code: 'unsupported' }));
    const callback = buildAce({
      type: AceType.allowedCallback,
      mask: 1,
      sid: 'S-1-1-0',
      applicationData: Uint8Array.of(1, 2, 3, 4),
    });
    expect(() => formatAce(callback)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });

  test('one ACE alone', () => {
    expect(formatAce(parseAce('(A;;CR;;;BA)'))).toBe('(A;;CR;;;BA)');
    expect(() => parseAce('(A;;CR;;;BA)x')).toThrow(SecurityError);
  });

  test('object ACEs call for revision 4 (MS-DTYP 2.4.5)', () => {
    const revision = (text: string): unknown => {
      const { dacl } = parseSddl(text);
      return dacl === 'null' ? undefined : dacl?.revision;
    };
    expect(revision('D:(A;;CR;;;WD)')).toBe(2);
    expect(revision('D:(OA;;CR;;;WD)')).toBe(4);
  });

  test('random text throws nothing but SecurityError', () => {
    const words =
      'O: G: D: S: ( ) ; A XA RA BA WD CR S-1-5-18 0x100 { } Member_of SID( " # @User.a == && ! 1';
    const piece = fc.constantFrom(' ', ...words.split(' '));
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ maxLength: 3 }))), (pieces) => {
        const text = pieces.join('');
        try {
          const sd = parseSddl(text);
          expect(parseSddl(formatSddl(sd))).toEqual(sd);
        } catch (error) {
          expect(error).toBeInstanceOf(SecurityError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('rights', () => {
  const rights: readonly [number, string, string][] = [
    // The first two columns of a real access rule: what SDDL and .NET call the same mask.
    [0x000f_01ff, 'CCDCLCSWRPWPDTLOCRSDRCWDWO', 'GenericAll'],
    [0x0000_0100, 'CR', 'ExtendedRight'],
    [0x0000_0030, 'RPWP', 'ReadProperty, WriteProperty'],
    [0x0002_0094, 'LCRPLORC', 'GenericRead'],
    [0x0002_0028, 'SWWPRC', 'GenericWrite'],
    [0x0004_0000, 'WD', 'WriteDacl'],
    [0x0008_0000, 'WO', 'WriteOwner'],
    [0x0001_0000, 'SD', 'Delete'],
    [0x0010_0000, '0x100000', 'Synchronize'],
    [0x001f_01ff, 'FA', 'GenericAll, Synchronize'],
    [0x1000_0000, 'GA', '268435456'],
    [0x8000_0000, 'GR', '-2147483648'],
    [0x0003_00b4, 'LCRPWPLOSDRC', 'WriteProperty, Delete, GenericRead'],
    [0, '', '0'],
  ];
  for (const [mask, letters, names] of rights) {
    test(`0x${mask.toString(16)}: ${letters}, ${names}`, () => {
      expect(formatRights(mask)).toBe(letters);
      expect(activeDirectoryRights(mask)).toBe(names);
      expect(parseRights(letters)).toBe(mask);
    });
  }

  test('every mask survives its text', () => {
    fc.assert(
      fc.property(fc.nat(0xffff_ffff), (mask) => {
        expect(parseRights(formatRights(mask))).toBe(mask);
      }),
    );
  });
});
