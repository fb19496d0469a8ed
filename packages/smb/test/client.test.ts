import { afterEach, describe, expect, test } from 'vitest';
import type { SmbClientOptions } from '../src/client/client.ts';
import type { DialectName } from '../src/dialects.ts';
import { Capability, Command, Dialect } from '../src/messages/constants.ts';
import { encodeMessage, frameKind, type Header, splitMessages } from '../src/messages/header.ts';
import {
  decodeNegotiateRequest,
  decodeNegotiateResponse,
  encodeNegotiateRequest,
  encodeNegotiateResponse,
  type NegotiateRequest,
  type NegotiateResponse,
} from '../src/messages/negotiate.ts';
import { encodeError, encodeSessionSetupResponse } from '../src/messages/session.ts';
import { NtStatus } from '../src/nt-status.ts';
import { startHost, type TestHost } from './support/host.ts';
import { type Change, type Middle, startMiddle } from './support/middle.ts';

let host: TestHost;
let middle: Middle | undefined;
afterEach(async () => {
  middle?.close();
  await host.close();
  expect(host.events.filter(({ kind }) => kind === 'defect')).toEqual([]);
});

/** What a client comes to that reads a file through somebody who changes messages. */
async function readThrough(
  changes: { readonly toServer?: Change; readonly toClient?: Change },
  options: Partial<SmbClientOptions> = {},
): Promise<number> {
  host = await startHost();
  middle = await startMiddle(host.port, changes);
  const client = await host.connect('alice', { timeout: 1_000, ...options, port: middle.port });
  try {
    const share = await client.share('data');
    return (await share.read('hello.txt')).length;
  } finally {
    await client.close();
  }
}

function headerOf(message: Uint8Array): Header | undefined {
  return frameKind(message) === 'plain' ? splitMessages(message)[0]?.header : undefined;
}

/** Changes the messages of one command. */
function on(command: number, change: (message: Uint8Array, header: Header) => Uint8Array): Change {
  return (message) => {
    const header = headerOf(message);
    return header?.command === command ? change(message, header) : message;
  };
}

const ofRequest = (change: (request: NegotiateRequest) => NegotiateRequest): Change =>
  on(Command.negotiate, (message, header) =>
    encodeMessage(header, encodeNegotiateRequest(change(decodeNegotiateRequest(message)))),
  );

const ofResponse = (change: (response: NegotiateResponse) => NegotiateResponse): Change =>
  on(Command.negotiate, (message, header) =>
    encodeMessage(header, encodeNegotiateResponse(change(decodeNegotiateResponse(message)))),
  );

function flip(message: Uint8Array, at: number): Uint8Array {
  message[at] = (message[at] ?? 0) ^ 1;
  return message;
}

describe('MS-SMB2 3.2.5: somebody in between', () => {
  test('who changes nothing is not noticed', async () => {
    expect(await readThrough({})).toBe(6);
  });

  test('3.1.1: a cipher, an algorithm, a dialect less in the clear: no common keys', async () => {
    const fewer: readonly [Change, string][] = [
      [
        ofRequest((request) => ({
          ...request,
          contexts: request.contexts.filter(({ kind }) => kind !== 'encryption'),
        })),
        'integrity',
      ],
      [ofRequest((request) => ({ ...request, securityMode: 1 })), 'integrity'],
    ];
    for (const [toServer, code] of fewer) {
      await expect(readThrough({ toServer })).rejects.toMatchObject({ code });
      middle?.close();
      await host.close();
    }
    const toClient = ofResponse((response) => ({ ...response, capabilities: 0 }));
    await expect(readThrough({ toClient })).rejects.toMatchObject({ code: 'integrity' });
  });

  test.each(['3.0.2', '2.1'] as const)('down to %s: asked again, it comes out', async (lower) => {
    const numbers = { '3.0.2': Dialect.smb302, '2.1': Dialect.smb210 };
    const toServer = ofRequest((request) => ({
      ...request,
      dialects: [numbers[lower]],
      contexts: [],
    }));
    // The server ends the connection (MS-SMB2 3.3.5.15.12).
    await expect(readThrough({ toServer })).rejects.toMatchObject({ code: 'closed' });
  });

  test('3.0.2: what the server can do, or is', async () => {
    const dialects: readonly DialectName[] = ['3.0.2'];
    const changes: readonly ((response: NegotiateResponse) => NegotiateResponse)[] = [
      (response) => ({ ...response, capabilities: Capability.largeMtu }),
      (response) => ({ ...response, securityMode: 1 }),
      (response) => ({ ...response, serverGuid: '00000000-0000-0000-0000-000000000001' }),
    ];
    for (const change of changes) {
      const through = readThrough({ toClient: ofResponse(change) }, { dialects });
      await expect(through).rejects.toMatchObject({ code: 'integrity' });
      middle?.close();
      await host.close();
    }
    const toClient = ofResponse((response) => ({ ...response, dialect: Dialect.smb210 }));
    const through = readThrough({ toClient }, { dialects });
    await expect(through).rejects.toMatchObject({ code: 'unsupported' });
  });

  test.each(['3.1.1', '3.0.2', '2.1'] as const)('%s: a changed answer', async (dialect) => {
    const dialects = [dialect];
    for (const command of [Command.treeConnect, Command.create, Command.read]) {
      const toClient = on(command, (message) => flip(message, message.length - 1));
      const through = readThrough({ toClient }, { dialects });
      await expect(through, `${command}`).rejects.toMatchObject({ code: 'integrity' });
      middle?.close();
      await host.close();
    }
    const toClient = on(Command.read, (_message, header) =>
      encodeMessage({ ...header, flags: 1, status: NtStatus.ACCESS_DENIED }, encodeError()),
    );
    const unsigned = readThrough({ toClient }, { dialects });
    await expect(unsigned).rejects.toMatchObject({ code: 'integrity' });
  });

  test('a changed answer that is encrypted, or one in the clear', async () => {
    const flipped: Change = (message) =>
      frameKind(message) === 'transform' ? flip(message, 60) : message;
    const changed = readThrough({ toClient: flipped }, { encrypt: true });
    await expect(changed).rejects.toMatchObject({ code: 'integrity' });
    middle?.close();
    await host.close();
    const header = { creditCharge: 1, credits: 1, flags: 1, treeId: 1, asyncId: undefined };
    const ids = { messageId: 2n, sessionId: 1n, command: Command.treeConnect, status: 0 };
    const clear: Change = (message) =>
      frameKind(message) === 'transform'
        ? encodeMessage({ ...header, ...ids }, new Uint8Array(16))
        : message;
    const replaced = readThrough({ toClient: clear }, { encrypt: true });
    await expect(replaced).rejects.toMatchObject({ code: 'integrity' });
  });

  test('a changed request is refused by the server', async () => {
    const toServer = on(Command.create, (message) => flip(message, message.length - 1));
    const through = readThrough({ toServer });
    await expect(through).rejects.toMatchObject({ statusName: 'STATUS_ACCESS_DENIED' });
  });

  test('an authentication that proves nothing, or makes a guest', async () => {
    const bare = on(Command.sessionSetup, (_message, header) =>
      encodeMessage(
        { ...header, flags: 1 },
        encodeSessionSetupResponse({ flags: 1, token: new Uint8Array(0) }),
      ),
    );
    await expect(readThrough({ toClient: bare })).rejects.toThrow();
  });

  test('answers to nothing are passed over; what is lost is waited for in vain', async () => {
    const strange = on(Command.read, (message, header) =>
      encodeMessage({ ...header, messageId: 9_999n }, message.subarray(64)),
    );
    const through = readThrough({ toClient: strange }, { timeout: 100 });
    await expect(through).rejects.toMatchObject({ code: 'timeout' });
  });

  test('a server that grants nothing more is given up', async () => {
    const toClient = on(Command.negotiate, (message, header) =>
      encodeMessage({ ...header, credits: 0 }, message.subarray(64)),
    );
    await expect(readThrough({ toClient })).rejects.toThrow('too few credits');
  });

  test('nobody listens', async () => {
    host = await startHost();
    const { port } = host;
    await host.close();
    const refused = host.connect('alice', { port });
    await expect(refused).rejects.toMatchObject({ code: 'connect' });
  });
});
