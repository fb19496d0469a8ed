// psrpcore, a codec of PSRP by others: each end of ours talks with its other end.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pooledRandom } from '@doublehop/crypto/random';
import {
  PsDictionary,
  PsObject,
  type PsValue,
  Scalar,
  type ScalarType,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { type ClientEvent, ClientPool } from '@doublehop/remoting/psrp/client-pool';
import { makeExchangeKey } from '@doublehop/remoting/psrp/secure-string';
import { type ServerEvent, ServerPool } from '@doublehop/remoting/psrp/server-pool';
import type { Outgoing } from '@doublehop/remoting/psrp/wire';
import { concat, fromHex, toHex } from '@doublehop/wire/bytes';
import { describe, expect, onTestFinished, test } from 'vitest';
import { psrpcoreRoot } from '../support/packages.ts';
import { requirePeers } from '../support/peers.ts';

const POOL = '6f5d4c3b-2a19-4807-96a5-b4c3d2e1f001';
const PIPELINE = '0f5d4c3b-2a19-4807-96a5-b4c3d2e1f002';
const program = fileURLToPath(new URL('psrp-peer.py', import.meta.url));

interface Answer {
  readonly events: readonly string[];
  readonly sent: readonly Uint8Array[];
}

/** psrpcore's end, in a process of its own. */
function startPeer(role: 'client' | 'server'): (line: string) => Promise<Answer> {
  const python = join(psrpcoreRoot, 'bin', 'python3');
  const child = spawn(python, [program, role, POOL, PIPELINE], { stdio: 'pipe' });
  onTestFinished(() => void child.kill());
  let complaint = '';
  child.stderr.on('data', (text: Buffer) => (complaint += text.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return async (line) => {
    child.stdin.write(`${line}\n`);
    const events: string[] = [];
    const sent: Uint8Array[] = [];
    while (true) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`psrpcore ended: ${complaint}`);
      if (value === '.') return { events, sent };
      const [word, rest = ''] = value.split(/ (.*)/su);
      if (word === 'event') events.push(rest);
      else sent.push(fromHex(rest));
    }
  };
}

const octets = ({ fragments }: Outgoing): Uint8Array => concat(...fragments);

const scalar = (type: ScalarType, value: string | number | bigint): Scalar =>
  new Scalar(type, value);

/** One value of every type, as psrpcore sends it back. */
const VALUES: readonly PsValue[] = [
  null,
  'text <&> _x0041_ \n\u{1f600}',
  true,
  -7,
  1.5,
  2n ** 40n,
  new Uint8Array([1, 2, 3]),
  [1, 'two', [null]],
  scalar('Char', 97),
  scalar('Byte', 254),
  scalar('SByte', -127),
  scalar('Int16', -3),
  scalar('UInt16', 65_535),
  scalar('UInt32', 4_294_967_295),
  scalar('UInt64', 2n ** 63n),
  scalar('Double', 2),
  scalar('Decimal', '12.34'),
  scalar('DateTime', '2008-04-11T10:42:32.2731993-07:00'),
  scalar('TimeSpan', 937_840_000_001n),
  scalar('Guid', POOL),
  scalar('Uri', 'http://contoso.com/'),
  scalar('Version', '6.2.1.3'),
  scalar('Xml', '<a>b</a>'),
  scalar('ScriptBlock', 'Get-Item'),
];

describe('our client and psrpcore as server', () => {
  test('every message', async (context) => {
    requirePeers(context, 'psrpcore');
    const peer = startPeer('server');
    const client = new ClientPool({
      id: POOL,
      newId: () => PIPELINE,
      exchangeKey: await makeExchangeKey(),
      maxRunspaces: 2,
    });
    const told: ClientEvent[] = [];
    const named: string[] = [];
    const tell = async (line: string): Promise<void> => {
      const { events, sent } = await peer(line);
      named.push(...events);
      for (const bytes of sent) {
        const step = client.receive(bytes);
        told.push(...step.events);
        for (const one of step.send) await tell(`receive ${toHex(octets(one))}`);
      }
    };
    const send = (one: Outgoing): Promise<void> => tell(`receive ${toHex(octets(one))}`);

    await tell(`receive ${toHex(client.open())}`);
    expect(client.state).toBe('Opened');
    await tell('do key');
    expect(client.hasKey).toBe(true);
    for (const { send: one } of [
      client.setRunspaces('max', 4),
      client.setRunspaces('min', 2),
      client.askAvailable(),
      client.reset(),
    ]) {
      await send(one);
    }
    const args = [{ name: 'Path', value: 'C:' }, { value: 'x' }];
    const { pipeline, send: create } = client.createPipeline({
      statements: [
        [{ name: 'Get-Item', isScript: false, args }],
        [{ name: 'Get-Date', isScript: false, args: [] }],
      ],
      noInput: false,
    });
    await send(create);
    expect(named).toContain('CreatePipeline Get-Item Path=C: None=x;Get-Date');
    for (const value of VALUES) await send(pipeline.input(value));
    const echoed = told.flatMap((event) => (event.type === 'output' ? [event.value] : []));
    expect(echoed).toEqual(VALUES);
    await send(pipeline.input(SecureText.of('geheim')));
    const last = told.at(-1);
    const secret = last?.type === 'output' ? last.value : undefined;
    expect(secret instanceof SecureText && secret.revealText()).toBe('geheim');

    told.length = 0;
    await send(pipeline.endInput());
    expect(told.map(({ type }) => type)).toEqual([
      'error',
      'debug',
      'verbose',
      'warning',
      'progress',
      'information',
      'host-call',
      'pool-host-call',
    ]);
    expect(told[0]).toMatchObject({ record: { message: 'no', errorId: 'Nothing', target: 'C:' } });
    expect(told[5]).toMatchObject({ record: { message: 'hello', tags: ['PSHOST'] } });
    const asked = told[6]?.type === 'host-call' ? told[6].call : undefined;
    if (asked === undefined) throw new Error('no host call');
    await send(pipeline.respond({ callId: asked.callId, method: 'ReadLine', result: 'Alice' }));
    await tell('do complete');
    expect(pipeline.state).toBe('Completed');
    expect(named).toContain('PipelineHostResponse');
    expect(told.filter(({ type }) => type === 'broken')).toEqual([]);
  });
});

describe('our server and psrpcore as client', () => {
  test('every message', async (context) => {
    requirePeers(context, 'psrpcore');
    const peer = startPeer('client');
    const versions = new PsDictionary([
      ['PSRemotingProtocolVersion', new Scalar('Version', '2.3')],
    ]);
    const server = new ServerPool({
      random: pooledRandom(),
      privateData: new PsDictionary([['PSVersionTable', versions]]),
      fragmentSize: 300,
    });
    const asked: ServerEvent[] = [];
    const named: string[] = [];
    const tell = async (line: string): Promise<void> => {
      const { events, sent } = await peer(line);
      named.push(...events);
      for (const bytes of sent) {
        const step = server.receive(bytes);
        asked.push(...step.events);
        for (const one of step.send) await tell(`receive ${toHex(octets(one))}`);
      }
    };
    const send = (one: Outgoing): Promise<void> => tell(`receive ${toHex(octets(one))}`);

    await tell('do open');
    await send(server.opened());
    await tell('do key');
    expect(server.hasKey).toBe(true);
    await tell('do runspaces');
    const reset = asked.at(-1);
    if (reset?.type !== 'reset') throw new Error('not reset');
    await send(server.availability(reset.callId, true));
    await tell('do pipeline');
    const created = asked.at(-1);
    if (created?.type !== 'create-pipeline') throw new Error('no pipeline');
    const { pipeline: running, request } = created;
    const commands = request.statements.flat();
    expect(commands.map(({ name }) => name)).toEqual(['Get-Item', 'Use-Secret']);
    expect(commands[0]?.args()).toEqual([{ name: 'Path', value: 'C:\\' }]);
    const secret = commands[1]?.args()[0]?.value;
    expect(secret instanceof SecureText && secret.revealText()).toBe('geheim');
    await tell('do input');
    const inputs = asked.flatMap((event) => (event.type === 'input' ? [event.value] : []));
    expect(inputs).toEqual([
      1,
      'a\n_x0041_\u{1f600}',
      [1, 'b'],
      new PsDictionary([['k', 1.5]]),
      new Uint8Array([1, 2]),
    ]);
    const table = inputs[3];
    expect(table instanceof PsDictionary && table.get('K')).toEqual(new Scalar('Single', 1.5));
    const record = { message: 'no', errorId: 'E', category: 'OpenError', target: 'x' } as const;
    await send(running.output(new PsObject({ typeNames: ['A.B'], properties: { Name: 'x' } })));
    await send(running.error(record));
    await send(running.debug('d'));
    await send(running.verbose('v'));
    await send(running.warning('w'));
    await send(
      running.progress({
        activity: 'a',
        activityId: 1,
        statusDescription: 's',
        percentComplete: 1,
        secondsRemaining: -1,
        completed: false,
      }),
    );
    const time = '2026-11-22T18:05:09Z';
    await send(running.information({ message: 'i', tags: ['t'], time }));
    await send(running.hostCall('ReadLine', []).send);
    expect(asked.at(-1)).toMatchObject({ type: 'host-response', response: { result: 'Alice' } });
    await send(server.hostCall('GetName', []).send);
    expect(asked.at(-1)).toMatchObject({ response: { error: { message: 'no host' } } });
    await send(
      server.userEvent({
        eventId: 1,
        sourceId: 's',
        time,
        sender: null,
        arguments: [],
        message: 'm',
        runspaceId: POOL,
      }),
    );
    await send(running.complete());
    await tell('do metadata');
    expect(asked.at(-1)).toMatchObject({ type: 'command-metadata', query: { names: ['Get-*'] } });
    expect(named.map((name) => name.split(' ')[0])).toEqual([
      'SessionCapability',
      'ApplicationPrivateData',
      'RunspacePoolState',
      'EncryptedSessionKey',
      'SetRunspaceAvailability',
      'SetRunspaceAvailability',
      'GetRunspaceAvailability',
      'SetRunspaceAvailability',
      'PipelineOutput',
      'ErrorRecord',
      'DebugRecord',
      'VerboseRecord',
      'WarningRecord',
      'ProgressRecord',
      'InformationRecord',
      'PipelineHostCall',
      'RunspacePoolHostCall',
      'UserEvent',
      'PipelineState',
    ]);
    expect(asked.filter(({ type }) => type === 'broken')).toEqual([]);
  });
});
