import type { ErrorRecord } from '@doublehop/powershell/commands/error-record';
import { PsObject, type PsValue } from '@doublehop/powershell/objects/value';
import { HOST_VIEWS } from '@doublehop/lab/commands/host-objects';
import { REMOTING_VIEWS } from '@doublehop/lab/console/views';
import { fanOut } from '@doublehop/lab/console/fan-out';
import { writeClixml } from '@doublehop/remoting/clixml/write';
import { toText } from '@doublehop/powershell/objects/text';
import { Command } from 'commander';
import type { Context } from '../context.ts';
import { UsageError } from '../errors.ts';
import { readArgument } from '../input/file.ts';
import { printJson } from '../output/json.ts';
import {
  addConnectionOptions,
  type ConnectionOptions,
  connectionOf,
} from '../remoting/connection.ts';
import { interruptible } from '../remoting/interrupt.ts';
import { jsonValue } from '../remoting/json-value.ts';
import { blockText, requestOf } from '../remoting/request.ts';
import { exitCodeOf, openScreen, type Screen } from '../remoting/show.ts';

interface InvokeOptions extends ConnectionOptions {
  readonly computer: readonly string[];
  readonly file?: string;
  readonly throttle?: string;
  readonly json?: true;
  readonly clixml?: true;
}

/** `doublehop invoke`: commands on computers, by PowerShell remoting. */
export function command(context: Context): Command {
  const invoke = new Command('invoke')
    .description(
      'Run commands on computers by PowerShell remoting, many at once, and print what comes as ' +
        'PowerShell shows it.',
    )
    .argument('[block]', "what to run: '{ Test-Path \\\\ServerC\\C$ }'")
    .option('--computer <name>', 'such as ServerB; may be repeated', collect, [])
    .option('--file <script>', 'run what is in this file instead of a block')
    .option('--throttle <number>', 'computers at once; default 32')
    .option('--json', 'print as JSON')
    .option('--clixml', 'print as CLIXML, every property with its type');
  return addConnectionOptions(invoke)
    .addHelpText('after', EXAMPLES)
    .action(async (block: string | undefined, options: InvokeOptions) => {
      await run(context, block, options);
    });
}

const EXAMPLES = String.raw`
Examples:
  $ doublehop invoke --computer ServerB '{ Test-Path \\ServerC\C$ }'
  $ doublehop invoke --computer ServerB1,ServerB2 --json '{ Get-Service }'
  $ doublehop invoke --computer ServerB --auth credssp \
      --credential 'CONTOSO\alice' '{ klist }'

Exit code 2: somebody was refused, and all else worked.`;

function collect(name: string, before: readonly string[]): readonly string[] {
  return [...before, ...name.split(',').filter((one) => one !== '')];
}

async function run(
  context: Context,
  block: string | undefined,
  options: InvokeOptions,
): Promise<void> {
  const { computer: computers, json, clixml } = options;
  if (computers.length === 0) throw new UsageError('on which computer? Give --computer');
  if (json === true && clixml === true) throw new UsageError('--json and --clixml: one of them');
  const request = await requestFor(block, options);
  const throttle = throttleOf(options);
  const { connect, targetOf } = await connectionOf(context, options);
  const places = [...new Set(computers)].map(targetOf).map((target) => ({
    computer: target.computer,
    open: () => connect(target),
    close: (session: Awaited<ReturnType<typeof connect>>) => session.close(),
  }));
  const screen = openScreen(context, [...HOST_VIEWS, ...REMOTING_VIEWS]);
  const kept: PsValue[] = [];
  const keeps = json === true || clixml === true;
  const streams = keeps
    ? { ...screen.streams, output: (value: PsValue) => void kept.push(value) }
    : screen.streams;
  await interruptible((signal) =>
    fanOut(places, { request, throttle, streams, signal, showComputer: true }),
  );
  screen.end();
  if (json === true) printJson(context, jsonReport(kept, screen));
  if (clixml === true) printClixml(context, kept);
  context.exitCode = exitCodeOf(screen.errors);
}

async function requestFor(
  block: string | undefined,
  { file }: InvokeOptions,
): Promise<ReturnType<typeof requestOf>> {
  if (block !== undefined && file !== undefined) {
    throw new UsageError('a block and --file: one of them');
  }
  if (file !== undefined) return requestOf((await readArgument('--file', file)).toString(), file);
  if (block !== undefined && block.trim() !== '') return requestOf(blockText(block), 'block');
  throw new UsageError("what is to run? Give a block: '{ hostname }', or --file");
}

function throttleOf({ throttle = '32' }: InvokeOptions): number {
  if (/^[1-9]\d{0,3}$/.test(throttle)) return Number(throttle);
  throw new UsageError(`--throttle: "${throttle}" is no whole number from 1 to 9999`);
}

function jsonReport(values: readonly PsValue[], { errors }: Screen): unknown {
  return {
    output: values.map((value) => ({ computer: computerOf(value), value: jsonValue(value) })),
    errors: errors.map(errorJson),
  };
}

function computerOf(value: PsValue): string | null {
  const computer = value instanceof PsObject ? value.get('PSComputerName') : undefined;
  return computer === undefined ? null : toText(computer);
}

function errorJson({ computer, message, errorId, category, inner }: ErrorRecord): unknown {
  return { computer: computer ?? null, message, errorId, category, because: inner ?? [] };
}

function printClixml(context: Context, values: readonly PsValue[]): void {
  const namespace = 'http://schemas.microsoft.com/powershell/2004/04';
  context.out(`<Objs Version="1.1.0.1" xmlns="${namespace}">\n`);
  for (const value of values) context.out(`${writeClixml(value)}\n`);
  context.out('</Objs>\n');
}
