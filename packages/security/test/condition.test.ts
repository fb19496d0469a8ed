import { fromHex, toHex } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Claim, claimsOf } from '../src/claims.ts';
import {
  type ConditionToken,
  decodeCondition,
  encodeCondition,
  type SimpleLiteral,
} from '../src/condition-codec.ts';
import { formatCondition, parseCondition } from '../src/condition-text.ts';
import { type ConditionSubject, evaluateCondition, type Ternary } from '../src/condition.ts';
import { SecurityError } from '../src/errors.ts';
import { MAX_CONDITION_VALUES } from '../src/limits.ts';
import { decodeResourceAttribute, encodeResourceAttribute } from '../src/resource-attribute.ts';
import { SddlCursor } from '../src/sddl-cursor.ts';
import { formatSid } from '../src/sddl.ts';
import type { Sid } from '../src/sid.ts';

function parse(text: string): ConditionToken[] {
  const cursor = new SddlCursor(text);
  const tokens = parseCondition(cursor, {});
  if (!cursor.atEnd()) cursor.fail('text left');
  return tokens;
}

function format(tokens: readonly ConditionToken[]): string {
  return formatCondition(tokens, (sid) => formatSid(sid));
}

describe('MS-DTYP 2.4.4.17.9: binary form', () => {
  test('example 1 of the specification: (Title=="VP")', () => {
    const hex = `61727478 f80a0000 00540069 0074006c 00650010 04000000 56005000 80000000`;
    const tokens = decodeCondition(fromHex(hex));
    expect(tokens).toEqual([
      { kind: 'attribute', source: 'local', name: 'Title' },
      { kind: 'string', value: 'VP' },
      { kind: 'operator', operator: '==' },
    ]);
    expect(toHex(encodeCondition(tokens))).toBe(hex.replaceAll(' ', ''));
    expect(toHex(encodeCondition(parse('(Title=="VP")')))).toBe(hex.replaceAll(' ', ''));
  });

  test('examples 2 and 3: postfix order', () => {
    const names = (text: string): string[] =>
      parse(text).map((token) => {
        if (token.kind === 'operator') return token.operator;
        return token.kind === 'attribute' ? token.name : token.kind;
      });
    expect(
      names(
        '((@User.smartcard==1 || @Device.managed==1) && (@Resource.dept Any_of{"Sales","HR"}))',
      ),
    ).toEqual('smartcard integer == managed integer == || dept composite Any_of &&'.split(' '));
    expect(
      names('((@User.clearanceLevel>=@Resource.requiredClearance) || (Member_of{SID(BA)}))'),
    ).toEqual(['clearanceLevel', 'requiredClearance', '>=', 'composite', 'Member_of', '||']);
  });

  test('-1 as a signed 64-bit number (2.4.4.17.5)', () => {
    const [, literal] = parse('(x == -1)');
    const bytes = encodeCondition([literal ?? { kind: 'string', value: '' }]);
    expect(toHex(bytes)).toBe('6172747804ffffffffffffffff020200');
  });

  test('Member_of {SID(BA)}', () => {
    expect(toHex(encodeCondition(parse('(Member_of {SID(BA)})')))).toBe(
      '6172747850150000005110000000010200000000000520000000200200008900',
    );
  });

  const broken: readonly [string, string][] = [
    ['no signature', '61727479'],
    ['unknown token', '6172747805'],
    ['token after padding', '61727478 00 80'],
    ['too much padding', '61727478 00000000'],
    ['string cut off', '61727478 10 04000000 5600'],
    ['string of odd length', '61727478 10 01000000 56'],
    ['number cut off', '61727478 04 00'],
    ['number without a base', '61727478 04 0000000000000000 01 00'],
    ['composite in a composite', '61727478 50 05000000 5000000000'],
    ['SID that does not fill its token', '61727478 51 0d000000 0101000000000005 12000000 00'],
    ['length above everything', '61727478 18 ffffffff'],
  ];
  for (const [name, hex] of broken) {
    test(`refuses: ${name}`, () => {
      expect(() => decodeCondition(fromHex(hex))).toThrow(SecurityError);
      expect(evaluateCondition(fromHex(hex), { sids: new Set() })).toBe('unknown');
    });
  }
});

const GROUP: Sid = 'S-1-5-21-1-2-3-1200';
const OTHER: Sid = 'S-1-5-21-1-2-3-1300';

const subject: ConditionSubject = {
  sids: new Set<Sid>([GROUP, 'S-1-5-32-544']),
  device: {
    sids: new Set<Sid>([OTHER]),
    claims: claimsOf([['Managed', { type: 'boolean', values: [true] }]]),
  },
  claims: claimsOf([
    ['Title', { type: 'string', values: ['PM'] }],
    ['Exact', { type: 'string', values: ['PM'], caseSensitive: true }],
    ['Level', { type: 'integer', values: [5n] }],
    ['Debt', { type: 'integer', values: [-5n] }],
    ['Zero', { type: 'unsigned', values: [0n] }],
    ['Nothing', { type: 'integer', values: [] }],
    ['Empty', { type: 'string', values: [''] }],
    ['Teams', { type: 'string', values: ['red', 'blue'] }],
    ['Photo', { type: 'octets', values: [Uint8Array.of(1, 2)] }],
    ['Boss', { type: 'sid', values: [OTHER] }],
    ['Active', { type: 'boolean', values: [true] }],
  ]),
};
const resources = claimsOf([['Dept', { type: 'string', values: ['pm', 'qa'] }]]);

function evaluate(text: string): Ternary {
  return evaluateCondition(encodeCondition(parse(text)), subject, () => resources);
}

describe('MS-DTYP 2.5.3.1.5: evaluation', () => {
  const rows: readonly [string, Ternary][] = [
    [`(Member_of {SID(${GROUP})})`, 'true'],
    [`(Member_of {SID(${GROUP}), SID(BA)})`, 'true'],
    [`(Member_of {SID(${GROUP}), SID(SY)})`, 'false'],
    [`(Member_of SID(BA))`, 'true'],
    [`(Member_of_Any {SID(SY), SID(BA)})`, 'true'],
    [`(Member_of_Any {SID(SY)})`, 'false'],
    [`(Not_Member_of {SID(SY)})`, 'true'],
    [`(Not_Member_of_Any {SID(SY), SID(BA)})`, 'false'],
    [`(Device_Member_of {SID(${OTHER})})`, 'true'],
    [`(Device_Member_of {SID(${GROUP})})`, 'false'],
    [`(Device_Member_of_Any {SID(SY), SID(${OTHER})})`, 'true'],
    [`(Not_Device_Member_of {SID(${OTHER})})`, 'false'],
    [`(Not_Device_Member_of_Any {SID(SY)})`, 'true'],
    ['(@User.Title == "PM")', 'true'],
    ['(@user.TITLE == "pm")', 'true'],
    ['(@User.Exact == "pm")', 'false'],
    ['(@User.Title != "PM")', 'false'],
    ['(@User.Title < "Q")', 'true'],
    ['(@User.Title < "PMX")', 'true'],
    ['(@User.Level == 5)', 'true'],
    ['(@User.Level >= 05)', 'true'],
    ['(@User.Level <= 0x5)', 'true'],
    ['(@User.Level > 5)', 'false'],
    ['(@User.Debt == -5)', 'true'],
    ['(@User.Debt < 0)', 'true'],
    ['(@User.Level > @User.Debt)', 'true'],
    ['(@User.Photo == #0102)', 'true'],
    ['(@User.Photo < #0103)', 'true'],
    [`(@User.Boss == SID(${OTHER}))`, 'true'],
    ['(@User.Active == 1)', 'true'],
    ['(@User.Active != 0)', 'true'],
    ['(@Device.Managed == 1)', 'true'],
    ['(@User.Teams == {"BLUE", "red"})', 'true'],
    ['(@User.Teams == {"blue", "red", "red"})', 'false'],
    ['(@User.Teams == {"red", "red"})', 'false'],
    ['(@User.Teams Contains {"red", "red"})', 'true'],
    ['(@User.Teams Contains {})', 'false'],
    ['(@User.None Contains {})', 'false'],
    ['(@User.None Not_Contains {})', 'true'],
    ['(@User.None Contains {"red"})', 'unknown'],
    ['(@User.Teams Any_of {})', 'false'],
    ['(@User.Teams Not_Any_of {})', 'true'],
    ['(@User.None Any_of {})', 'unknown'],
    ['(@User.Title < "_")', 'true'],
    ['(@User.Teams == {"blue"})', 'false'],
    ['(@User.Teams Contains "red")', 'true'],
    ['(@User.Teams Contains {"red", "green"})', 'false'],
    ['(@User.Teams Not_Contains {"red", "green"})', 'true'],
    ['(@User.Teams Any_of {"red", "green"})', 'true'],
    ['(@User.Teams Not_Any_of {"green"})', 'true'],
    ['(@User.Title Any_of @Resource.Dept)', 'true'],
    ['(Exists @Resource.Dept)', 'true'],
    ['(Not_Exists @Resource.Other)', 'true'],
    ['(Exists Other)', 'false'],
    ['(@User.Title)', 'true'],
    ['(@User.Teams)', 'true'],
    ['(@User.Zero)', 'false'],
    ['(@User.Active)', 'true'],
    ['(@User.None)', 'unknown'],
    ['(@User.Photo)', 'unknown'],
    ['(@User.Level && !(@User.Zero))', 'unknown'],
    ['(@User.Level || !(@User.Level))', 'unknown'],
    ['(!(@User.Zero) && @User.Level)', 'true'],
    ['(@User.Level && !(@User.Zero || @User.Zero))', 'true'],
    ['(!(@User.Zero))', 'true'],
    ['(@User.Level && @User.Active)', 'true'],
    ['(@User.Empty || @User.Zero)', 'false'],
    ['(!(@User.None))', 'unknown'],
    ['(@User.None == 1)', 'unknown'],
    ['(@User.Nothing == 1)', 'unknown'],
    ['(@User.None == 1 && @User.Zero)', 'false'],
    ['(@User.None == 1 && @User.Level)', 'unknown'],
    ['(@User.None == 1 || @User.Level)', 'true'],
    ['(@User.None == 1 || @User.Zero)', 'unknown'],
    ['(@User.Level == 1 || @User.Level == 5 && @User.Zero)', 'false'],
    ['((@User.Level == 1 || @User.Level == 5) && @User.Active)', 'true'],
  ];
  for (const [text, expected] of rows) {
    test(`${text} is ${expected}`, () => {
      expect(evaluate(text)).toBe(expected);
    });
  }

  describe('a misused operator makes the whole expression unknown', () => {
    const whole = ' || @User.Level == 5)';
    const misuses: readonly string[] = [
      '(@User.Title == 5',
      '(@User.Active == 2',
      '(@User.Active > 0',
      '(@User.Boss > SID(SY)',
      '(@User.Teams == {"red", 1}',
      '(Exists @User.Title',
      '(@User.Title Any_of "PM"',
      '(@User.Teams Not_Any_of "green"',
    ];
    for (const text of misuses) {
      test(text, () => {
        expect(evaluate('(@User.Level == 5)')).toBe('true');
        expect(evaluate(`${text}${whole}`)).toBe('unknown');
      });
    }

    const level: ConditionToken = { kind: 'attribute', source: 'user', name: 'Level' };
    const five: ConditionToken = { kind: 'integer', value: 5n, size: 4, sign: 'none', base: 10 };
    const equals: ConditionToken = { kind: 'operator', operator: '==' };
    const and: ConditionToken = { kind: 'operator', operator: '&&' };
    const programs: readonly [string, readonly ConditionToken[]][] = [
      ['nothing', []],
      ['operand alone', [five]],
      ['operand missing', [level, equals]],
      ['two results', [level, five, equals, level, five, equals]],
      ['literal on the left', [five, level, equals]],
      ['literal as a truth value', [level, five, equals, five, and]],
      ['result on the right', [level, level, five, equals, equals]],
      ['attribute as SIDs', [level, { kind: 'operator', operator: 'Member_of' }]],
      ['a deep stack', Array.from({ length: 300 }, () => five)],
    ];
    for (const [name, tokens] of programs) {
      test(name, () => {
        expect(evaluateCondition(encodeCondition(tokens), subject)).toBe('unknown');
      });
    }
  });

  test('several values have no order', () => {
    expect(evaluate('(@User.Teams < "z")')).toBe('unknown');
  });

  test('a condition that compares too many values is unknown', () => {
    const values = Array.from({ length: 2048 }, (_, index) => BigInt(index));
    const claims = claimsOf([['Many', { type: 'integer', values }]]);
    const many = { kind: 'attribute', source: 'user', name: 'Many' } as const;
    const same: ConditionToken[] = [many, many, { kind: 'operator', operator: '==' }];
    const and: ConditionToken = { kind: 'operator', operator: '&&' };
    const times = (count: number) => {
      const more = Array.from({ length: count - 1 }, () => [...same, and]);
      const condition = encodeCondition([...same, ...more.flat()]);
      return evaluateCondition(condition, { sids: new Set(), claims });
    };
    expect(times(MAX_CONDITION_VALUES / 4096)).toBe('true');
    expect(times(MAX_CONDITION_VALUES / 4096 + 1)).toBe('unknown');
  });

  test('an ACE without a condition is unknown', () => {
    expect(evaluateCondition(undefined, subject)).toBe('unknown');
  });

  test('random tokens never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const condition = Uint8Array.of(0x61, 0x72, 0x74, 0x78, ...bytes);
        expect(['true', 'false', 'unknown']).toContain(evaluateCondition(condition, subject));
      }),
      { numRuns: 300 },
    );
  });
});

describe('MS-DTYP 2.5.1.1: text', () => {
  const same: readonly string[] = [
    '(Member_of {SID(BA)})',
    '(Not_Device_Member_of_Any {SID(BA), SID(S-1-5-21-1-2-3-1200)})',
    '(@User.Title == "PM" && @Device.x != -5 || !(@Resource.y Any_of {1, 0x1f, 017, +3}))',
    '((@User.a || @User.b) && @User.c)',
    '(@User.a && (@User.b && @User.c))',
    '(@User.a || @User.b || @User.c)',
    '(Exists Title)',
    '(Not_Exists @Resource.Title)',
    '(@User.Photo Contains #00ff)',
    '(@User.odd%0020name <= @Resource.%0025)',
    '(@User.quote == "say %0022hello%0022 %00250022 %1")',
    '(@User.x == {})',
  ];
  for (const text of same) {
    test(text, () => {
      expect(format(parse(text))).toBe(text);
      expect(format(decodeCondition(encodeCondition(parse(text))))).toBe(text);
    });
  }

  const other: readonly [string, string][] = [
    ['(member_of{SID(BA)})', '(Member_of {SID(BA)})'],
    ['(  @USER.a==1&&@user.b  )', '(@User.a == 1 && @User.b)'],
    ['(((@User.a)))', '(@User.a)'],
    ['((@User.a && @User.b) && @User.c)', '(@User.a && @User.b && @User.c)'],
    ['(!@User.a)', '(!(@User.a))'],
  ];
  for (const [text, canonical] of other) {
    test(`${text} is ${canonical}`, () => {
      expect(format(parse(text))).toBe(canonical);
    });
  }

  const wrong: readonly string[] = [
    '',
    '()',
    '(@User.a',
    '(@User.a ==)',
    '(@User. == 1)',
    '(Member_of {BA})',
    '(Member_of {SID(QQ)})',
    '(Member_of {SID(BA) SID(SY)})',
    '(@User.a == "x)',
    '(@User.a == 18446744073709551616)',
    '(@User.a && )',
    '(@User.a | @User.b)',
    '(@User.a Contains)',
    `(${'!'.repeat(100)}@User.a)`,
    `${'('.repeat(100)}@User.a${')'.repeat(100)}`,
  ];
  for (const text of wrong) {
    test(`refuses ${text.slice(0, 40)}`, () => {
      expect(() => parse(text)).toThrow(SecurityError);
    });
  }

  test('operators and operands that do not add up have no text', () => {
    expect(() => format([{ kind: 'operator', operator: '&&' }])).toThrow(SecurityError);
    expect(() => format([])).toThrow(SecurityError);
  });

  const literal: fc.Arbitrary<SimpleLiteral> = fc.oneof(
    fc.record({ kind: fc.constant('string' as const), value: fc.string({ unit: 'binary' }) }),
    fc.record({ kind: fc.constant('octets' as const), value: fc.uint8Array({ maxLength: 6 }) }),
    fc.bigInt({ min: 0n, max: (1n << 63n) - 1n }).map((value) => ({
      kind: 'integer' as const,
      value,
      size: 4,
      sign: 'none' as const,
      base: 16 as const,
    })),
  );

  test('whatever the values are, text and bytes agree', () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
    const source = fc.constantFrom('local', 'user', 'resource', 'device');
    fc.assert(
      fc.property(name, source, fc.array(literal, { maxLength: 4 }), (attribute, from, items) => {
        const tokens: ConditionToken[] = [
          { kind: 'attribute', source: from, name: attribute },
          { kind: 'composite', items },
          { kind: 'operator', operator: 'Any_of' },
        ];
        expect(parse(format(tokens))).toEqual(tokens);
        expect(decodeCondition(encodeCondition(tokens))).toEqual(tokens);
      }),
    );
  });
});

describe('MS-DTYP 2.4.10.1: resource attributes', () => {
  const claims: readonly Claim[] = [
    { type: 'integer', values: [1n, -1n] },
    { type: 'unsigned', values: [0xffff_ffff_ffff_ffffn] },
    { type: 'string', values: ['a', '', 'Grüße'] },
    { type: 'string', values: ['A'], caseSensitive: true },
    { type: 'sid', values: ['S-1-5-18'] },
    { type: 'boolean', values: [true, false] },
    { type: 'octets', values: [Uint8Array.of(1, 2, 3), new Uint8Array()] },
  ];
  for (const claim of claims) {
    test(`${claim.type} × ${claim.values.length}`, () => {
      const flags = claim.type === 'string' && claim.caseSensitive === true ? 2 : 0;
      const attribute = { name: 'Impact', flags, claim };
      expect(decodeResourceAttribute(encodeResourceAttribute(attribute))).toEqual(attribute);
    });
  }

  test('many offsets to one long text are refused, not read again and again', () => {
    const text = '410041004100'.repeat(500);
    const head = Buffer.alloc(16);
    head.writeUInt32LE(16 + 4 * 1000, 0);
    head.writeUInt16LE(3, 4);
    head.writeUInt32LE(1000, 12);
    const offsets = Buffer.alloc(4000);
    for (let at = 0; at < 4000; at += 4) offsets.writeUInt32LE(16 + 4000, at);
    const bytes = fromHex(`${head.toString('hex')}${offsets.toString('hex')}${text}0000`);
    expect(() => decodeResourceAttribute(bytes)).toThrow(SecurityError);
  });

  test('random bytes throw nothing but SecurityError', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 8, maxLength: 80 }),
        fc.constantFrom(1, 2, 3, 5, 6, 16),
        (random, type) => {
          const bytes = Uint8Array.of(16, 0, 0, 0, type, 0, ...random);
          try {
            expect(decodeResourceAttribute(bytes).name).toBeTypeOf('string');
          } catch (error) {
            expect(error).toBeInstanceOf(SecurityError);
          }
        },
      ),
    );
  });
});
