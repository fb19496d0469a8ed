import {
  customObject,
  PsDictionary,
  PsObject,
  type PsValue,
  Scalar,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { formatTimeSpan, parseTimeSpan } from '@doublehop/remoting/clixml/duration';
import { escapeText, unescapeText } from '@doublehop/remoting/clixml/escape';
import { propertyNode, readClixml, readValue } from '@doublehop/remoting/clixml/read';
import { parseClixml } from '@doublehop/remoting/clixml/tree';
import { writeClixml } from '@doublehop/remoting/clixml/write';
import { RemotingError } from '@doublehop/remoting/errors';
import { toBase64 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

// Examples of MS-PSRP 2.2.5.1, by section.
const PRIMITIVES: [string, PsValue, string][] = [
  ['2.2.5.1.1', 'This is a string', '<S>This is a string</S>'],
  ['2.2.5.1.2', new Scalar('Char', 97), '<C>97</C>'],
  ['2.2.5.1.3', true, '<B>true</B>'],
  [
    '2.2.5.1.4',
    new Scalar('DateTime', '2008-04-11T10:42:32.2731993-07:00'),
    '<DT>2008-04-11T10:42:32.2731993-07:00</DT>',
  ],
  ['2.2.5.1.5', new Scalar('TimeSpan', 90_269_026n), '<TS>PT9.0269026S</TS>'],
  ['2.2.5.1.6', new Scalar('Byte', 254), '<By>254</By>'],
  ['2.2.5.1.7', new Scalar('SByte', -127), '<SB>-127</SB>'],
  ['2.2.5.1.8', new Scalar('UInt16', 65_535), '<U16>65535</U16>'],
  ['2.2.5.1.9', new Scalar('Int16', -32_767), '<I16>-32767</I16>'],
  ['2.2.5.1.10', new Scalar('UInt32', 4_294_967_295), '<U32>4294967295</U32>'],
  ['2.2.5.1.11', -2_147_483_648, '<I32>-2147483648</I32>'],
  ['2.2.5.1.12', new Scalar('UInt64', 2n ** 64n - 1n), '<U64>18446744073709551615</U64>'],
  ['2.2.5.1.13', -(2n ** 63n), '<I64>-9223372036854775808</I64>'],
  ['2.2.5.1.14', new Scalar('Single', 12.34), '<Sg>12.34</Sg>'],
  ['2.2.5.1.15', 12.34, '<Db>12.34</Db>'],
  ['2.2.5.1.16', new Scalar('Decimal', '12.34'), '<D>12.34</D>'],
  ['2.2.5.1.17', new Uint8Array([1, 2, 3, 4]), '<BA>AQIDBA==</BA>'],
  [
    '2.2.5.1.18',
    new Scalar('Guid', '792e5b37-4505-47ef-b7d2-8711bb7affa8'),
    '<G>792e5b37-4505-47ef-b7d2-8711bb7affa8</G>',
  ],
  [
    '2.2.5.1.19',
    new Scalar('Uri', 'http://www.microsoft.com/'),
    '<URI>http://www.microsoft.com/</URI>',
  ],
  ['2.2.5.1.20', null, '<Nil/>'],
  ['2.2.5.1.21', new Scalar('Version', '6.2.1.3'), '<Version>6.2.1.3</Version>'],
  ['2.2.5.1.22', new Scalar('Xml', '<item/>'), '<XD>&lt;item/&gt;</XD>'],
  [
    '2.2.5.1.23',
    new Scalar('ScriptBlock', 'get-command -type cmdlet'),
    '<SBK>get-command -type cmdlet</SBK>',
  ],
];

describe('primitive types (MS-PSRP 2.2.5.1)', () => {
  test.each(PRIMITIVES)('%s', (_, value, text) => {
    expect(writeClixml(value)).toBe(text);
    expect(readClixml(text)).toEqual(value);
  });

  test('doubles that are whole, and those that are none', () => {
    const doubles = [new Scalar('Double', 7), Number.NaN, -Infinity, 1e300, -0];
    expect(doubles.map((value) => writeClixml(value))).toEqual([
      '<Db>7</Db>',
      '<Db>NaN</Db>',
      '<Db>-INF</Db>',
      '<Db>1E+300</Db>',
      '<Db>-0</Db>',
    ]);
    expect(doubles.map((value) => readClixml(writeClixml(value)))).toEqual(doubles);
  });

  const wrong = [
    '<I32>2147483648</I32>',
    '<I32>1.5</I32>',
    '<By>-1</By>',
    '<B>yes</B>',
    '<DT>yesterday</DT>',
    '<TS>1h</TS>',
    '<G>x</G>',
    '<Db>0x10</Db>',
    '<BA>**</BA>',
    '<Version>one</Version>',
    '<X/>',
    '<SS>AAAA</SS>',
    '<S>a',
    '',
    '<!DOCTYPE S><S/>',
    '<Ref RefId="0"/>',
    '<Obj RefId="0"><TNRef RefId="0"/></Obj>',
    '<Obj RefId="0"><LST><Ref RefId="0"/></LST></Obj>',
    '<Obj RefId="0"><DCT><En><S N="Key">a</S></En></DCT></Obj>',
    '<Obj RefId="0"><MS><S>no name</S></MS></Obj>',
    `${'<Obj RefId="0"><LST>'.repeat(200)}${'</LST></Obj>'.repeat(200)}`,
  ];
  test.each(wrong)('%s is refused', (text) => {
    expect(() => readClixml(text)).toThrow(RemotingError);
  });
});

describe('time spans as xs:duration', () => {
  const spans: [bigint, string][] = [
    [0n, 'PT0S'],
    [864_000_000_000n, 'P1D'],
    [-36_000_000_000n, '-PT1H'],
    [937_840_000_001n, 'P1DT2H3M4.0000001S'],
    [600_000_000n, 'PT1M'],
  ];
  test.each(spans)('%s is %s', (ticks, text) => {
    expect([formatTimeSpan(ticks), parseTimeSpan(text)]).toEqual([text, ticks]);
  });
});

describe('text (MS-PSRP 2.2.5.3.2)', () => {
  test('control characters and what looks like an escape', () => {
    expect(escapeText('a\n_x000A_\u{1f600}_')).toBe('a_x000A__x005F_x000A__xD83D__xDE00__');
    expect(writeClixml('<&>"')).toBe('<S>&lt;&amp;&gt;&quot;</S>');
  });

  test('every text comes back', () => {
    const units = fc.array(fc.nat(0xff_ff), { maxLength: 40 });
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      units.map((codes) => String.fromCharCode(...codes)),
      fc.constantFrom('_x', '_x0041_', '_x005F_', '__x0041_'),
    );
    fc.assert(
      fc.property(text, (value) => {
        expect(unescapeText(escapeText(value))).toBe(value);
        expect(readClixml(writeClixml(value))).toBe(value);
      }),
    );
  });
});

describe('objects (MS-PSRP 2.2.5.2)', () => {
  test('type names, text, properties of both kinds, as PowerShell orders them', () => {
    const object = new PsObject({
      typeNames: ['System.Diagnostics.Process', 'System.Object'],
      text: 'lsass',
      adapted: { Id: 640 },
      properties: { PSComputerName: 'ServerC' },
    });
    const text =
      '<Obj RefId="0"><TN RefId="0"><T>System.Diagnostics.Process</T><T>System.Object</T></TN>' +
      '<ToString>lsass</ToString><Props><I32 N="Id">640</I32></Props>' +
      '<MS><S N="PSComputerName">ServerC</S></MS></Obj>';
    expect(writeClixml(object)).toBe(text);
    expect(readClixml(text)).toEqual(object);
  });

  test('an enumeration: a number with a name', () => {
    const value = new PsObject({
      typeNames: ['System.Management.Automation.Runspaces.PSThreadOptions', 'System.Enum'],
      text: 'Default',
      base: { kind: 'primitive', value: 0 },
    });
    expect(writeClixml(value)).toMatch(/<ToString>Default<\/ToString><I32>0<\/I32><\/Obj>$/u);
    expect(readClixml(writeClixml(value))).toEqual(value);
  });

  test('arrays, lists, stacks, queues and dictionaries', () => {
    const dictionary = new PsDictionary([
      ['a', 1],
      [2, [null, 'b']],
    ]);
    const values: PsValue[] = [
      [1, 'x', [true]],
      dictionary,
      ...(['list', 'stack', 'queue', 'enumerable'] as const).map(
        (kind) => new PsObject({ typeNames: ['T'], base: { kind, items: [1, 'x'] } }),
      ),
      new PsObject({ typeNames: ['T'], base: { kind: 'dictionary', entries: dictionary } }),
    ];
    for (const value of values) {
      const read = readClixml(writeClixml(value));
      expect(writeClixml(read)).toBe(writeClixml(value));
    }
  });

  test('what comes twice is written once, and a ring is refused', () => {
    const inner = customObject({ a: 1 });
    const text = writeClixml([inner, inner]);
    expect(text).toContain('<Ref RefId="1"/>');
    const [first, second] = readClixml(text) as readonly PsValue[]; // an array was written
    expect(first).toBe(second);
    const ring = customObject({});
    ring.set('self', ring);
    expect(() => writeClixml(ring)).toThrow('contains itself');
  });

  test('doubled over and over, an object is written small, and not read', () => {
    let value: PsValue = 'x';
    for (let i = 0; i < 30; i += 1) value = [value, value];
    const text = writeClixml(value);
    expect(text.length).toBeLessThan(5000);
    expect(() => readClixml(text)).toThrow('larger');
  });

  test('objects with properties are told from those that were made here', () => {
    const text = writeClixml(new PsObject({ typeNames: ['A.B'], properties: { c: 1 } }));
    expect(readClixml(text, { deserialized: true })).toMatchObject({
      typeNames: ['Deserialized.A.B'],
    });
  });

  test('type names are written once', () => {
    const text = writeClixml([customObject({ a: 1 }), customObject({ a: 2 })]);
    expect(text.match(/PSCustomObject/gu)).toHaveLength(1);
    expect(text).toContain('<TNRef RefId="1"/>');
  });

  test('rich objects are objects to a depth, and then their text', () => {
    const outer = customObject({
      Inner: new PsObject({ typeNames: ['A.B'], properties: { c: 1 } }),
    });
    expect(writeClixml(outer, { depth: 1 })).toContain('<S N="Inner">A.B</S>');
    expect(writeClixml([outer], { depth: 1 })).toContain('<Obj RefId="1"');
    expect(writeClixml(outer)).toContain('<I32 N="c">1</I32>');
  });

  test('elements are values only when they are asked for', () => {
    const root = parseClixml(
      '<Obj RefId="0"><MS><S N="Good">x</S><I32 N="Bad">not a number</I32></MS></Obj>',
    );
    const good = propertyNode(root, 'good');
    expect(good !== undefined && readValue(good)).toBe('x');
    expect(() => readValue(root)).toThrow('number');
  });
});

describe('secrets', () => {
  test('go sealed, or not at all', () => {
    const turned = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => byte ^ 0xff);
    const secure = {
      seal: (utf16: Uint8Array) => toBase64(turned(utf16)),
      open: (sealed: string) => turned(Buffer.from(sealed, 'base64')),
    };
    const text = writeClixml(SecureText.of('geheim'), { secure });
    expect(text).toMatch(/^<SS>/u);
    const read = readClixml(text, { secure });
    expect(read instanceof SecureText && read.revealText()).toBe('geheim');
    expect(() => writeClixml(SecureText.of('x'))).toThrow('no key');
  });
});

test('random documents give nothing but RemotingError', () => {
  const piece = fc.constantFrom(
    '<Obj RefId="0">',
    '</Obj>',
    '<TN RefId="0">',
    '</TN>',
    '<T>x</T>',
    '<LST>',
    '</LST>',
    '<DCT>',
    '<En>',
    '</En>',
    '<S N="Key">',
    '</S>',
    '<I32>',
    '7',
    '</I32>',
    '<Ref RefId="0"/>',
    '<MS>',
    '</MS>',
    '<Nil/>',
    '_x0000_',
    '&amp;',
    '<PR>',
    '</PR>',
    '<Db>',
    '</Db>',
    ' ',
    '<',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      try {
        const value = readClixml(pieces.join(''));
        writeClixml(value);
      } catch (error) {
        expect(error).toBeInstanceOf(RemotingError);
      }
    }),
    { numRuns: 2000 },
  );
});
