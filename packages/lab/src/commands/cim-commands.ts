import {
  type Command,
  CommandFailure,
  type Invocation,
  type Parameter,
} from '@doublehop/powershell/commands/command';
import { toText } from '@doublehop/powershell/objects/text';
import type { PsObject } from '@doublehop/powershell/objects/value';
import type { HostSession } from '../sessions/host-session.ts';
import { ask } from './ask.ts';
import { isDenied, isTold, recordOf, type Telling } from './failures.ts';
import { type CimKind, wmiServiceObject, wmiSystemObject } from './host-objects.ts';
import { COMPUTER_NAME, computersOf } from './query-commands.ts';
import { parseWql, type WqlFilter } from './wql.ts';

type Run = Invocation<HostSession>;

/**
 * Rows of classes of WMI. Another computer is asked by a program of the session, not by the
 * redirector: DCOM and WS-Management are user-mode clients (that DCOM gets no ticket of the broker
 * either is inferred from that).
 */
export const CIM_COMMANDS: readonly Command<HostSession>[] = [
  {
    name: 'Get-WmiObject',
    synopsis: 'Gets instances of Windows Management Instrumentation (WMI) classes.',
    module: 'Microsoft.PowerShell.Management',
    outputTypes: ['System.Management.ManagementObject'],
    parameters: [
      { name: 'Class', type: 'string', position: 0, mandatory: true, aliases: ['ClassName'] },
      ...common(),
    ],
    run: (run) => instances(run, 'wmi', toText(run.bound['Class'] ?? '')),
  },
  {
    name: 'Get-CimInstance',
    synopsis: 'Gets the CIM instances of a class from a CIM server.',
    module: 'CimCmdlets',
    outputTypes: ['Microsoft.Management.Infrastructure.CimInstance'],
    parameters: [{ name: 'ClassName', type: 'string', position: 0, mandatory: true }, ...common()],
    run: (run) => instances(run, 'cim', toText(run.bound['ClassName'] ?? '')),
  },
];

function common(): readonly Parameter[] {
  return [
    { name: 'Filter', type: 'string' },
    { name: 'Namespace', type: 'string', aliases: ['NS'] },
    COMPUTER_NAME,
  ];
}

async function instances(run: Run, kind: CimKind, className: string): Promise<void> {
  const { session, bound, streams } = run;
  const filter = bound['Filter'] === undefined ? everything : parseWql(toText(bound['Filter']));
  const name = className.toLowerCase();
  const known = name === 'win32_service' || name === 'win32_operatingsystem';
  for (const computer of computersOf(run)) {
    try {
      if (!known) throw refusal(kind, 'Invalid class', className);
      if (filter === undefined) throw refusal(kind, 'Invalid query', toText(bound['Filter'] ?? ''));
      for (const row of await rowsOf(session, computer, name, kind)) {
        if (filter(row)) await streams.output(row);
      }
    } catch (error) {
      if (error instanceof CommandFailure) throw error;
      if (!isTold(error)) throw error;
      await streams.error(recordOf(unreachable(kind, computer, error), error));
    }
  }
}

const everything: WqlFilter = () => true;

async function rowsOf(
  session: HostSession,
  computer: string | undefined,
  className: string,
  kind: CimKind,
): Promise<readonly PsObject[]> {
  const name = computer ?? session.host.name;
  if (className === 'win32_operatingsystem') {
    const { booted } = await ask(session, computer, { query: 'status' }, 'in-session');
    return [wmiSystemObject({ name, booted }, kind)];
  }
  const query = { query: 'services', names: [] } as const;
  const services = await ask(session, computer, query, 'in-session');
  return services.map((facts) => wmiServiceObject(facts, name, kind));
}

function classOf(kind: CimKind): { readonly command: string; readonly type: string } {
  return kind === 'wmi'
    ? { command: 'Get-WmiObject', type: 'Microsoft.PowerShell.Commands.GetWmiObjectCommand' }
    : {
        command: 'Get-CimInstance',
        type: 'Microsoft.Management.Infrastructure.CimCmdlets.GetCimInstanceCommand',
      };
}

function refusal(kind: CimKind, what: string, target: string): CommandFailure {
  const { command, type } = classOf(kind);
  return new CommandFailure({
    message: `${what} "${target}"`,
    errorId: `GetWMIManagementException,${type}`,
    category: 'InvalidType',
    exceptionType: 'System.Management.ManagementException',
    activity: command,
    target,
  });
}

function unreachable(kind: CimKind, computer: string | undefined, error: unknown): Telling {
  const { command, type } = classOf(kind);
  const denied = isDenied(error);
  const dcom = denied
    ? 'Access is denied. (Exception from HRESULT: 0x80070005 (E_ACCESSDENIED))'
    : 'The RPC server is unavailable. (Exception from HRESULT: 0x800706BA)';
  const winRm = denied ? 'Access is denied.' : `WinRM cannot reach ${computer ?? 'the computer'}.`;
  const wmiType = denied
    ? 'System.UnauthorizedAccessException'
    : 'System.Runtime.InteropServices.COMException';
  return {
    message: kind === 'wmi' ? dcom : winRm,
    errorId: kind === 'wmi' ? `${wmiType},${type}` : `HRESULT 0x80070005,${type}`,
    category: denied ? 'PermissionDenied' : 'ResourceUnavailable',
    exceptionType: kind === 'wmi' ? wmiType : 'Microsoft.Management.Infrastructure.CimException',
    activity: command,
    target: computer ?? null,
  };
}
