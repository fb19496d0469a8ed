import { chmod, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fromHex, toHex } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KerberosError } from '../src/errors.ts';
import { NameType } from '../src/iana/name-types.ts';
import {
  addEntry,
  findKey,
  formatKeytab,
  type KeytabEntry,
  parseKeytab,
  removeEntries,
} from '../src/keytab.ts';
import { readKeytab, updateKeytab, writeKeytab } from '../src/keytab-file.ts';
import { principal } from '../src/names.ts';

// Written by ktutil of MIT krb5 1.20.1: addent -password twice (Passw0rd), wkt.
const KTUTIL = `
  0502 0000005b 0002 000b 434f4e544f534f2e434f4d 0004 686f7374
  0013 736572766572622e636f6e746f736f2e636f6d 00000001 6b03291e 2c 0012
  0020 c0256e2d1388acf8444f3630509b50e065f7b9ae8d79567086ba3f800944028e 0000012c
  0000003a 0001 000b 434f4e544f534f2e434f4d 0008 5345525645524224 00000001 6b03291e 03 0011
  0010 6e077bddb4c9af79a59af920b28e7b96 00000003`;

const HOST = principal('CONTOSO.COM', NameType.PRINCIPAL, 'host', 'serverb.contoso.com');
const SERVERB = principal('CONTOSO.COM', NameType.PRINCIPAL, 'SERVERB$');
const KTUTIL_ENTRIES: readonly KeytabEntry[] = [
  {
    principal: HOST,
    timestamp: 0x6b03291e,
    kvno: 300,
    key: {
      etype: 18,
      bytes: fromHex('c0256e2d1388acf8444f3630509b50e065f7b9ae8d79567086ba3f800944028e'),
    },
  },
  {
    principal: SERVERB,
    timestamp: 0x6b03291e,
    kvno: 3,
    key: { etype: 17, bytes: fromHex('6e077bddb4c9af79a59af920b28e7b96') },
  },
];

describe('MIT keytab_file_format', () => {
  test('a file of ktutil is read and written to the byte', () => {
    expect(parseKeytab(fromHex(KTUTIL))).toEqual(KTUTIL_ENTRIES);
    expect(toHex(formatKeytab(KTUTIL_ENTRIES))).toBe(toHex(fromHex(KTUTIL)));
  });

  test('an entry without the 32-bit key version', () => {
    // MIT krb5 src/tests/fuzzing/fuzz_keytab_seed_corpus/v502_one_entry.
    const file = `0502 0000003c 0001 0005 5245414c4d 0004 75736572 00000001 00000000 01 0012
      0020 ${'00'.repeat(32)}`;
    expect(parseKeytab(fromHex(file))).toEqual([
      {
        principal: principal('REALM', NameType.PRINCIPAL, 'user'),
        timestamp: 0,
        kvno: 1,
        key: { etype: 18, bytes: new Uint8Array(32) },
      },
    ]);
  });

  const body = '0001 0001 52 0001 75 00000001 00000007 2c 0011 0001 aa';
  const kvnoOf = (tail: string, size: string) =>
    parseKeytab(fromHex(`0502 000000${size} ${body} ${tail}`))[0]?.kvno;

  test('the 32-bit key version overrides the octet unless it is zero', () => {
    expect(kvnoOf('0000012c', '1a')).toBe(300);
    expect(kvnoOf('00000000', '1a')).toBe(0x2c);
    expect(kvnoOf('000001', '19')).toBe(0x2c);
    expect(kvnoOf('ffffffff 00000000', '1e')).toBe(0xffff_ffff);
  });

  test('holes are skipped and a zero length ends the file', () => {
    const entry = `00000016 ${body}`;
    const holes = `0502 fffffffc 00000000 ${entry} ffffffff 00 ${entry} 00000000 feed`;
    expect(parseKeytab(fromHex(holes))).toHaveLength(2);
  });

  test('version 1: realm counted, no name type, byte order of the machine', () => {
    const little = '0501 12000000 0200 0100 52 0100 75 07000000 2c 1100 0100 aa 00000000';
    const big = '0501 00000012 0002 0001 52 0001 75 00000007 2c 0011 0001 aa 00000000';
    const expected = [
      {
        principal: principal('R', NameType.UNKNOWN, 'u'),
        timestamp: 7,
        kvno: 0x2c,
        key: { etype: 17, bytes: fromHex('aa') },
      },
    ];
    expect(parseKeytab(fromHex(little))).toEqual(expected);
    expect(parseKeytab(fromHex(big), 'big')).toEqual(expected);
  });

  test.each([
    ['no version', '', /no known version/],
    ['an unknown version', '0503', /no known version/],
    ['half a length', '0502 0000', /ends too early/],
    // MIT krb5 src/tests/fuzzing/fuzz_keytab_seed_corpus/big_size.
    ['a length beyond the file', '0501 ffffff7f 02000100ff010020ff2020ff', /after the file/],
    ['a hole beyond the file', '0502 fffffff0 00', /after the file/],
    ['a hole of -2^31', '0502 80000000 00', /after the file/],
    ['no name', '0502 0000000d 0000 0001 52 00000001 00000007', /0 components/],
    ['data beyond the record', `0502 00000015 ${body}`, /ends too early/],
    ['a key without bytes', `0502 00000015 ${body.replace('0001 aa', '0000')}`, /without bytes/],
    ['a name that is not UTF-8', `0502 00000016 ${body.replace(' 52 ', ' ff ')}`, /not UTF-8/],
    ['a name with NUL', `0502 00000016 ${body.replace(' 52 ', ' 00 ')}`, /NUL/],
  ])('refuses %s', (_, file, reason) => {
    expect(() => parseKeytab(fromHex(file))).toThrow(KerberosError);
    expect(() => parseKeytab(fromHex(file))).toThrow(reason);
  });

  const name = fc.string({ minLength: 1, maxLength: 30, unit: 'grapheme' }).filter(hasNoNul);
  const entry: fc.Arbitrary<KeytabEntry> = fc.record({
    principal: fc.record({
      name: fc.record({
        nameType: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        nameString: fc.array(name, { minLength: 1, maxLength: 4 }),
      }),
      realm: name,
    }),
    timestamp: fc.nat(0xffff_ffff),
    kvno: fc.nat(0xffff_ffff),
    key: fc.record({
      etype: fc.integer({ min: -0x8000, max: 0x7fff }),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }),
    }),
  });

  test('what is written is read again', () => {
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (entries) => {
        expect(parseKeytab(formatKeytab(entries))).toEqual(entries);
      }),
    );
  });

  test('random and damaged bytes throw nothing but KerberosError', () => {
    const good = fromHex(KTUTIL);
    const damaged = fc
      .tuple(fc.nat(good.length - 1), fc.nat(255), fc.nat(good.length))
      .map(([at, value, size]) => good.with(at, value).subarray(0, size));
    const random = fc.uint8Array({ maxLength: 80 }).map((tail) => Uint8Array.of(5, 2, ...tail));
    fc.assert(
      fc.property(fc.oneof(damaged, random, fc.uint8Array()), (bytes) => {
        onlyKerberosErrors(() => parseKeytab(bytes));
      }),
    );
  });

  test('an entry that has no encoding is refused', () => {
    const [first] = KTUTIL_ENTRIES;
    if (first === undefined) throw new Error('no entry');
    const key = { etype: 18, bytes: new Uint8Array(0x8000) };
    expect(() => formatKeytab([{ ...first, key }])).toThrow(/does not fit/);
    expect(() => formatKeytab([{ ...first, principal: principal('R', 1) }])).toThrow(/a name/);
  });
});

function hasNoNul(text: string): boolean {
  return !text.includes('\0');
}

function onlyKerberosErrors(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    expect(error).toBeInstanceOf(KerberosError);
  }
}

function keyOf(kvno: number, etype = 18, timestamp = 100, owner = SERVERB): KeytabEntry {
  return { principal: owner, timestamp, kvno, key: { etype, bytes: Uint8Array.of(kvno & 0xff) } };
}

describe('krb5_kt_get_entry (kt_file.c)', () => {
  test('by principal whatever the name type, etype and version', () => {
    const entries = [keyOf(1), keyOf(2), keyOf(2, 17), keyOf(9, 18, 100, HOST)];
    const other = principal('CONTOSO.COM', NameType.SRV_INST, 'SERVERB$');
    expect(findKey(entries, other, { etype: 17, kvno: 2 })).toBe(entries[2]);
    expect(findKey(entries, SERVERB)).toBe(entries[1]);
    expect(findKey(entries, SERVERB, { kvno: 1 })).toBe(entries[0]);
    expect(findKey(entries, SERVERB, { kvno: 3 })).toBeUndefined();
    expect(findKey(entries, SERVERB, { etype: 23 })).toBeUndefined();
    expect(findKey(entries, principal('contoso.com', 1, 'SERVERB$'))).toBeUndefined();
  });

  test('a version cut to 8 bits stands in until the exact one is found', () => {
    const cut = keyOf(300 & 0xff);
    expect(findKey([cut], SERVERB, { kvno: 300 })).toBe(cut);
    const exact = keyOf(300);
    expect(findKey([cut, exact], SERVERB, { kvno: 300 })).toBe(exact);
  });

  test('versions that wrapped: the small one written later is newer', () => {
    const [old, wrapped] = [keyOf(255, 18, 100), keyOf(1, 18, 200)];
    expect(findKey([old, wrapped], SERVERB)).toBe(wrapped);
    expect(findKey([wrapped, old], SERVERB)).toBe(wrapped);
    const early = keyOf(1, 18, 50);
    expect(findKey([early, old], SERVERB)).toBe(old);
    expect(findKey([old, early], SERVERB)).toBe(old);
  });

  test('adding replaces the same version and etype, removing is as narrow as asked', () => {
    const entries = [keyOf(1), keyOf(1, 17), keyOf(2)];
    const fresh = keyOf(1, 17, 500);
    expect(addEntry(entries, fresh)).toEqual([keyOf(1), keyOf(2), fresh]);
    expect(removeEntries(entries, SERVERB, { kvno: 1 })).toEqual([keyOf(2)]);
    expect(removeEntries(entries, SERVERB, { etype: 18 })).toEqual([keyOf(1, 17)]);
    expect(removeEntries(entries, HOST)).toEqual(entries);
    expect(removeEntries(entries, SERVERB)).toEqual([]);
  });
});

describe('keytab files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'keytab-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('are written with mode 0600, changed in place and read by either name', async () => {
    const file = path.join(folder, 'krb5.keytab');
    await updateKeytab(`FILE:${file}`, (entries) => [...entries, ...KTUTIL_ENTRIES]);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await chmod(file, 0o644);
    await updateKeytab(file, (entries) => removeEntries(entries, HOST));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readKeytab(`WRFILE:${file}`)).toEqual(KTUTIL_ENTRIES.slice(1));
  });

  test('are followed behind symbolic links when read', async () => {
    const file = path.join(folder, 'target.keytab');
    await writeKeytab(file, KTUTIL_ENTRIES);
    await symlink(file, path.join(folder, 'link.keytab'));
    expect(await readKeytab(path.join(folder, 'link.keytab'))).toEqual(KTUTIL_ENTRIES);
  });

  test('that are missing, damaged, folders or of another kind are named in the error', async () => {
    const damaged = path.join(folder, 'damaged');
    await writeFile(damaged, fromHex(KTUTIL).subarray(0, 40));
    await expect(readKeytab(damaged)).rejects.toThrow(/damaged: .*ends after the file/);
    await expect(readKeytab(path.join(folder, 'none'))).rejects.toThrow(/none: does not exist/);
    await expect(readKeytab(folder)).rejects.toThrow(/not a regular file/);
    await expect(readKeytab('MEMORY:x')).rejects.toThrow(/only FILE: and WRFILE:/);
    await expect(writeKeytab(path.join(folder, 'no/x'), [])).rejects.toThrow(/ENOENT/);
  });
});

test('fields that end on the last bytes of the first buffer', () => {
  for (let size = 200; size < 280; size += 1) {
    const name = { nameType: 1, nameString: [`${'x'.repeat(size)}${'ü'.repeat(100)}`] };
    const key = { etype: 18, bytes: new Uint8Array(32) };
    const entries = [{ principal: { name, realm: 'R' }, timestamp: 0, kvno: 1, key }];
    expect(parseKeytab(formatKeytab(entries))).toEqual(entries);
  }
});
