import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Command,
  CommandFailure,
  failure,
  type Invocation,
} from '@doublehop/powershell/commands/command';
import { toText } from '@doublehop/powershell/objects/text';
import { RESTART_LOOK, RESTART_WAIT } from '../limits.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { ask } from './ask.ts';
import { isDenied, isTold, recordOf } from './failures.ts';
import { dateTime } from './host-objects.ts';
import { isOwnHost } from './paths.ts';
import { computersOf } from './query-commands.ts';

type Run = Invocation<HostSession>;

/** What somebody does with a computer as a whole, and with the time. */
export const MACHINE_COMMANDS: readonly Command<HostSession>[] = [
  {
    name: 'Restart-Computer',
    synopsis: 'Restarts the operating system on local and remote computers.',
    module: 'Microsoft.PowerShell.Management',
    parameters: [
      {
        name: 'ComputerName',
        type: 'string',
        many: true,
        position: 0,
        aliases: ['CN', '__SERVER', 'Server', 'IPAddress'],
        fromProperty: true,
      },
      { name: 'Force', type: 'switch', aliases: ['f'] },
      { name: 'Wait', type: 'switch' },
      { name: 'For', type: 'string', validateSet: ['Wmi', 'WinRM', 'PowerShell'] },
      { name: 'Timeout', type: 'int', aliases: ['TimeoutSec'] },
      { name: 'Delay', type: 'int' },
      { name: 'Protocol', type: 'string', validateSet: ['DCOM', 'WSMan'] },
    ],
    run: restartComputers,
  },
  {
    name: 'Get-Date',
    synopsis: 'Gets the current date and time.',
    module: 'Microsoft.PowerShell.Utility',
    outputTypes: ['System.DateTime'],
    parameters: [{ name: 'Format', type: 'string' }],
    run: async ({ session, bound, streams }) => {
      const now = session.host.system.clock();
      const format = bound['Format'];
      const text = format === undefined ? undefined : formatDate(now, toText(format));
      await streams.output(text ?? dateTime(now));
    },
  },
  {
    name: 'Start-Sleep',
    synopsis: 'Suspends the activity in a script or session for the specified period of time.',
    module: 'Microsoft.PowerShell.Utility',
    parameters: [
      { name: 'Seconds', type: 'object', position: 0, mandatory: true, sets: ['Seconds'] },
      {
        name: 'Milliseconds',
        type: 'int',
        mandatory: true,
        aliases: ['m'],
        sets: ['Milliseconds'],
      },
    ],
    defaultSet: 'Seconds',
    run: async ({ bound, signal }) => {
      const { Seconds: seconds, Milliseconds: milliseconds } = bound;
      const wait = typeof milliseconds === 'number' ? milliseconds : 1000 * Number(seconds ?? 0);
      if (!Number.isFinite(wait) || wait < 0 || wait > MAX_SLEEP) throw invalidSleep();
      await pause(wait, signal);
    },
  },
];

/** The longest time that Start-Sleep takes: 2147483 seconds. */
const MAX_SLEEP = 2_147_483_000;

async function restartComputers(run: Run): Promise<void> {
  const { session, bound, streams } = run;
  for (const computer of computersOf(run)) {
    try {
      await restart(run, computer);
    } catch (error) {
      if (!isTold(error)) throw error;
      const denied = isDenied(error);
      const name = computer ?? session.host.name;
      const why = denied
        ? 'Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))'
        : 'The RPC server is unavailable. (Exception from HRESULT: 0x800706BA)';
      await streams.error(
        recordOf(
          {
            message:
              `Failed to restart the computer ${name} with the following error message: ` +
              `${why}.`,
            errorId: 'RestartcomputerFailed,Microsoft.PowerShell.Commands.RestartComputerCommand',
            category: 'OperationStopped',
            exceptionType: 'System.InvalidOperationException',
            activity: 'Restart-Computer',
            target: name,
          },
          error,
        ),
      );
    }
  }
  if (bound['For'] !== undefined && bound['Wait'] !== true) {
    await streams.warning('-For means nothing without -Wait.');
  }
}

async function restart(run: Run, computer: string | undefined): Promise<void> {
  const { session, bound, signal, streams } = run;
  const own = computer === undefined || isOwnHost(session, computer);
  if (own && bound['Wait'] === true) {
    const name = computer ?? 'localhost';
    throw new CommandFailure({
      message: `The local computer cannot be waited for: it would end this session (${name}).`,
      errorId: 'CannotWaitLocalComputer,Microsoft.PowerShell.Commands.RestartComputerCommand',
      category: 'InvalidOperation',
      exceptionType: 'System.InvalidOperationException',
      activity: 'Restart-Computer',
      target: name,
    });
  }
  await ask(session, computer, { query: 'restart' });
  if (own || bound['Wait'] !== true) return;
  const seconds = bound['Timeout'];
  const waits = typeof seconds === 'number' && seconds >= 0 ? seconds * 1000 : RESTART_WAIT;
  const ends = performance.now() + waits;
  const progress = { activity: 'Restarting computers', activityId: 1, secondsRemaining: -1 };
  const word = { ...progress, percentComplete: -1, completed: false };
  await streams.progress({ ...word, statusDescription: `Waiting for ${computer}` });
  while (!(await isBack(session, computer))) {
    if (performance.now() > ends) {
      throw failure(
        `${computer} did not come back in time.`,
        'RestartComputerTimeout',
        'OperationTimeout',
      );
    }
    await pause(RESTART_LOOK, signal);
  }
  await streams.progress({ ...word, statusDescription: `${computer} is back`, completed: true });
}

async function isBack(session: HostSession, computer: string): Promise<boolean> {
  try {
    const { running } = await ask(session, computer, { query: 'status' });
    return running.includes('WinRM');
  } catch (error) {
    if (isTold(error)) return false;
    throw error;
  }
}

/** Waits; ends with the signal's reason when the pipeline is stopped. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}

/** A time by a format string of .NET, in UTC: `s`, `o`, `yyyy-MM-dd HH:mm:ss`. */
function formatDate(milliseconds: number, format: string): string {
  const iso = new Date(milliseconds).toISOString();
  const [date = '', time = ''] = iso.slice(0, 19).split('T');
  const standard = new Map([
    ['s', `${date}T${time}`],
    ['o', iso],
    ['u', `${date} ${time}Z`],
  ]);
  const [year = '', month = '', day = ''] = date.split('-');
  const [hours = '', minutes = '', seconds = ''] = time.split(':');
  const parts: Readonly<Record<string, string>> = {
    yyyy: year,
    yy: year.slice(2),
    MM: month,
    dd: day,
    HH: hours,
    mm: minutes,
    ss: seconds,
    fff: iso.slice(20, 23),
  };
  return (
    standard.get(format) ??
    format.replaceAll(/yyyy|yy|MM|dd|HH|mm|ss|fff/gu, (word) => parts[word] ?? '')
  );
}

function invalidSleep(): CommandFailure {
  return new CommandFailure({
    message: "Cannot validate argument on parameter 'Seconds'. The argument is out of range.",
    errorId: 'ParameterArgumentValidationError,Microsoft.PowerShell.Commands.StartSleepCommand',
    category: 'InvalidData',
    exceptionType: 'System.Management.Automation.ParameterBindingValidationException',
    activity: 'Start-Sleep',
    target: null,
  });
}
