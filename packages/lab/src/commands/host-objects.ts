import type { View } from '@doublehop/powershell/format/view';
import { toText } from '@doublehop/powershell/objects/text';
import { PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import type { Computer, EventFacts, ProcessFacts, ServiceFacts } from '../hosts/computer.ts';
import type { FoundFile } from './files.ts';

/** A time as .NET's DateTime, in UTC. */
export function dateTime(milliseconds: number): Scalar {
  return new Scalar('DateTime', new Date(milliseconds).toISOString());
}

/** System.IO.FileInfo or DirectoryInfo. */
export function fileObject(fullName: string, entry: FoundFile): PsObject {
  const { name, directory, size, attributes, created, accessed, written } = entry;
  const bits = flag(attributes, 1, 'r') + flag(attributes, 2, 'h') + flag(attributes, 4, 's');
  const mode = `${directory ? 'd-' : '-a'}${bits}-`;
  const dot = directory ? -1 : name.lastIndexOf('.');
  return new PsObject({
    typeNames: [
      directory ? 'System.IO.DirectoryInfo' : 'System.IO.FileInfo',
      'System.IO.FileSystemInfo',
      'System.Object',
    ],
    text: fullName,
    adapted: {
      Mode: mode,
      Name: name,
      FullName: fullName,
      ...(directory ? {} : { Length: BigInt(size) }),
      Extension: dot < 0 ? '' : name.slice(dot),
      Exists: true,
      CreationTime: dateTime(created),
      LastAccessTime: dateTime(accessed),
      LastWriteTime: dateTime(written),
    },
    properties: {
      PSPath: `Microsoft.PowerShell.Core\\FileSystem::${fullName}`,
      PSChildName: name,
      PSIsContainer: directory,
    },
  });
}

function flag(attributes: number, bit: number, letter: string): string {
  return (attributes & bit) === 0 ? '-' : letter;
}

/** System.Diagnostics.Process. */
export function processObject(facts: ProcessFacts, machine: string): PsObject {
  const { name, id, session, handles, nonpaged, paged, workingSet, cpu } = facts;
  return new PsObject({
    typeNames: ['System.Diagnostics.Process', 'System.ComponentModel.Component', 'System.Object'],
    text: `System.Diagnostics.Process (${name})`,
    adapted: {
      Id: id,
      ProcessName: name,
      MachineName: machine,
      HandleCount: handles,
      SessionId: session,
      NonpagedSystemMemorySize64: BigInt(nonpaged),
      PagedMemorySize64: BigInt(paged),
      WorkingSet64: BigInt(workingSet),
    },
    properties: {
      Name: name,
      Handles: handles,
      SI: session,
      NPM: BigInt(nonpaged),
      PM: BigInt(paged),
      WS: BigInt(workingSet),
      // Another computer does not tell (Process.TotalProcessorTime).
      CPU: machine === '.' ? new Scalar('Double', cpu) : null,
    },
  });
}

/** System.ServiceProcess.ServiceController. */
export function serviceObject(facts: ServiceFacts, machine: string): PsObject {
  const { name, displayName, running, startMode } = facts;
  return new PsObject({
    typeNames: [
      'System.ServiceProcess.ServiceController',
      'System.ComponentModel.Component',
      'System.Object',
    ],
    text: name,
    adapted: {
      Status: running ? 'Running' : 'Stopped',
      ServiceName: name,
      DisplayName: displayName,
      MachineName: machine,
      StartType: startMode === 'Auto' ? 'Automatic' : startMode,
      CanStop: running,
    },
    properties: { Name: name },
  });
}

/** A row of Win32_Service (its properties as `| fl *` shows them). */
export function wmiServiceObject(facts: ServiceFacts, computer: string, kind: CimKind): PsObject {
  const { name, displayName, running, startMode, startName, pathName, processId } = facts;
  return cimObject('Win32_Service', kind, computer, {
    Name: name,
    Status: 'OK',
    ExitCode: running ? 0 : 1077,
    DisplayName: displayName,
    PathName: pathName,
    ProcessId: processId,
    ServiceType: pathName.includes('svchost') ? 'Share Process' : 'Own Process',
    StartMode: startMode,
    StartName: startName,
    Started: running,
    State: running ? 'Running' : 'Stopped',
    SystemName: computer.toUpperCase(),
  });
}

/** The one row of Win32_OperatingSystem. */
export function wmiSystemObject(
  { name, booted }: Pick<Computer, 'name' | 'booted'>,
  kind: CimKind,
): PsObject {
  return cimObject('Win32_OperatingSystem', kind, name, {
    SystemDirectory: String.raw`C:\Windows\system32`,
    Organization: '',
    BuildNumber: '20348',
    RegisteredUser: 'Windows User',
    Version: '10.0.20348',
    Caption: 'Microsoft Windows Server 2022 Standard',
    CSName: name.toUpperCase(),
    LastBootUpTime: dateTime(booted),
  });
}

/** What made the object: Get-WmiObject or Get-CimInstance. */
export type CimKind = 'wmi' | 'cim';

function cimObject(
  className: string,
  kind: CimKind,
  computer: string,
  properties: Readonly<Record<string, PsValue>>,
): PsObject {
  const base =
    kind === 'wmi'
      ? 'System.Management.ManagementObject'
      : 'Microsoft.Management.Infrastructure.CimInstance';
  const space = kind === 'wmi' ? 'root\\cimv2\\' : 'root/cimv2/';
  return new PsObject({
    typeNames: [`${base}#${space}${className}`, base, 'System.Object'],
    text: `${className}: ${toText(properties['Name'] ?? className)}`,
    adapted: { ...properties, PSComputerName: computer.toUpperCase() },
  });
}

/** System.Diagnostics.EventLogEntry. */
export function eventObject(facts: EventFacts, machine: string, log: string): PsObject {
  const { index, time, entryType, source, instanceId, message } = facts;
  return new PsObject({
    typeNames: [
      `System.Diagnostics.EventLogEntry#${log}/${source}/${instanceId}`,
      'System.Diagnostics.EventLogEntry',
      'System.Object',
    ],
    text: 'System.Diagnostics.EventLogEntry',
    adapted: {
      MachineName: machine,
      Index: index,
      EntryType: entryType,
      Message: message,
      Source: source,
      InstanceId: BigInt(instanceId),
      TimeGenerated: dateTime(time),
      TimeWritten: dateTime(time),
      UserName: null,
    },
    properties: { EventID: instanceId & 0xffff },
  });
}

/** How PowerShell shows these objects when nobody says otherwise. */
export const HOST_VIEWS: readonly View[] = [
  {
    typeName: 'System.IO.FileSystemInfo',
    kind: 'table',
    columns: [
      { label: 'Mode', property: 'Mode' },
      { label: 'LastWriteTime', property: 'LastWriteTime', align: 'right' },
      { label: 'Length', property: 'Length', align: 'right' },
      { label: 'Name', property: 'Name' },
    ],
  },
  {
    typeName: 'System.Diagnostics.Process',
    kind: 'table',
    columns: [
      { label: 'Handles', property: 'Handles', align: 'right' },
      { label: 'NPM(K)', value: kilobytes('NPM'), align: 'right' },
      { label: 'PM(K)', value: kilobytes('PM'), align: 'right' },
      { label: 'WS(K)', value: kilobytes('WS'), align: 'right' },
      { label: 'CPU(s)', value: (object) => seconds(object.get('CPU') ?? null), align: 'right' },
      { label: 'Id', property: 'Id', align: 'right' },
      { label: 'SI', property: 'SI', align: 'right' },
      { label: 'ProcessName', property: 'ProcessName' },
    ],
  },
  {
    typeName: 'System.ServiceProcess.ServiceController',
    kind: 'table',
    columns: [
      { label: 'Status', property: 'Status' },
      { label: 'Name', property: 'Name' },
      { label: 'DisplayName', property: 'DisplayName' },
    ],
  },
  {
    typeName: 'System.Diagnostics.EventLogEntry',
    kind: 'table',
    columns: [
      { label: 'Index', property: 'Index', align: 'right' },
      { label: 'Time', value: (object) => shortTime(object.get('TimeGenerated') ?? null) },
      { label: 'EntryType', property: 'EntryType' },
      { label: 'Source', property: 'Source' },
      { label: 'InstanceID', property: 'InstanceId', align: 'right' },
      { label: 'Message', property: 'Message' },
    ],
  },
  {
    typeName: String.raw`System.Management.ManagementObject#root\cimv2\Win32_Service`,
    kind: 'list',
    columns: columns('ExitCode', 'Name', 'ProcessId', 'StartMode', 'State', 'Status'),
  },
  {
    typeName: 'Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_Service',
    kind: 'table',
    columns: columns('ProcessId', 'Name', 'StartMode', 'State', 'Status', 'ExitCode'),
  },
  {
    typeName: String.raw`System.Management.ManagementObject#root\cimv2\Win32_OperatingSystem`,
    kind: 'list',
    columns: columns('SystemDirectory', 'Organization', 'BuildNumber', 'RegisteredUser', 'Version'),
  },
  {
    typeName: 'Microsoft.Management.Infrastructure.CimInstance#root/cimv2/Win32_OperatingSystem',
    kind: 'table',
    columns: columns('SystemDirectory', 'Organization', 'BuildNumber', 'RegisteredUser', 'Version'),
  },
];

function columns(...names: readonly string[]): View['columns'] {
  return names.map((name) => ({ label: name, property: name }));
}

function kilobytes(property: string): (object: PsObject) => PsValue {
  return (object) => {
    const size = object.get(property);
    return typeof size === 'bigint' || typeof size === 'number'
      ? Math.round(Number(size) / 1024)
      : '';
  };
}

function seconds(value: PsValue): PsValue {
  if (value === null) return '';
  const number = value instanceof Scalar ? Number(value.value) : Number(value);
  return Number.isFinite(number) ? number.toFixed(2) : '';
}

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';

/** `Nov 22 18:05`. */
function shortTime(value: PsValue): PsValue {
  if (!(value instanceof Scalar)) return value;
  const [, month = '1', day = '', clock = ''] =
    /^\d{4}-(\d\d)-(\d\d)T(\d\d:\d\d)/u.exec(String(value.value)) ?? [];
  const at = (Number(month) - 1) * 3;
  return `${MONTHS.slice(at, at + 3)} ${day} ${clock}`;
}
