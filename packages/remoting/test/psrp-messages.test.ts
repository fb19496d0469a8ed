import { PsDictionary, PsObject, Scalar } from '@doublehop/powershell/objects/value';
import { RemotingError } from '@doublehop/remoting/errors';
import {
  decodeFragments,
  Defragmenter,
  encodeFragment,
  Fragmenter,
} from '@doublehop/remoting/psrp/fragments';
import {
  decodeMessage,
  encodeMessage,
  type Message,
  type MessageName,
  MessageType,
} from '@doublehop/remoting/psrp/message';
import { type Bodies, decodeBody, encodeBody } from '@doublehop/remoting/psrp/messages/bodies';
import { pipelineRequest } from '@doublehop/remoting/psrp/messages/create-pipeline';
import { hasResult, HostMethods } from '@doublehop/remoting/psrp/messages/host-call';
import { NO_HOST } from '@doublehop/remoting/psrp/messages/host-info';
import { makeExchangeKey, SessionKey } from '@doublehop/remoting/psrp/secure-string';
import { answerVersion, CAPABILITY } from '@doublehop/remoting/psrp/version';
import { concat, fromHex, toHex } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

describe('fragments (MS-PSRP 2.2.4)', () => {
  // Header of 21 octets, big-endian: object 1, fragment 0, start and end, two octets.
  const WHOLE = '0000000000000001000000000000000003000000024142';
  const fragment = {
    objectId: 1n,
    fragmentId: 0n,
    isStart: true,
    isEnd: true,
    blob: fromHex('4142'),
  };

  test('one fragment', () => {
    expect(toHex(encodeFragment(fragment))).toBe(WHOLE);
    expect(decodeFragments(fromHex(WHOLE))).toEqual([fragment]);
  });

  test('messages come back whole, whatever the fragments', () => {
    const messages = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 });
    fc.assert(
      fc.property(messages, fc.integer({ min: 22, max: 90 }), (sent, size) => {
        const fragmenter = new Fragmenter(size);
        const defragmenter = new Defragmenter();
        const parts = sent.flatMap((message) => fragmenter.fragment(message));
        const got = parts.flatMap((part) => defragmenter.receive(part));
        expect(got.map(toHex)).toEqual(sent.map(toHex));
      }),
    );
  });

  test('out of order, repeated, or too large is refused', () => {
    const parts = new Fragmenter(30).fragment(new Uint8Array(40));
    const take = (indexes: readonly number[], max?: number): unknown => {
      const defragmenter = new Defragmenter(max);
      return indexes.map((index) => defragmenter.receive(parts[index] ?? new Uint8Array()));
    };
    expect(() => take([1])).toThrow('out of order');
    expect(() => take([0, 2])).toThrow('out of order');
    expect(() => take([0, 0])).toThrow('out of order');
    expect(() => take([0, 1, 2, 3, 4], 20)).toThrow('too large');
    expect(take([0, 1, 2, 3, 4])).toHaveLength(5);
  });

  test('messages that never end are bounded', () => {
    const defragmenter = new Defragmenter();
    const begin = (objectId: bigint): Uint8Array =>
      encodeFragment({ ...fragment, objectId, isEnd: false });
    const many = Array.from({ length: 200 }, (_, index) => begin(BigInt(index + 1)));
    expect(() => defragmenter.receive(concat(...many))).toThrow('not ended');
  });
});

describe('messages (MS-PSRP 2.2.1)', () => {
  const message: Message = {
    destination: 'client',
    type: 'RUNSPACEPOOL_STATE',
    poolId: 'd034652d-126b-e340-b773-cba26459cfa8',
    pipelineId: undefined,
    data: '<I32>2</I32>',
  };
  const HEADER = '01000000051002002d6534d06b1240e3b773cba26459cfa8'.padEnd(80, '0');

  test('header and data, with a byte order mark from the server', () => {
    const bytes = encodeMessage(message);
    expect(toHex(bytes)).toBe(`${HEADER}efbbbf${toHex(Buffer.from(message.data))}`);
    expect(decodeMessage(bytes)).toEqual(message);
  });

  test('without the mark, too', () => {
    expect(decodeMessage(fromHex(HEADER + toHex(Buffer.from(message.data))))).toEqual(message);
  });

  test.each(['', HEADER.replace(/^01/u, '03'), HEADER.replace('0510', 'ff10'), `${HEADER}ff`])(
    '%s is refused',
    (hex) => {
      expect(() => decodeMessage(fromHex(hex))).toThrow(RemotingError);
    },
  );
});

const RECORD = {
  message: 'no',
  errorId: 'E',
  category: 'OpenError',
  target: null,
  exceptionType: 'System.Exception',
} as const;
const PROGRESS = {
  activity: 'Activity Name',
  activityId: 4,
  statusDescription: 'Good',
  currentOperation: 'Down loading',
  percentComplete: 20,
  secondsRemaining: 30,
  completed: false,
};
const HOST_CALL = { callId: 1n, method: 'ReadLine', parameters: [] } as const;
const HOST_RESPONSE = { callId: 1n, method: 'ReadLine', result: 'Line read' } as const;
const CONSOLE = {
  foregroundColor: 7,
  cursorPosition: { x: 0, y: 18 },
  cursorSize: 25,
  bufferSize: { x: 120, y: 3000 },
  windowTitle: 'PowerShell',
};

/** A body for each message whose body is plain data. */
const BODIES: Omit<Bodies, 'CREATE_PIPELINE' | 'APPLICATION_PRIVATE_DATA'> = {
  SESSION_CAPABILITY: { ...CAPABILITY, timeZone: new Uint8Array([1]) },
  INIT_RUNSPACEPOOL: {
    minRunspaces: 1,
    maxRunspaces: 3,
    hostInfo: { ...NO_HOST, isHostNull: false, console: CONSOLE },
  },
  PUBLIC_KEY: 'BgIAAACkAABSU0Ex',
  ENCRYPTED_SESSION_KEY: 'AQIAABBmAAAApAAA',
  PUBLIC_KEY_REQUEST: null,
  CONNECT_RUNSPACEPOOL: { minRunspaces: 1, maxRunspaces: 5 },
  SET_MAX_RUNSPACES: { callId: 1n, count: 3 },
  SET_MIN_RUNSPACES: { callId: 2n, count: 2 },
  RUNSPACE_AVAILABILITY: { callId: 1n, answer: true },
  RUNSPACEPOOL_STATE: { state: 'Broken', error: RECORD },
  GET_AVAILABLE_RUNSPACES: { callId: 3n },
  USER_EVENT: {
    eventId: 1,
    sourceId: 'ping',
    time: '2010-05-12T20:14:53.8520000Z',
    sender: null,
    arguments: [1],
    message: 'm',
    runspaceId: 'd034652d-126b-e340-b773-cba26459cfa8',
  },
  GET_COMMAND_METADATA: { names: ['Get-*'], commandTypes: 15, namespaces: [] },
  RUNSPACEPOOL_INIT_DATA: { minRunspaces: 1, maxRunspaces: 1 },
  RESET_RUNSPACE_STATE: { callId: 1n },
  RUNSPACEPOOL_HOST_CALL: HOST_CALL,
  RUNSPACEPOOL_HOST_RESPONSE: HOST_RESPONSE,
  PIPELINE_INPUT: [1, 'two'],
  END_OF_PIPELINE_INPUT: null,
  PIPELINE_OUTPUT: new Scalar('Char', 97),
  ERROR_RECORD: RECORD,
  PIPELINE_STATE: { state: 'Completed' },
  DEBUG_RECORD: 'd',
  VERBOSE_RECORD: 'v',
  WARNING_RECORD: 'w',
  PROGRESS_RECORD: PROGRESS,
  INFORMATION_RECORD: { message: 'hello', tags: ['PSHOST'], source: 'here', processId: 4 },
  PIPELINE_HOST_CALL: HOST_CALL,
  PIPELINE_HOST_RESPONSE: { ...HOST_RESPONSE, result: null, error: RECORD },
};

// Object.keys of the table with these keys.
const NAMES = Object.keys(BODIES) as (keyof typeof BODIES)[];

describe('what each message says (MS-PSRP 2.2.2)', () => {
  test.each(NAMES)('%s', (type) => {
    expect(decodeBody(type, encodeBody(type, BODIES[type]))).toEqual(BODIES[type]);
  });

  // MS-PSRP 2.2.2.6, 2.2.2.7, 2.2.2.9, 2.2.2.11, 2.2.2.29, 2.2.2.30.
  const examples: [MessageName, string, unknown][] = [
    [
      'SET_MAX_RUNSPACES',
      '<Obj RefId="5"><MS><I32 N="MaxRunspaces">3</I32><I64 N="ci">1</I64></MS></Obj>',
      { count: 3, callId: 1n },
    ],
    [
      'SET_MIN_RUNSPACES',
      '<Obj RefId="6"><MS><I32 N="MinRunspaces">2</I32><I64 N="ci">2</I64></MS></Obj>',
      { count: 2, callId: 2n },
    ],
    [
      'RUNSPACEPOOL_STATE',
      '<Obj RefId="1"><MS><I32 N="RunspaceState">2</I32></MS></Obj>',
      { state: 'Opened' },
    ],
    [
      'GET_AVAILABLE_RUNSPACES',
      '<Obj RefId="7"><MS><I64 N="ci">3</I64></MS></Obj>',
      { callId: 3n },
    ],
    ['CONNECT_RUNSPACEPOOL', '<Obj RefId="1"><MS><S></S></MS></Obj>', {}],
    ['CONNECT_RUNSPACEPOOL', '<S></S>', {}],
    ['PUBLIC_KEY_REQUEST', '<S></S>', null],
    [
      'RUNSPACEPOOL_HOST_RESPONSE',
      '<Obj RefId="11"><MS><S N="mr">Line read from the host</S><I64 N="ci">1</I64>' +
        '<Obj N="mi" RefId="12"><TN RefId="4">' +
        '<T>System.Management.Automation.Remoting.RemoteHostMethodId</T><T>System.Enum</T>' +
        '<T>System.ValueType</T><T>System.Object</T></TN><ToString>ReadLine</ToString>' +
        '<I32>11</I32></Obj></MS></Obj>',
      { callId: 1n, method: 'ReadLine', result: 'Line read from the host' },
    ],
  ];
  test.each(examples)('the example of %s', (type, text, body) => {
    expect(decodeBody(type, text)).toEqual(body);
  });

  test('APPLICATION_PRIVATE_DATA: dictionaries in dictionaries', () => {
    const inner = new PsDictionary([['BashVersion', new Scalar('Version', '2.0')]]);
    const text = encodeBody(
      'APPLICATION_PRIVATE_DATA',
      new PsDictionary([['BashPrivateData', inner]]),
    );
    expect(text.match(/<T>[^<]*PSPrimitiveDictionary<\/T>/gu)).toHaveLength(1);
    const read = decodeBody('APPLICATION_PRIVATE_DATA', text).get('bashprivatedata');
    expect(read instanceof PsDictionary && read.get('BashVersion')).toEqual(
      new Scalar('Version', '2.0'),
    );
  });

  test('output is cut below its first objects', () => {
    const inner = new PsObject({ typeNames: ['A.B'], properties: { x: 1 } });
    const text = encodeBody('PIPELINE_OUTPUT', new PsObject({ properties: { inner } }));
    expect(text).toContain('<S N="inner">A.B</S>');
  });
});

describe('CREATE_PIPELINE (MS-PSRP 2.2.2.10)', () => {
  const call = { name: 'Get-Item', isScript: false, args: [{ name: 'Path', value: 'C:' }] };

  test('statements, names, merges and arguments', () => {
    const request = pipelineRequest({
      statements: [[call, { ...call, mergeError: true }], [{ ...call, isScript: true }]],
      history: 'dir',
    });
    const read = decodeBody('CREATE_PIPELINE', encodeBody('CREATE_PIPELINE', request));
    expect(read.history).toBe('dir');
    const shape = read.statements.map((commands) =>
      commands.map(({ name, isScript, mergeError }) => [name, isScript, mergeError]),
    );
    expect(shape).toEqual([
      [
        ['Get-Item', false, false],
        ['Get-Item', false, true],
      ],
      [['Get-Item', true, false]],
    ]);
    expect(read.statements[1]?.[0]?.args()).toEqual(call.args);
  });

  test('arguments are decoded when they are asked for, and not before', () => {
    const text = encodeBody('CREATE_PIPELINE', pipelineRequest({ statements: [[call]] }));
    const bad = text.replace('<S N="V">C:</S>', '<I32 N="V">no number</I32>');
    const command = decodeBody('CREATE_PIPELINE', bad).statements[0]?.[0];
    expect(command?.name).toBe('Get-Item');
    expect(() => command?.args()).toThrow(RemotingError);
  });

  test.each([
    ['-Path:', { name: 'Path', value: 'C:' }],
    ['Path', { name: 'Path', value: 'C:' }],
    [`a${' '.repeat(200_000)}b`, { name: `a${' '.repeat(200_000)}b`, value: 'C:' }],
  ])('the name of an argument: %.20s', (name, argument) => {
    const asked = { ...call, args: [{ name, value: 'C:' }] };
    const text = encodeBody('CREATE_PIPELINE', pipelineRequest({ statements: [[asked]] }));
    const read = decodeBody('CREATE_PIPELINE', text);
    expect(read.statements[0]?.[0]?.args()).toEqual([argument]);
  });

  test('a pipeline of nothing is refused', () => {
    const text = encodeBody('CREATE_PIPELINE', pipelineRequest({ statements: [] }));
    expect(() => decodeBody('CREATE_PIPELINE', text)).toThrow('without commands');
  });
});

test('host methods (MS-PSRP 2.2.3.17): 56, of which those with a result are answered', () => {
  expect(Object.values(HostMethods)).toEqual(Array.from({ length: 56 }, (_, index) => index + 1));
  expect([hasResult('ReadLine'), hasResult('PromptForChoice'), hasResult('WriteLine2')]).toEqual([
    true,
    true,
    false,
  ]);
});

describe('versions', () => {
  test.each([
    ['2.0', '2.0'],
    ['2.2', '2.2'],
    ['2.3', '2.3'],
    ['2.4', '2.3'],
  ])('a client of %s is answered %s', (protocolVersion, answer) => {
    expect(answerVersion({ ...CAPABILITY, protocolVersion })).toBe(answer);
  });

  test('version 3 is refused', () => {
    expect(() => answerVersion({ ...CAPABILITY, protocolVersion: '3.0' })).toThrow('PSRP');
  });
});

describe('the exchange of keys (MS-PSRP 2.2.2.3 to 2.2.2.5)', () => {
  test('blobs, a secret both ways, and a wiped key', async () => {
    const exchange = await makeExchangeKey();
    const blob = Buffer.from(exchange.publicBlob, 'base64');
    expect(toHex(blob.subarray(0, 20))).toBe('0602000000a40000525341310008000001000100');
    expect(blob).toHaveLength(276);
    const server = new SessionKey(new Uint8Array(32).fill(7));
    const sealed = server.sealFor(exchange.publicBlob);
    expect(toHex(Buffer.from(sealed, 'base64').subarray(0, 12))).toBe('010200001066000000a40000');
    const client = SessionKey.open(sealed, exchange);
    const text = new Uint8Array([65, 0, 66, 0]);
    expect(server.open(client.seal(text))).toEqual(text);
    expect(() => client.open('AAAA')).toThrow(RemotingError);
    client.wipe();
    expect(() => client.seal(text)).toThrow('wiped');
    expect(() => server.sealFor('AAAA')).toThrow(RemotingError);
    expect(() => SessionKey.open('AAAA', exchange)).toThrow(RemotingError);
  });
});

test('random octets and values give nothing but RemotingError', () => {
  const names = fc.constantFrom<MessageName>(...(Object.keys(MessageType) as MessageName[]));
  const pieces = fc.array(
    fc.constantFrom(
      '<Obj RefId="0"><MS>',
      '</MS></Obj>',
      '<I32 N="RunspaceState">2</I32>',
      '<I64 N="ci">1</I64>',
      '<Obj N="PowerShell"><MS>',
      '<Obj N="Cmds"><LST>',
      '</LST></Obj>',
      '<S N="Cmd">x</S>',
      '<Nil/>',
      '<I32 N="mi">11</I32>',
    ),
    { maxLength: 8 },
  );
  fc.assert(
    fc.property(names, pieces, fc.uint8Array({ maxLength: 80 }), (type, parts, bytes) => {
      const attempts: (() => unknown)[] = [
        () => decodeBody(type, parts.join('')),
        () => new Defragmenter().receive(bytes).map(decodeMessage),
        () => decodeMessage(bytes),
      ];
      for (const attempt of attempts) {
        try {
          attempt();
        } catch (error) {
          expect(error).toBeInstanceOf(RemotingError);
        }
      }
    }),
    { numRuns: 500 },
  );
});
