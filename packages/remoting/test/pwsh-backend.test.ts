import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RemotingError } from '@doublehop/remoting/errors';
import { PwshBackend } from '@doublehop/remoting/endpoint/pwsh-backend';
import { decodeFrame, encodeFrame, POOL_ID } from '@doublehop/remoting/endpoint/pwsh-frames';
import { Fragmenter } from '@doublehop/remoting/psrp/fragments';
import { encodeMessage, ZERO_GUID } from '@doublehop/remoting/psrp/message';
import { encodeBody } from '@doublehop/remoting/psrp/messages/bodies';
import { parseGuid } from '@doublehop/security/guid';
import { concat, fromUtf8, toBase64, utf8 } from '@doublehop/wire/bytes';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { folderOf } from './support/configurations.ts';
import { timer } from './support/endpoint.ts';

const COMMAND = '0AAAAAAA-BBBB-4CCC-8DDD-EEEEEEEEEEEE';
const id = parseGuid(COMMAND);

/** Fragments of the message that ends a pipeline. */
const OVER = concat(
  ...new Fragmenter(32_768).fragment(
    encodeMessage({
      destination: 'client',
      type: 'PIPELINE_STATE',
      poolId: ZERO_GUID,
      pipelineId: id,
      data: encodeBody('PIPELINE_STATE', { state: 'Completed' }),
    }),
  ),
);

/**
 * A stand-in for `pwsh -s`: writes the frames that it gets to a file, answers the opening with
 * `READY` and a command with `OVER`. The real one is not at hand where these tests run.
 */
const PROGRAM = `
import { appendFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
const [file, mode] = process.argv.slice(2);
const say = (line) => process.stdout.write(line + '\\n');
for await (const line of createInterface({ input: process.stdin })) {
  appendFileSync(file, line + '\\n');
  const id = /PSGuid='([^']*)'/.exec(line)[1];
  if (mode === 'garbage') say('hello');
  while (mode === 'endless') {
    if (process.stdout.write('x'.repeat(65536))) continue;
    await new Promise((resolve) => process.stdout.once('drain', resolve));
  }
  if (mode === 'exit') process.exit(3);
  if (line.startsWith('<Data')) {
    say("<DataAck PSGuid='" + id + "' />");
    const data = /^0+-/.test(id) ? '${toBase64(utf8('READY'))}' : '${toBase64(OVER)}';
    say("<Data Stream='Default' PSGuid='" + id + "'>" + data + '</Data>');
  }
  if (line.startsWith('<Command')) say("<CommandAck PSGuid='" + id + "' />");
  if (line.startsWith('<Signal')) say("<SignalAck PSGuid='" + id + "' />");
  if (line.startsWith('<Close') && /^0+-/.test(id) && mode !== 'stays') process.exit(0);
}
if (mode === 'stays') setInterval(() => {}, 1000);
`;

interface Run {
  readonly backend: PwshBackend;
  readonly heard: string[];
  readonly log: string[];
  readonly file: string;
  /** Resolves when that was heard. */
  readonly until: (what: string) => Promise<void>;
}

async function start(mode = 'usual'): Promise<Run> {
  const dir = await folderOf({ 'pwsh.mjs': PROGRAM });
  const file = join(dir, 'frames');
  const heard: string[] = [];
  const log: string[] = [];
  const waiting: { readonly what: string; readonly done: () => void }[] = [];
  const hear = (what: string): undefined => {
    heard.push(what);
    for (const one of waiting) if (one.what === what) one.done();
    return undefined;
  };
  const backend = new PwshBackend(
    {
      path: process.execPath,
      args: [join(dir, 'pwsh.mjs'), file, mode],
      environment: {},
      // What is waited for at the end comes at once.
      timer: (_milliseconds, act) => timer(50, act),
      log: (line) => log.push(line),
    },
    {
      output: (commandId, data) =>
        hear(commandId === undefined ? `pool ${fromUtf8(data)}` : `${commandId} ${data.length}`),
      finished: (commandId, exitCode) => hear(`finished ${commandId} ${exitCode ?? 0}`),
      closed: () => hear('closed'),
    },
    utf8('OPEN'),
  );
  onTestFinished(() => backend.close());
  const until = (what: string): Promise<void> =>
    new Promise((resolve) => {
      if (heard.includes(what)) resolve();
      else waiting.push({ what, done: resolve });
    });
  return { backend, heard, log, file, until };
}

describe('a frame of pwsh -s', () => {
  test.each([
    [
      { kind: 'Data', stream: 'Default', id: POOL_ID, data: utf8('OPEN') },
      `<Data Stream='Default' PSGuid='${POOL_ID}'>T1BFTg==</Data>\n`,
    ],
    [
      { kind: 'Data', stream: 'PromptResponse', id, data: new Uint8Array(0) },
      `<Data Stream='PromptResponse' PSGuid='${id}'></Data>\n`,
    ],
    [{ kind: 'Command', id }, `<Command PSGuid='${id}' />\n`],
    [{ kind: 'CloseAck', id }, `<CloseAck PSGuid='${id}' />\n`],
  ] as const)('%#', (frame, line) => {
    expect(encodeFrame(frame)).toBe(line);
    expect(decodeFrame(line.trimEnd())).toEqual(frame);
  });

  test.each([
    '',
    '<Data>',
    `<Data Stream='Other' PSGuid='${id}'></Data>`,
    `<Close PSGuid='1' />`,
    `<Close PSGuid='${id}' /><Close PSGuid='${id}' />`,
    `<Data Stream='Default' PSGuid='${id}'>a b</Data>`,
  ])('is not %s', (line) => {
    expect(() => decodeFrame(line)).toThrow(/no frame/);
  });

  test('of any text throws RemotingError psrp alone', () => {
    fc.assert(
      fc.property(fc.string(), (line) => {
        try {
          decodeFrame(line);
        } catch (error) {
          expect((error as RemotingError).code).toBe('psrp'); // fails for any other error
        }
      }),
    );
  });
});

describe('a shell of pwsh', () => {
  test('passes octets of pool and command on, ends a command by its state', async () => {
    const { backend, heard, file, until } = await start();
    await until('pool READY');
    backend.command(COMMAND, utf8('CREATE'));
    await until(`finished ${COMMAND} 0`);
    expect(heard).toEqual(['pool READY', `${COMMAND} ${OVER.length}`, `finished ${COMMAND} 0`]);
    backend.send('stdin', COMMAND, utf8('IN'));
    backend.send('pr', undefined, utf8('HOST'));
    backend.stop(COMMAND);
    await backend.close();
    expect((await readFile(file, 'utf8')).split('\n')).toEqual([
      `<Data Stream='Default' PSGuid='${POOL_ID}'>${toBase64(utf8('OPEN'))}</Data>`,
      `<Command PSGuid='${id}' />`,
      `<Data Stream='Default' PSGuid='${id}'>${toBase64(utf8('CREATE'))}</Data>`,
      `<Close PSGuid='${id}' />`,
      `<Data Stream='Default' PSGuid='${id}'>${toBase64(utf8('IN'))}</Data>`,
      `<Data Stream='PromptResponse' PSGuid='${POOL_ID}'>${toBase64(utf8('HOST'))}</Data>`,
      `<Signal PSGuid='${id}' />`,
      `<Close PSGuid='${POOL_ID}' />`,
      '',
    ]);
    expect(heard).not.toContain('closed');
  });

  test('cannot be connected to again', async () => {
    const { backend } = await start();
    expect(() => backend.connect()).toThrow(/cannot be connected to/);
  });

  test.each(['garbage', 'exit'])('of a program that does %s is closed', async (mode) => {
    const { until } = await start(mode);
    await until('closed');
  });

  test('of a program whose line has no end is closed, and its command ends', async () => {
    const { backend, until, log } = await start('endless');
    backend.command(COMMAND, utf8('CREATE'));
    await until('closed');
    await until(`finished ${COMMAND} 1`);
    expect(log.join()).toMatch(/a line without end/);
  });

  test('kills a program that stays', async () => {
    const { backend, until, file } = await start('stays');
    await until('pool READY');
    await backend.close();
    expect(existsSync(file)).toBe(true);
  });
});
