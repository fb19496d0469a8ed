import { parseSddl } from '@doublehop/security/sddl';
import { fromUtf16le, toHex } from '@doublehop/wire/bytes';
import { describe, expect, test } from 'vitest';
import { mapFileRights } from '../src/messages/constants.ts';
import {
  FileClass,
  fileInformation,
  VolumeClass,
  volumeInformation,
} from '../src/messages/information.ts';
import { rightsOf, shareRights } from '../src/server/access.ts';
import { basicsOf } from '../src/server/files.ts';
import { ALICE, BOB } from './support/host.ts';

const file = {
  created: 0x01n,
  accessed: 0x02n,
  written: 0x03n,
  changed: 0x04n,
  allocated: 0x1000n,
  size: 0x123n,
  attributes: 0x20,
};
const facts = { file, id: 0x77n, path: '\\docs\\a.txt', access: 0x12_0089, volumeSerial: 5 };
const fileData = (infoClass: number, more = {}): Uint8Array =>
  fileInformation(infoClass, { ...facts, ...more })?.data ?? new Uint8Array(0);
const u64 = (value: number): string =>
  toHex(new Uint8Array(new BigUint64Array([BigInt(value)]).buffer));

describe('MS-FSCC 2.4: information about a file', () => {
  test('2.4.7, 2.4.47: times and attributes; sizes, links, whether it is a folder', () => {
    const times = [1, 2, 3, 4].map(u64).join('');
    expect(toHex(fileData(FileClass.basic))).toBe(`${times}2000000000000000`);
    expect(toHex(fileData(FileClass.standard))).toBe(`${u64(0x1000)}${u64(0x123)}0100000000000000`);
    const folder = { file: { ...file, attributes: 0x10 } };
    expect(fileData(FileClass.standard, folder)[21]).toBe(1);
  });

  test('2.4.2: everything at once, the parts in their order', () => {
    const all = fileData(FileClass.all);
    const parts = [
      FileClass.basic,
      FileClass.standard,
      FileClass.internal,
      FileClass.ea,
      FileClass.access,
      FileClass.position,
      FileClass.mode,
      FileClass.alignment,
    ];
    const joined = Buffer.concat(parts.map((part) => fileData(part)));
    expect(joined.length).toBe(96);
    expect(Buffer.compare(all.subarray(0, 96), joined)).toBe(0);
    expect(all[96]).toBe(22);
    expect(fromUtf16le(all.subarray(100))).toBe('\\docs\\a.txt');
  });

  test('2.4.34, 2.4.49, 2.4.22: network open, streams, identifiers', () => {
    const open = fileData(FileClass.networkOpen);
    expect(toHex(open.subarray(32, 56))).toBe(`${u64(0x1000)}${u64(0x123)}2000000000000000`);
    const stream = fileData(FileClass.stream);
    expect(toHex(stream.subarray(0, 24))).toBe(`000000000e000000${u64(0x123)}${u64(0x1000)}`);
    expect(fromUtf16le(stream.subarray(24))).toBe('::$DATA');
    expect(fileData(FileClass.stream, { file: { ...file, attributes: 0x10 } }).length).toBe(0);
    expect(toHex(fileData(FileClass.id))).toBe(`${u64(5)}${u64(0x77)}${u64(0)}`);
    expect(fileInformation(0, facts)).toBeUndefined();
  });
});

describe('MS-FSCC 2.5: information about a volume', () => {
  const volume = { label: 'Data', serial: 0xabcd, created: 9n, total: 40_960n, free: 8_192n };
  const data = (infoClass: number): string =>
    toHex(volumeInformation(infoClass, volume)?.data ?? new Uint8Array(0));

  test('label, sizes in units of 4096 octets, what it can do', () => {
    expect(data(VolumeClass.volume)).toBe(`${u64(9)}cdab00000800000000004400610074006100`);
    expect(data(VolumeClass.size)).toBe(`${u64(10)}${u64(2)}0800000000020000`);
    expect(data(VolumeClass.fullSize)).toBe(`${u64(10)}${u64(2)}${u64(2)}0800000000020000`);
    expect(data(VolumeClass.attribute)).toBe('0e000800ff000000080000004e00540046005300');
    expect(volumeInformation(99, volume)).toBeUndefined();
  });
});

describe('MS-DTYP 2.4.3, MS-SMB2 3.3.5.9: rights of files', () => {
  test.each([
    [0x8000_0000, 0x0012_0089],
    [0x4000_0000, 0x0012_0116],
    [0x2000_0000, 0x0012_00a0],
    [0x1000_0000, 0x001f_01ff],
    [0x0000_0003, 0x0000_0003],
  ])('a mask with generic rights: %i', (mask, mapped) => {
    expect(mapFileRights(mask)).toBe(mapped);
  });

  const alice = { sids: new Set([ALICE]) };
  const bob = { sids: new Set([BOB]) };

  test('what a descriptor gives, generic rights and owners too; a share never to write', () => {
    const sddl = `O:${BOB}G:BAD:(D;;0x1;;;${BOB})(A;;GA;;;${ALICE})(A;;FR;;;${BOB})`;
    const descriptor = parseSddl(sddl);
    expect(rightsOf(descriptor, alice)).toBe(0x001f_01ff);
    expect(shareRights(descriptor, alice)).toBe(0x0012_00a9);
    // The owner reads the descriptor and may change it; reading data is denied.
    expect(rightsOf(descriptor, bob)).toBe(0x0012_0088 | 0x0004_0000);
    expect(rightsOf(parseSddl('O:BAG:BAD:'), alice)).toBe(0);
    expect(shareRights(undefined, { sids: new Set(['S-1-1-0'] as const) })).toBe(0x0012_00a9);
  });

  test('a file of a tree as SMB tells of it', () => {
    const times = { created: 0, accessed: 0, written: 0, changed: 0 };
    const entry = { name: 'a', directory: false, size: 4_097, ...times, id: 1n };
    const epoch = 116_444_736_000_000_000n;
    expect(basicsOf(entry)).toMatchObject({ size: 4_097n, allocated: 8_192n, created: epoch });
    expect(basicsOf({ ...entry, attributes: 2 }).attributes).toBe(0x22);
    const folder = basicsOf({ ...entry, directory: true });
    expect([folder.size, folder.allocated, folder.attributes]).toEqual([0n, 0n, 0x10]);
  });
});
