import { CommandFailure } from '@doublehop/powershell/commands/command';
import { isComplete } from '@doublehop/powershell/language/parse';
import { HOST_VIEWS } from '@doublehop/lab/commands/host-objects';
import { REMOTING_VIEWS } from '@doublehop/lab/console/views';
import { connectionRecord, isConnectionError } from '@doublehop/lab/console/connection-error';
import type { RemoteHost, RemoteSession } from '@doublehop/remoting/client/remote-session';
import { Command } from 'commander';
import { type Context, EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';
import {
  addConnectionOptions,
  type ConnectionOptions,
  connectionOf,
} from '../remoting/connection.ts';
import { INTERRUPTED, type LineReader, openLines } from '../remoting/line-reader.ts';
import { Interrupted } from '../remoting/interrupt.ts';
import { requestOf } from '../remoting/request.ts';
import { exitCodeOf, openScreen, widthOf } from '../remoting/show.ts';

/** `doublehop enter`: an interactive session on another computer. */
export function command(context: Context): Command {
  const enter = new Command('enter')
    .description(
      'Work on a computer line by line, by PowerShell remoting. A line that is not finished goes ' +
        'on; Ctrl-C stops what runs over there; exit or Ctrl-D leaves.',
    )
    .argument('<computer>', 'such as ServerB');
  return addConnectionOptions(enter)
    .addHelpText('after', EXAMPLES)
    .action(async (computer: string, options: ConnectionOptions) => {
      await run(context, computer, options);
    });
}

const EXAMPLES = String.raw`
Examples:
  $ doublehop enter ServerB
  [ServerB]: PS> Test-Path \\ServerC\C$
  $ doublehop enter ServerB --auth credssp --credential 'CONTOSO\alice'`;

async function run(context: Context, computer: string, options: ConnectionOptions): Promise<void> {
  if (options.passwordFile === '-') {
    throw new UsageError('--password-file -: standard input has the commands; name a file');
  }
  let lines: LineReader | undefined;
  let running: AbortController | undefined;
  const host: RemoteHost = {
    width: widthOf(context),
    height: 50,
    readLine: async () => (await lines?.next('')) ?? '',
    readSecret: async (prompt) => (await lines?.nextSecret(`${prompt}: `)) ?? '',
    write: context.out,
  };
  const { connect, targetOf } = await connectionOf(context, options, host);
  const session = await connect(targetOf(computer)).catch((error: unknown) => {
    if (!isConnectionError(error)) throw error;
    const screen = openScreen(context, []);
    screen.showError(connectionRecord(computer, error, 'CreateRemoteRunspaceFailed'));
    context.exitCode = exitCodeOf([connectionRecord(computer, error)]);
  });
  if (session === undefined) return;
  const opened = openLines(context, () => {
    running?.abort(new Interrupted());
    return running !== undefined;
  });
  lines = opened;
  try {
    for (;;) {
      const text = await readCommand(opened, `[${computer}]: PS> `);
      if (text === undefined || /^\s*(?:exit|exit-pssession)\s*$/iu.test(text)) return;
      if (text.trim() === '') continue;
      running = new AbortController();
      const goesOn = await runLine(context, session, text, running.signal);
      running = undefined;
      if (!goesOn) return;
    }
  } finally {
    opened.close();
    await session.close().catch(() => undefined);
  }
}

/** A command of one line or, while it is not finished, of several. */
async function readCommand(lines: LineReader, prompt: string): Promise<string | undefined> {
  let text: string | undefined;
  for (;;) {
    const line = await lines.next(text === undefined ? prompt : '>> ');
    if (line === INTERRUPTED) {
      text = undefined;
      continue;
    }
    if (line === undefined) return text;
    text = text === undefined ? line : `${text}\n${line}`;
    // An empty line ends what nobody can finish any more.
    if (isComplete(text) || line === '') return text;
  }
}

/** Runs a command and shows what comes; false: the session is no more. */
async function runLine(
  context: Context,
  session: RemoteSession,
  text: string,
  signal: AbortSignal,
): Promise<boolean> {
  const { computer } = session;
  const screen = openScreen(context, [...HOST_VIEWS, ...REMOTING_VIEWS]);
  try {
    await session.run(requestOf(text, 'console'), { streams: screen.streams, signal });
  } catch (error) {
    if (error instanceof CommandFailure) screen.showError(error.record);
    else if (error instanceof UsageError) context.err(`${error.message}\n`);
    else if (isConnectionError(error)) {
      screen.showError(connectionRecord(computer, error));
      context.exitCode = EXIT.error;
      return false;
    } else if (!signal.aborted) throw error;
  } finally {
    screen.end();
  }
  return true;
}
