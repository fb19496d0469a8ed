import { NdrReader, NdrWriter } from '@doublehop/wire/ndr-cursor';
import { WireError } from '@doublehop/wire/errors';
import type { SmbClient } from '../client/client.ts';
import { SmbError } from '../errors.ts';
import { MAX_SHARES } from '../limits.ts';
import type { Share } from '../server/options.ts';
import { RpcClient } from './client.ts';
import type { Syntax } from './pdu.ts';
import { FaultStatus, RpcFault, type RpcInterface } from './server.ts';

/** The server service (MS-SRVS 1.9). */
export const SRVSVC: Syntax = {
  uuid: '4b324fc8-1670-01d3-1278-5a47bf6ee188',
  major: 3,
  minor: 0,
};

/** Kinds of shares in lists (MS-SRVS 2.2.2.4). */
const StypeFlag = { ipc: 3, special: 0x8000_0000 } as const;
const NET_SHARE_ENUM = 15;
const ERROR_INVALID_LEVEL = 124;

/** A share in a list. */
export interface ListedShare {
  readonly name: string;
  /** STYPE (MS-SRVS 2.2.2.4). */
  readonly type: number;
  readonly remark: string;
}

/** `\PIPE\srvsvc`, as far as clients need it to list shares: NetrShareEnum, levels 0 and 1. */
export function srvsvc(shares: () => readonly Share[]): RpcInterface {
  return {
    ...SRVSVC,
    endpoint: '\\PIPE\\srvsvc',
    call(opnum, stub) {
      if (opnum !== NET_SHARE_ENUM) throw new RpcFault(FaultStatus.operationRange);
      const level = readEnum(new NdrReader(Uint8Array.from(stub), 0));
      return writeEnum(level, listed(shares()));
    },
  };
}

/** The shares of a server. Throws SmbError. */
export async function listShares(client: SmbClient): Promise<readonly ListedShare[]> {
  const pipe = await client.pipe('srvsvc');
  try {
    const rpc = await RpcClient.bind(pipe, SRVSVC);
    const writer = new NdrWriter();
    const server = writer.referent();
    writer.number(server);
    writeText(writer, `\\\\${client.host}`);
    writer.u32(1);
    writer.u32(1);
    const container = writer.referent();
    writer.number(container);
    writer.u32(0);
    writer.u32(0);
    writer.u32(0xffff_ffff);
    writer.u32(0);
    return readShares(await rpc.call(NET_SHARE_ENUM, writer.finish()));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new SmbError('malformed', 'the list of shares cannot be read', { cause: error });
  } finally {
    await pipe.close();
  }
}

function listed(shares: readonly Share[]): readonly ListedShare[] {
  const hidden = (name: string): number => (name.endsWith('$') ? StypeFlag.special : 0);
  const disks = shares
    .slice(0, MAX_SHARES)
    .map(({ name, remark = '' }) => ({ name, type: hidden(name), remark }));
  const type = (StypeFlag.ipc | StypeFlag.special) >>> 0;
  return [...disks, { name: 'IPC$', type, remark: 'Remote IPC' }];
}

/** NetrShareEnum's parameters (MS-SRVS 3.1.4.8); gives the level of information. */
function readEnum(reader: NdrReader): number {
  if (reader.u32() !== 0) skipText(reader);
  return reader.u32();
}

function writeEnum(level: number, shares: readonly ListedShare[]): Uint8Array {
  const writer = new NdrWriter();
  writer.u32(level);
  writer.u32(level);
  const known = level === 0 || level === 1;
  const container = writer.referent();
  writer.number(container);
  writer.u32(known ? shares.length : 0);
  if (known) writeShares(writer, level, shares);
  else writer.u32(0);
  writer.u32(known ? shares.length : 0);
  // The resume handle: everything was given at once.
  const resume = writer.referent();
  writer.number(resume);
  writer.u32(0);
  writer.u32(known ? 0 : ERROR_INVALID_LEVEL);
  return writer.finish();
}

/** The array of SHARE_INFO_0 or _1, then the texts that it points to (C706 14.3.12.3). */
function writeShares(writer: NdrWriter, level: number, shares: readonly ListedShare[]): void {
  const array = writer.referent();
  writer.number(array);
  writer.u32(shares.length);
  const later: (() => void)[] = [];
  const text = (value: string): void => {
    const at = writer.referent();
    later.push(() => {
      writer.number(at);
      writeText(writer, value);
    });
  };
  for (const { name, type, remark } of shares) {
    text(name);
    if (level === 0) continue;
    writer.u32(type);
    text(remark);
  }
  for (const write of later) write();
  writer.align(4);
}

function readShares(stub: Uint8Array): readonly ListedShare[] {
  const reader = new NdrReader(Uint8Array.from(stub), 0);
  const levels = [reader.u32(), reader.u32()];
  if (levels.some((level) => level !== 1)) throw new SmbError('malformed', 'another level');
  if (reader.u32() === 0) return [];
  reader.u32();
  if (reader.u32() === 0) return [];
  const count = reader.count(12, MAX_SHARES);
  const heads = Array.from({ length: count }, () => {
    return { name: reader.u32(), type: reader.u32(), remark: reader.u32() };
  });
  return heads.map(({ name, type, remark }) => ({
    name: name === 0 ? '' : readText(reader),
    type,
    remark: remark === 0 ? '' : readText(reader),
  }));
}

/** A text with its terminator: a conformant and varying array of characters. */
function writeText(writer: NdrWriter, text: string): void {
  writer.u32(text.length + 1);
  writer.u32(0);
  writer.u32(text.length + 1);
  writer.text(`${text}\0`);
}

function readText(reader: NdrReader): string {
  const { actual } = reader.varyingCount(2, 0x7fff);
  const text = Buffer.from(reader.bytes(2 * actual)).toString('utf16le');
  return text.replace(/\0$/u, '');
}

function skipText(reader: NdrReader): void {
  readText(reader);
}
