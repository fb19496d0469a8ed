import { fromUtf8, toHex } from '@doublehop/wire/bytes';
import { SecurityError } from '@doublehop/security/errors';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SmbError } from '../src/errors.ts';
import { Command, HeaderFlag } from '../src/messages/constants.ts';
import {
  type CreateRequest,
  decodeCreateRequest,
  decodeCreateResponse,
  encodeCreateRequest,
  encodeCreateResponse,
} from '../src/messages/create.ts';
import {
  type DirectoryEntry,
  DirectoryClass,
  encodeDirectoryEntry,
  packDirectory,
  unpackDirectory,
} from '../src/messages/directory.ts';
import * as file from '../src/messages/file.ts';
import { Deframer, frame } from '../src/messages/frame.ts';
import {
  chainMessages,
  encodeMessage,
  frameKind,
  HEADER_SIZE,
  type Header,
  splitMessages,
} from '../src/messages/header.ts';
import {
  decodeMultiProtocol,
  decodeNegotiateRequest,
  decodeNegotiateResponse,
  encodeNegotiateRequest,
  encodeNegotiateResponse,
  type NegotiateContext,
} from '../src/messages/negotiate.ts';
import * as query from '../src/messages/query.ts';
import * as session from '../src/messages/session.ts';
import * as validate from '../src/messages/validate-negotiate.ts';
import { CCM, SMB311 } from './support/vectors.ts';

const HEADER: Header = {
  creditCharge: 1,
  status: 0,
  command: Command.create,
  credits: 3,
  flags: 0,
  messageId: 5n,
  treeId: 6,
  asyncId: undefined,
  sessionId: 7n,
};

/** A message of a body: decoders count from the header. */
const message = (body: Uint8Array): Uint8Array => encodeMessage(HEADER, body);

const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn });
const octets = fc.uint8Array({ maxLength: 40 });
const text = fc.string({ maxLength: 20 });
const fileId = fc.record({ persistent: u64, volatile: u64 });
const basics = fc.record({
  created: u64,
  accessed: u64,
  written: u64,
  changed: u64,
  allocated: u64,
  size: u64,
  attributes: u32,
});

describe("MS-SMB2 2.2.3, 2.2.4: Microsoft's NEGOTIATE", () => {
  test('the request', () => {
    const decoded = decodeNegotiateRequest(SMB311.negotiateRequest);
    expect(decoded.dialects).toEqual([0x0202, 0x0210, 0x0300, 0x0302, 0x0311]);
    expect(decoded.contexts.map(({ kind }) => kind)).toEqual(['preauth', 'encryption']);
    expect(decoded.contexts[1]).toEqual({ kind: 'encryption', ciphers: [2, 1] });
    const body = encodeNegotiateRequest(decoded);
    expect(toHex(body)).toBe(toHex(SMB311.negotiateRequest.subarray(HEADER_SIZE)));
  });

  test('the response', () => {
    const decoded = decodeNegotiateResponse(SMB311.negotiateResponse);
    expect(decoded).toMatchObject({ dialect: 0x0311, maxRead: 0x80_0000, capabilities: 0x2f });
    expect(decoded.contexts.at(1)).toEqual({ kind: 'encryption', ciphers: [2] });
    const body = encodeNegotiateResponse(decoded);
    expect(toHex(body)).toBe(toHex(SMB311.negotiateResponse.subarray(HEADER_SIZE)));
  });

  test('every context', () => {
    const contexts: NegotiateContext[] = [
      { kind: 'preauth', hashes: [1], salt: Uint8Array.of(1, 2, 3) },
      { kind: 'encryption', ciphers: [2, 1, 4] },
      { kind: 'compression', flags: 1, algorithms: [1, 2, 3] },
      { kind: 'netname', name: 'serverc.contoso.com' },
      { kind: 'transport', flags: 1 },
      { kind: 'rdma', transforms: [0, 1] },
      { kind: 'signing', algorithms: [2, 1, 0] },
      { kind: 'unknown', type: 0x100, data: Uint8Array.of(9) },
    ];
    const { clientGuid } = decodeNegotiateRequest(SMB311.negotiateRequest);
    const facts = { securityMode: 1, capabilities: 4, clientGuid, dialects: [0x0311] };
    const body = encodeNegotiateRequest({ ...facts, contexts });
    expect(decodeNegotiateRequest(message(body)).contexts).toEqual(contexts);
  });

  test('MS-SMB2 3.3.5.3.1: the first word of SMB 1', () => {
    const dialects = '\x02NT LM 0.12\0\x02SMB 2.002\0\x02SMB 2.???\0';
    const smb1 = new Uint8Array(35 + dialects.length);
    smb1.set([0xff, 0x53, 0x4d, 0x42, 0x72]);
    smb1[33] = dialects.length;
    smb1.set(Buffer.from(dialects, 'latin1'), 35);
    expect(frameKind(smb1)).toBe('smb1');
    expect(decodeMultiProtocol(smb1)).toEqual({ any: true, smb202: true });
    smb1[4] = 0x73;
    expect(() => decodeMultiProtocol(smb1)).toThrow(SmbError);
  });
});

describe("MS-SMB2 2.2.19 to 2.2.22: Microsoft's READ and WRITE", () => {
  test('as Windows 8 sent them', () => {
    const write = file.decodeWriteRequest(CCM.write);
    expect(fromUtf8(write.data)).toBe('Smb3 encryption testing');
    // Windows names an offset for channel information that is not there.
    const windows = Uint8Array.from(CCM.write.subarray(64));
    windows[40] = 0;
    expect(toHex(file.encodeWriteRequest(write))).toBe(toHex(windows));
    expect(file.decodeWriteResponse(CCM.written)).toBe(23);
    const read = file.decodeReadRequest(CCM.read);
    expect(read).toMatchObject({ length: 23, offset: 0n, fileId: write.fileId });
    expect(fromUtf8(file.decodeReadResponse(CCM.readResponse))).toBe('Smb3 encryption testing');
    const [only] = splitMessages(CCM.read);
    expect(only?.header).toMatchObject({ command: 8, messageId: 5n, treeId: 1, creditCharge: 1 });
  });
});

describe('MS-SMB2 2.2.1: headers and compounds', () => {
  test('a compound: padded to eight octets, each pointing to the next', () => {
    const parts = [new Uint8Array(3), new Uint8Array(8), new Uint8Array(1)].map(message);
    const chained = chainMessages(parts);
    expect(chained.map(({ length }) => length)).toEqual([72, 72, 65]);
    const split = splitMessages(Buffer.concat(chained));
    expect(split.map(({ bytes }) => bytes.length)).toEqual([72, 72, 65]);
    expect(split.every(({ header }) => header.messageId === 5n)).toBe(true);
  });

  test('the asynchronous form', () => {
    const bytes = encodeMessage({ ...HEADER, asyncId: 99n, treeId: 0 }, new Uint8Array(4));
    const [only] = splitMessages(bytes);
    expect(only?.header).toEqual({ ...HEADER, asyncId: 99n, treeId: 0, flags: HeaderFlag.async });
  });

  test.each([
    ['short of a header', 16, 4],
    ['not a multiple of eight', 65, 65],
    ['behind the end', 4096, 64],
  ])('a next message that is %s', (_name, next, size) => {
    const bytes = message(new Uint8Array(size));
    new DataView(bytes.buffer).setUint32(20, next, true);
    expect(() => splitMessages(bytes)).toThrow(SmbError);
  });

  test('too many messages', () => {
    const parts = Array.from({ length: 65 }, () => message(new Uint8Array(0)));
    expect(() => splitMessages(Buffer.concat(chainMessages(parts)))).toThrow(/too many/u);
  });
});

describe('MS-SMB2 2.1: direct TCP', () => {
  test('messages come whole, however the stream is cut', () => {
    const bodies = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 6 });
    fc.assert(
      fc.property(bodies, fc.nat(17), (messages, step) => {
        const stream = Buffer.concat(messages.map(frame));
        const deframer = new Deframer(100);
        const found: Uint8Array[] = [];
        for (let at = 0; at < stream.length; at += step + 1) {
          deframer.push(stream.subarray(at, at + step + 1));
          for (let next = deframer.next(); next !== undefined; next = deframer.next()) {
            found.push(Uint8Array.from(next));
          }
        }
        expect(found).toEqual(messages);
        expect(deframer.waiting).toBe(0);
      }),
    );
  });

  test('what is too long, or of NetBIOS, is refused at once', () => {
    const long = new Deframer(100);
    long.push(Uint8Array.of(0, 0, 0, 101));
    expect(() => long.next()).toThrow(SmbError);
    const netbios = new Deframer(100);
    netbios.push(Uint8Array.of(0x81, 0, 0, 68));
    expect(() => netbios.next()).toThrow(SmbError);
  });
});

describe('MS-SMB2 2.2: what is encoded is decoded again', () => {
  test('SESSION_SETUP, TREE_CONNECT, errors', () => {
    const setup = fc.record({
      flags: fc.nat(255),
      securityMode: fc.nat(255),
      capabilities: u32,
      previousSessionId: u64,
      token: octets,
    });
    fc.assert(
      fc.property(setup, text, octets, u32, (request, path, data, number) => {
        const encoded = session.encodeSessionSetupRequest(request);
        expect(session.decodeSessionSetupRequest(message(encoded))).toEqual(request);
        const response = { flags: request.flags, token: data };
        const answer = session.encodeSessionSetupResponse(response);
        expect(session.decodeSessionSetupResponse(message(answer))).toEqual(response);
        const connect = session.encodeTreeConnectRequest({ path });
        expect(session.decodeTreeConnectRequest(message(connect))).toEqual({ path });
        const tree = { shareType: 1, shareFlags: number, capabilities: 8, maximalAccess: number };
        const treeAnswer = session.encodeTreeConnectResponse(tree);
        expect(session.decodeTreeConnectResponse(message(treeAnswer))).toEqual(tree);
        expect(session.decodeError(message(session.encodeError(data)))).toEqual(data);
      }),
    );
  });

  test('CREATE with its contexts', () => {
    const context = fc.record({ name: fc.constantFrom('MxAc', 'QFid', 'RqLs', 'X'), data: octets });
    const contexts = fc.array(context, { maxLength: 5 });
    const how = fc.record({
      oplockLevel: fc.nat(255),
      impersonation: u32,
      desiredAccess: u32,
      attributes: u32,
      shareAccess: u32,
      disposition: u32,
      options: u32,
      name: text,
      contexts,
    });
    fc.assert(
      fc.property(how, basics, fileId, (request: CreateRequest, facts, id) => {
        expect(decodeCreateRequest(message(encodeCreateRequest(request)))).toEqual(request);
        const response = {
          oplockLevel: 0,
          action: 1,
          file: facts,
          fileId: id,
          contexts: request.contexts,
        };
        expect(decodeCreateResponse(message(encodeCreateResponse(response)))).toEqual(response);
      }),
    );
  });

  test('CLOSE, FLUSH, READ, WRITE, LOCK', () => {
    const range = fc.record({ offset: u64, length: u64, flags: u32 });
    const ranges = fc.array(range, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(
        fileId,
        octets,
        u64,
        u32,
        basics,
        ranges,
        (id, data, offset, number, facts, locks) => {
          const close = { flags: 1, fileId: id };
          expect(file.decodeCloseRequest(message(file.encodeCloseRequest(close)))).toEqual(close);
          expect(file.decodeCloseResponse(message(file.encodeCloseResponse(facts)))).toEqual(facts);
          expect(file.decodeFlushRequest(message(file.encodeFlushRequest(id)))).toEqual(id);
          const read = { length: number, offset, fileId: id, minimum: number };
          expect(file.decodeReadRequest(message(file.encodeReadRequest(read)))).toEqual(read);
          expect(file.decodeReadResponse(message(file.encodeReadResponse(data)))).toEqual(data);
          const write = { offset, fileId: id, data };
          expect(file.decodeWriteRequest(message(file.encodeWriteRequest(write)))).toEqual(write);
          expect(file.decodeWriteResponse(message(file.encodeWriteResponse(number)))).toBe(number);
          const lock = { fileId: id, ranges: locks };
          expect(file.decodeLockRequest(message(file.encodeLockRequest(lock)))).toEqual(lock);
        },
      ),
    );
    const nothing = message(file.encodeCloseResponse(undefined));
    expect(file.decodeCloseResponse(nothing)).toBeUndefined();
  });

  test('IOCTL, QUERY_DIRECTORY, CHANGE_NOTIFY, QUERY_INFO, SET_INFO', () => {
    fc.assert(
      fc.property(fileId, octets, u32, fc.nat(255), text, (id, data, number, kind, pattern) => {
        const control = { code: number, fileId: id, input: data, maxOutput: number, isFsctl: true };
        const ioctl = query.encodeIoctlRequest(control);
        expect(query.decodeIoctlRequest(message(ioctl))).toEqual(control);
        const done = { code: number, fileId: id, output: data };
        expect(query.decodeIoctlResponse(message(query.encodeIoctlResponse(done)))).toEqual(done);
        const list = { infoClass: kind, flags: kind, fileId: id, pattern, maxOutput: number };
        const listing = query.encodeQueryDirectoryRequest(list);
        expect(query.decodeQueryDirectoryRequest(message(listing))).toEqual(list);
        const notify = { flags: 1, maxOutput: number, fileId: id, filter: number };
        const watch = query.encodeChangeNotifyRequest(notify);
        expect(query.decodeChangeNotifyRequest(message(watch))).toEqual(notify);
        const about = { infoType: kind, infoClass: kind, fileId: id };
        const info = { ...about, maxOutput: number, additional: number, input: data };
        const asked = query.encodeQueryInfoRequest(info);
        expect(query.decodeQueryInfoRequest(message(asked))).toEqual(info);
        const set = { ...about, data };
        expect(query.decodeSetInfoRequest(message(query.encodeSetInfoRequest(set)))).toEqual(set);
        expect(query.decodeOutput(message(query.encodeOutput(data)))).toEqual(data);
      }),
    );
  });

  test('MS-SMB2 2.2.31.4, 2.2.32.6: VALIDATE_NEGOTIATE_INFO', () => {
    const { clientGuid: guid } = decodeNegotiateRequest(SMB311.negotiateRequest);
    fc.assert(
      fc.property(u32, fc.array(u16, { maxLength: 8 }), u16, (capabilities, dialects, mode) => {
        const request = { capabilities, guid, securityMode: mode, dialects };
        const encoded = validate.encodeValidateRequest(request);
        expect(validate.decodeValidateRequest(encoded)).toEqual(request);
        const response = { capabilities, guid, securityMode: mode, dialect: mode };
        const answer = validate.encodeValidateResponse(response);
        expect(answer.length).toBe(validate.VALIDATE_RESPONSE_SIZE);
        expect(validate.decodeValidateResponse(answer)).toEqual(response);
      }),
    );
  });
});

describe('MS-FSCC 2.4: entries of folders', () => {
  const entries: DirectoryEntry[] = ['.', '..', 'a', 'longer name.txt'].map((name, index) => ({
    name,
    file: {
      created: 1n,
      accessed: 2n,
      written: 3n,
      changed: 4n,
      size: 5n,
      allocated: 4096n,
      attributes: 0x20,
    },
    id: BigInt(index),
  }));

  test('those with identifiers and short names come back', () => {
    const { data, count } = packDirectory(DirectoryClass.idBoth, entries, 65_536);
    expect(count).toBe(4);
    expect(unpackDirectory(data)).toEqual(entries);
  });

  test('as many as there is room for', () => {
    const room = 2 * 112;
    const { data, count } = packDirectory(DirectoryClass.idBoth, entries, room);
    expect([count, data.length <= room]).toEqual([2, true]);
    expect(packDirectory(DirectoryClass.idBoth, entries, 50)).toMatchObject({ count: 0 });
  });

  // The offsets of FileName in MS-FSCC 2.4.10, 2.4.14, 2.4.8, 2.4.26, 2.4.17, 2.4.18, 2.4.20.
  test.each([
    ['directory', 64],
    ['full', 68],
    ['both', 94],
    ['names', 12],
    ['idBoth', 104],
    ['idFull', 80],
    ['idExtd', 88],
  ] as const)('the name in class %s begins at %i', (name, offset) => {
    const [, , entry] = entries;
    if (entry === undefined) throw new Error('no entry');
    const encoded = encodeDirectoryEntry(DirectoryClass[name], entry);
    expect(encoded.length).toBe(offset + 2);
    expect(encoded.subarray(offset)).toEqual(Uint8Array.of(0x61, 0));
  });
});

describe('whatever comes', () => {
  const decoders: readonly ((bytes: Uint8Array) => unknown)[] = [
    splitMessages,
    decodeNegotiateRequest,
    decodeNegotiateResponse,
    decodeMultiProtocol,
    decodeCreateRequest,
    decodeCreateResponse,
    ...[session, file, query, validate].flatMap((module) =>
      Object.entries(module).flatMap(([name, value]) =>
        // A decoder takes octets, whatever its result.
        name.startsWith('decode') ? [value as (bytes: Uint8Array) => unknown] : [],
      ),
    ),
    unpackDirectory,
  ];

  test('decoders refuse with the error of this layer, or not at all', () => {
    const wild = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(wild, fc.nat(decoders.length - 1), fc.nat(60), (bytes, index, size) => {
        // A plausible structure size gets further.
        const header = message(Uint8Array.of(size, 0, ...bytes));
        for (const input of [bytes, header]) {
          try {
            decoders[index]?.(input);
          } catch (error) {
            expect(error instanceof SmbError || error instanceof SecurityError).toBe(true);
          }
        }
      }),
      { numRuns: 3_000 },
    );
  });
});
