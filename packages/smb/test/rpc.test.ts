import { utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { SmbError, statusError } from '../src/errors.ts';
import { NtStatus } from '../src/nt-status.ts';
import { RpcClient } from '../src/rpc/client.ts';
import { NDR, PduFlag, PduType, type Syntax } from '../src/rpc/pdu.ts';
import * as pdu from '../src/rpc/pdu.ts';
import { RpcFault, type RpcInterface, rpcPipe } from '../src/rpc/server.ts';
import { SRVSVC, srvsvc } from '../src/rpc/srvsvc.ts';
import { memoryTree } from '../src/tree/memory-tree.ts';
import { NOW, startHost, type TestHost } from './support/host.ts';

const WHOLE = PduFlag.first | PduFlag.last;
const MINE: Syntax = { uuid: '11111111-2222-3333-4444-555555555555', major: 1, minor: 2 };
const user = { name: 'CONTOSO\\alice', token: { sids: new Set<never>() } };

/** Answers with what it was asked, as often as the number says; or with a fault. */
const echo: RpcInterface = {
  ...MINE,
  endpoint: '\\PIPE\\echo',
  call(opnum, stub, { name }) {
    if (opnum === 0) return utf8(name);
    if (opnum > 99) throw new RpcFault(5);
    return Buffer.concat(Array.from({ length: opnum }, () => stub));
  },
};

let host: TestHost;
afterEach(() => host?.close());

describe('MS-RPCE 2.1.1.2: interfaces over named pipes', () => {
  test('calls, large both ways, faults; the operation knows its caller', async () => {
    const pipes = {
      echo: rpcPipe([echo]),
      shut: {
        open() {
          throw statusError(NtStatus.ACCESS_DENIED, 'shut');
        },
      },
    };
    host = await startHost({ pipes });
    const client = await host.connect();
    const pipe = await client.pipe('echo');
    const rpc = await RpcClient.bind(pipe, MINE);
    expect(Buffer.from(await rpc.call(0, new Uint8Array(0))).toString()).toBe('CONTOSO\\alice');
    const stub = new Uint8Array(3_000).fill(5);
    expect((await rpc.call(40, stub)).length).toBe(120_000);
    expect((await rpc.call(1, new Uint8Array(0))).length).toBe(0);
    await expect(rpc.call(100, stub)).rejects.toThrow('0x5');
    await expect(RpcClient.bind(await client.pipe('echo'), SRVSVC)).rejects.toThrow('not serve');
    const absent = client.pipe('none');
    await expect(absent).rejects.toMatchObject({ statusName: 'STATUS_OBJECT_NAME_NOT_FOUND' });
    const shut = client.pipe('shut');
    await expect(shut).rejects.toMatchObject({ statusName: 'STATUS_ACCESS_DENIED' });
    await pipe.close();
    await expect(rpc.call(0, stub)).rejects.toMatchObject({ statusName: 'STATUS_FILE_CLOSED' });
    const answer = pdu.decodePdu(await client.transact('echo', bind(MINE, [NDR])));
    expect(answer.type).toBe(PduType.bindAck);
    await client.close();
  });

  const bind = (abstract: Syntax, transfers: readonly Syntax[], type: number = PduType.bind) => {
    const body = pdu.encodeBind({ maxFragment: 4_280, contexts: [{ id: 3, abstract, transfers }] });
    return pdu.encodePdu({ type, flags: WHOLE, callId: 9, body });
  };

  test('C706 12.6.4.4: contexts that are taken and that are not', async () => {
    const other = { ...NDR, major: 1 };
    for (const [abstract, transfers, result] of [
      [MINE, [other, NDR], { result: 0, reason: 0 }],
      [MINE, [other], { result: 2, reason: 2 }],
      [{ ...MINE, minor: 3 }, [NDR], { result: 2, reason: 1 }],
    ] as const) {
      const end = rpcPipe([echo]).open(user);
      const [answer] = await end.write(bind(abstract, transfers));
      const ack = pdu.decodePdu(answer ?? new Uint8Array(0));
      expect([ack.type, ack.callId]).toEqual([PduType.bindAck, 9]);
      expect(pdu.decodeBindAck(ack.body)).toEqual([result]);
    }
  });

  test('C706 12.6.2: requests in fragments', async () => {
    const end = rpcPipe([echo]).open(user);
    await end.write(bind(MINE, [NDR]));
    const part = (flags: number, stub: Uint8Array, contextId = 3) =>
      end.write(
        pdu.encodePdu({
          type: PduType.request,
          flags,
          callId: 1,
          body: pdu.encodeRequest({ contextId, opnum: 1, stub }),
        }),
      );
    expect(await part(PduFlag.first, utf8('one '))).toEqual([]);
    expect(await part(0, utf8('two '))).toEqual([]);
    const [answer] = await part(PduFlag.last, utf8('three'));
    const response = pdu.decodeResponse(pdu.decodePdu(answer ?? new Uint8Array(0)));
    expect(Buffer.from(response).toString()).toBe('one two three');
    const [fault] = await part(WHOLE, utf8('x'), 4);
    expect(pdu.decodeFault(pdu.decodePdu(fault ?? new Uint8Array(0)))).toBe(0x1c01_0003);
  });

  test('whatever comes: a refusal, or an answer', async () => {
    const shares = [{ name: 'data', tree: memoryTree({}, { time: NOW }) }];
    const interfaces = [srvsvc(() => shares)];
    const begun = bind(SRVSVC, [NDR]);
    const wild = fc.uint8Array({ maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(
        wild,
        fc.constantFrom(0, 11, 14, 16),
        fc.boolean(),
        async (body, type, raw) => {
          const end = rpcPipe(interfaces).open(user);
          await end.write(begun);
          const known = Uint8Array.of(0, 0, 0, 0, 3, 0, 15, 0, ...body);
          const message = pdu.encodePdu({ type, flags: WHOLE, callId: 1, body: known });
          try {
            await end.write(raw ? body : message);
          } catch (error) {
            expect(error).toBeInstanceOf(SmbError);
          }
        },
      ),
    );
  });
});
