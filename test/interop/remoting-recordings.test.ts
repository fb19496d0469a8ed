// What pypsrp recorded of Windows servers: our client at those servers, and our server's decoders
// on those requests.
import { createPrivateKey, createPublicKey } from 'node:crypto';
import type { Server } from 'node:https';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pooledRandom } from '@doublehop/crypto/random';
import { selfSignedCertificate } from '@doublehop/domain-controller/tls/self-signed';
import { CommandFailure } from '@doublehop/powershell/commands/command';
import { toText } from '@doublehop/powershell/objects/text';
import {
  PsDictionary,
  PsObject,
  type PsValue,
  SecureText,
} from '@doublehop/powershell/objects/value';
import { connect } from '@doublehop/remoting/client/connect';
import type { RemoteHost, RemoteSession } from '@doublehop/remoting/client/remote-session';
import { basicClientScheme, basicServerScheme } from '@doublehop/remoting/http/password-scheme';
import { wsmanServer } from '@doublehop/remoting/http/wsman-server';
import type { ExchangeKey } from '@doublehop/remoting/psrp/secure-string';
import { ServerPool } from '@doublehop/remoting/psrp/server-pool';
import { fromBase64 } from '@doublehop/remoting/base64';
import { readRequest, type WsmanRequest } from '@doublehop/remoting/wsman/request';
import * as requests from '@doublehop/remoting/wsman/shell-requests';
import { decodeGuid, encodeGuid, parseGuid } from '@doublehop/security/guid';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pypsrpTests, winrmRoot } from '../support/packages.ts';
import { requirePeers, whyMissing } from '../support/peers.ts';
import { run } from '../support/run.ts';

const program = fileURLToPath(new URL('pypsrp-recordings.py', import.meta.url));
const random = pooledRandom();

type Recording = readonly (readonly [request: string, response: string])[];

describe("pypsrp's recordings of Windows servers", () => {
  let known: { recordings: Record<string, Recording>; key: string } | undefined;

  beforeAll(async () => {
    if (whyMissing('winrm') !== undefined) return;
    const cwd = dirname(pypsrpTests);
    const env = { PYTHONPATH: cwd, PYTHONDONTWRITEBYTECODE: '1' };
    const done = await run(join(winrmRoot, 'bin', 'python'), [program], { cwd, env });
    expect(done.status, done.stderr).toBe(0);
    // The program above prints it in this form.
    known = JSON.parse(done.stdout) as typeof known;
  });
  beforeEach((ctx) => requirePeers(ctx, 'winrm'));

  test('our client reads what the servers said', async () => {
    const key = exchangeKeyOf(known?.key ?? '');
    const told = new Map<string, Told['commands']>();
    const played = recordings().filter(([name]) => !NOT_PLAYED.has(name));
    for (const [name, recorded] of played) {
      const { commands } = await replay(recorded, key);
      told.set(name, commands);
    }
    for (const [name, commands] of Object.entries(TOLD)) {
      expect(told.get(name), name).toMatchObject(commands);
    }
    expect(told.size).toBe(46);
  });

  test('our server reads what the client asked', () => {
    let count = 0;
    for (const [name, recorded] of recordings()) {
      const pools: ServerPool[] = [];
      // One of them is to be refused.
      for (const [text] of recorded.filter(([one]) => !one.includes('>PT-1S<'))) {
        const request = readRequest(text);
        if (!/powershell/iu.test(request.resourceUri)) continue;
        const data = dataOf(request);
        if (data === undefined) continue;
        if (request.action.endsWith('/Create')) pools.push(newPool());
        const pool = pools.at(-1);
        // Secrets are sealed with a key that another server chose.
        if (pool?.hasKey === true) continue;
        const events = pool?.receive(data).events ?? [];
        for (const event of events) {
          expect(event, name).not.toMatchObject({ type: 'broken' });
          if (event.type === 'open') pool?.opened();
          if (event.type === 'create-pipeline' && pool?.hasKey === false) {
            for (const command of event.request.statements.flat()) command.args();
          }
          if (event.type === 'create-pipeline' || event.type === 'command-metadata') {
            event.pipeline.complete();
          }
          count += 1;
        }
      }
    }
    expect(count).toBeGreaterThan(100);
  });

  /** Those of runspace pools. */
  function recordings(): (readonly [string, Recording])[] {
    return Object.entries(known?.recordings ?? {}).filter(([, [first]]) => {
      const [request = ''] = first ?? [];
      return request.includes('/powershell/') && actionOf(request) === 'Create';
    });
  }
});

/** One command answers inside another; a message of another shell was written in by hand. */
const NOT_PLAYED = new Set(['test_psrp_nested_command', 'test_client_copy_file_warning']);

/** What was recorded, as pypsrp's own tests have it. */
const TOLD: Readonly<Record<string, readonly object[]>> = {
  test_psrp_open_runspace: [],
  test_psrp_long_running_cmdlet: [{ output: ['hi'] }],
  test_psrp_multiple_commands: [
    {
      output: [
        'Hello World',
        'secret abc',
        'こんにちは - actual_x000A_string\nnewline: \u{10437}',
        'hi"',
        expect.stringContaining('vagrant'),
        '123',
        'Deserialized.System.ServiceProcess.ServiceController winrm',
      ],
    },
  ],
  test_psrp_multiple_invocations: [{ output: ['2'] }, { output: ['2'] }],
  test_psrp_error_failed: [
    { output: ['before'], failed: 'error [Microsoft.PowerShell.Commands.WriteErrorException]' },
  ],
  test_psrp_stream_output_invocation: [
    {
      output: ['output stream'],
      other: expect.arrayContaining([
        'debug: debug stream',
        'verbose: verbose stream',
        'error: error stream [Microsoft.PowerShell.Commands.WriteErrorException]',
        'warning: warning stream',
        'information: information stream',
      ]),
    },
  ],
  test_psrp_with_input: [
    {
      output: [
        '1',
        '2',
        'Deserialized.System.Collections.Hashtable System.Collections.Hashtable',
        'a b',
      ],
      other: expect.arrayContaining(['debug: Start Block', 'debug: End Block']),
    },
  ],
  test_psrp_with_jea_configuration: [
    {},
    {
      output: [],
      other: [expect.stringContaining("Cannot find a provider with the name 'FileSystem'.")],
      failed: expect.stringContaining('[ScriptsNotAllowed]'),
    },
  ],
  'test_psrp_run_protocol_version_2.1': [{ other: ['debug: Start Block', 'debug: End Block'] }],
  test_client_fetch_file_fail_missing: [
    { failed: expect.stringContaining("The path at 'C:\\fakefile.txt' does not exist") },
  ],
  test_psrp_pshost_ui_mocked_methods: [
    {
      output: expect.arrayContaining([
        'ReadLine response',
        'secret ReadLineAsSecureString response',
      ]),
    },
  ],
};

const newPool = (): ServerPool => new ServerPool({ random, privateData: new PsDictionary() });

/** PSRP's octets in a request; undefined: it has none. */
function dataOf(request: WsmanRequest): Uint8Array | undefined {
  const action = request.action.split('/').at(-1);
  if (action === 'Create') return requests.readCreate(request).creation;
  if (action === 'Command') return fromBase64(requests.readCommand(request).args.join(''));
  if (action !== 'Send') return undefined;
  return Buffer.concat(requests.readSend(request).map(({ data }) => data));
}

function exchangeKeyOf(pem: string): ExchangeKey {
  const privateKey = createPrivateKey(pem);
  const { n = '', e = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  const exponent = Buffer.alloc(4);
  exponent.set(Buffer.from(e, 'base64url').reverse());
  const head = Buffer.from('0602000000a400005253413100080000', 'hex');
  const modulus = Buffer.from(n, 'base64url').reverse();
  return { publicBlob: Buffer.concat([head, exponent, modulus]).toString('base64'), privateKey };
}

const actionOf = (text: string): string => /Action[^>]*>[^<]*\/(\w+)</u.exec(text)?.[1] ?? '';

/** The ids in a request: of the message, the shell, the command, the pool, the pipeline. */
function idsOf(text: string): readonly (string | undefined)[] {
  const data = /(?:creationXml[^>]*|rsp:Arguments)>([^<]+)</u.exec(text)?.[1];
  const message = data === undefined ? undefined : Buffer.from(data, 'base64').subarray(21);
  return [
    /MessageID>uuid:([^<]+)</u.exec(text)?.[1],
    /rsp:Shell [^>]*ShellId="([^"]+)"/u.exec(text)?.[1],
    /CommandLine CommandId="([^"]+)"/u.exec(text)?.[1],
    message && decodeGuid(message, 8),
    message && text.includes('rsp:Arguments>') ? decodeGuid(message, 24) : undefined,
  ];
}

/** The command whose output a request asks for. */
function commandOf(text: string): string | undefined {
  return /DesiredStream[^>]*CommandId="([^"]+)"/u.exec(text)?.[1];
}

/** Answers requests with what was recorded, in the order of each action. */
class Player {
  readonly #left: (readonly [string, string])[];
  readonly #names = new Map<string, string>();

  constructor(recorded: Recording) {
    this.#left = [...recorded];
  }

  answer(request: string): string {
    const action = actionOf(request);
    const command = commandOf(request);
    const at = this.#left.findIndex(([recorded]) => {
      const theirs = commandOf(recorded);
      const isOfIt = this.#names.get(theirs?.toUpperCase() ?? '') ?? theirs;
      return (
        actionOf(recorded) === action &&
        (action !== 'Receive' || isOfIt?.toUpperCase() === command?.toUpperCase())
      );
    });
    const [recorded, response] = this.#left[at] ?? ['', ''];
    if (at >= 0) this.#left.splice(at, 1);
    const ours = idsOf(request);
    idsOf(recorded).forEach((theirs, i) => {
      const own = ours[i];
      if (theirs !== undefined && own !== undefined) this.#names.set(theirs.toUpperCase(), own);
    });
    if (response === '' && action === 'Receive') throw new Error('nothing more was recorded');
    if (response === '') return nothing(action, ours[0] ?? '');
    const named = this.#renamed(response);
    return named.replaceAll(
      /(<rsp:Stream [^>]*>|<connectResponseXml[^>]*>)([^<]+)</gu,
      (_, tag: string, data: string) => `${tag}${this.#fragments(data)}<`,
    );
  }

  #renamed(text: string): string {
    return text.replaceAll(
      /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/giu,
      (id) => this.#names.get(id.toUpperCase()) ?? id,
    );
  }

  /** Messages name the pool and the pipeline in octets. */
  #fragments(base64: string): string {
    const bytes = Buffer.from(base64, 'base64');
    for (const [theirs, ours] of this.#names) {
      const [from, to] = [theirs, ours].map((id) => Buffer.from(encodeGuid(parseGuid(id))));
      if (from === undefined || to === undefined) continue;
      for (let i = bytes.indexOf(from); i >= 0; i = bytes.indexOf(from, i + 1)) to.copy(bytes, i);
    }
    return bytes.toString('base64');
  }
}

/** An answer to what the recorded client did not ask. */
function nothing(action: string, messageId: string): string {
  return (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" ' +
    'xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing" ' +
    'xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Header>' +
    `<a:RelatesTo>uuid:${messageId}</a:RelatesTo></s:Header><s:Body><rsp:${action}Response/>` +
    '</s:Body></s:Envelope>'
  );
}

/** Everything that our client told of a recording. */
interface Told {
  readonly commands: {
    readonly output: readonly string[];
    readonly other: readonly string[];
    readonly failed?: string;
  }[];
}

async function replay(recorded: Recording, exchangeKey: ExchangeKey): Promise<Told> {
  const player = new Player(recorded);
  const tls = selfSignedCertificate({ names: ['127.0.0.1'], now: Date.now(), random });
  const server = wsmanServer<string>({
    schemes: [basicServerScheme(async (user) => user)],
    handle: async ({ text }) => {
      const answer = player.answer(text);
      return { status: answer.includes('s:Fault>') ? 500 : 200, text: answer };
    },
    tls,
    product: { vendor: 'recording', version: '0' },
    log: () => undefined,
  }) as Server;
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const written: string[] = [];
  const host: RemoteHost = {
    width: 80,
    height: 25,
    readLine: async () => 'line',
    readSecret: async () => 'secret',
    write: (text) => void written.push(text),
  };
  const session = await connect({
    computer: 'ServerB',
    url: new URL(`https://127.0.0.1:${port}/wsman`),
    tls: { ca: tls.cert },
    scheme: basicClientScheme('alice', 'x'),
    host,
    exchangeKey: async () => exchangeKey,
    random,
  });
  try {
    const told: Told = { commands: [] };
    const actions = recorded.map(([request]) => actionOf(request));
    const commands = actions.slice(0, actions.indexOf('Delete')).filter((one) => one === 'Command');
    // Keys are exchanged before the first command where the recorded client did it.
    const first = actions.slice(0, actions.indexOf('Command'));
    for (const _ of commands) {
      told.commands.push(await heard(session, first.includes('Send') ? SecureText.of('x') : 'x'));
    }
    return told;
  } finally {
    await session.close();
    server.close();
    server.closeAllConnections();
  }
}

async function heard(session: RemoteSession, value: PsValue): Promise<Told['commands'][number]> {
  const [output, other]: string[][] = [[], []];
  const note = (kind: string) => (text: PsValue) => void other?.push(`${kind}: ${toText(text)}`);
  const statements = [[{ name: 'Recorded', isScript: false, args: [{ value }] }]];
  try {
    await session.run(
      { kind: 'commands', statements },
      {
        signal: AbortSignal.timeout(5000),
        streams: {
          output: (one) => void output?.push(shown(one)),
          error: (record) => note('error')(`${record.message} [${record.errorId}]`),
          warning: note('warning'),
          verbose: note('verbose'),
          debug: note('debug'),
          information: note('information'),
          progress: ({ activity }) => note('progress')(activity),
        },
      },
    );
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    const { message, errorId } = error.record;
    return { output: output ?? [], other: other ?? [], failed: `${message} [${errorId}]` };
  }
  return { output: output ?? [], other: other ?? [] };
}

function shown(value: PsValue): string {
  if (value instanceof SecureText) return `secret ${value.revealText()}`;
  if (value instanceof PsObject) return `${value.typeNames[0] ?? ''} ${toText(value)}`;
  return toText(value);
}
