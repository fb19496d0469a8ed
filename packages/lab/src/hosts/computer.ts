import { createHash } from 'node:crypto';
import type { ShareTree } from '@doublehop/smb/tree/share-tree';
import { fullName, type Scenario } from '../scenario.ts';
import { systemDrive } from './drive.ts';

/** A process as Get-Process tells of it. Sizes in octets. */
export interface ProcessFacts {
  readonly name: string;
  readonly id: number;
  readonly session: number;
  readonly handles: number;
  readonly nonpaged: number;
  readonly paged: number;
  readonly workingSet: number;
  /** Seconds of processor time. */
  readonly cpu: number;
}

/** A service as Get-Service and Win32_Service tell of it. */
export interface ServiceFacts {
  readonly name: string;
  readonly displayName: string;
  readonly running: boolean;
  readonly startMode: 'Auto' | 'Manual' | 'Disabled';
  /** Account that it runs as: `NT AUTHORITY\NetworkService`. */
  readonly startName: string;
  readonly pathName: string;
  /** 0 where it does not run. */
  readonly processId: number;
}

/** One entry of an event log. */
export interface EventFacts {
  readonly index: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly entryType: 'Information' | 'Warning' | 'Error';
  readonly source: string;
  readonly instanceId: number;
  readonly message: string;
}

/** What is on a computer; the same for a name and a time of start, whenever it is asked. */
export interface Computer {
  readonly name: string;
  /** `serverc.contoso.com`. */
  readonly dnsName: string;
  /** Milliseconds since 1970: when it started. */
  readonly booted: number;
  readonly processes: readonly ProcessFacts[];
  readonly services: readonly ServiceFacts[];
  /** Event logs by name, newest entry first. */
  readonly logs: Readonly<Record<string, readonly EventFacts[]>>;
  /** `C:\`. */
  readonly drive: ShareTree;
}

/** The computer of a name, started at `booted`. */
export function makeComputer(scenario: Scenario, name: string, booted: number): Computer {
  const vary = variation(name);
  const services = SERVICES.map(([service, displayName, startName, startMode, host]) => {
    const running = startMode === 'Auto';
    return {
      name: service,
      displayName,
      running,
      startMode,
      startName,
      pathName: host,
      processId: running ? 600 + 4 * vary(service, 600) : 0,
    };
  });
  const dnsName = fullName(scenario, name);
  return {
    name,
    dnsName,
    booted,
    processes: processesOf(services, vary),
    services,
    logs: { System: systemLog(booted, vary), Application: [], Security: [] },
    drive: systemDrive(scenario, name, booted),
  };
}

/** A number below `bound` that hangs on the computer and on what it is for, and on nothing else. */
type Vary = (about: string, bound: number) => number;

function variation(name: string): Vary {
  return (about, bound) => {
    const digest = createHash('sha256').update(`${name.toUpperCase()}\0${about}`).digest();
    return digest.readUInt32BE(0) % bound;
  };
}

const SVCHOST = String.raw`C:\Windows\System32\svchost.exe -k`;
const SYSTEM = 'LocalSystem';
const NETWORK = String.raw`NT AUTHORITY\NetworkService`;
const LOCAL = String.raw`NT AUTHORITY\LocalService`;

/** Name, display name, account, start mode, program. */
const SERVICES: readonly (readonly [string, string, string, ServiceFacts['startMode'], string])[] =
  [
    ['Appinfo', 'Application Information', SYSTEM, 'Manual', `${SVCHOST} netsvcs -p`],
    ['CryptSvc', 'Cryptographic Services', NETWORK, 'Auto', `${SVCHOST} NetworkService -p`],
    ['Dhcp', 'DHCP Client', LOCAL, 'Auto', `${SVCHOST} LocalServiceNetworkRestricted -p`],
    ['Dnscache', 'DNS Client', NETWORK, 'Auto', `${SVCHOST} NetworkService -p`],
    ['EventLog', 'Windows Event Log', LOCAL, 'Auto', `${SVCHOST} LocalServiceNetworkRestricted -p`],
    ['LanmanServer', 'Server', SYSTEM, 'Auto', `${SVCHOST} smbsvcs`],
    ['LanmanWorkstation', 'Workstation', NETWORK, 'Auto', `${SVCHOST} NetworkService -p`],
    ['Netlogon', 'Netlogon', SYSTEM, 'Auto', String.raw`C:\Windows\system32\lsass.exe`],
    ['RemoteRegistry', 'Remote Registry', LOCAL, 'Manual', `${SVCHOST} localService -p`],
    ['Schedule', 'Task Scheduler', SYSTEM, 'Auto', `${SVCHOST} netsvcs -p`],
    ['Spooler', 'Print Spooler', SYSTEM, 'Disabled', String.raw`C:\Windows\System32\spoolsv.exe`],
    ['W32Time', 'Windows Time', LOCAL, 'Auto', `${SVCHOST} LocalService`],
    ['W3SVC', 'World Wide Web Publishing Service', SYSTEM, 'Auto', `${SVCHOST} iissvcs`],
    [
      'WinRM',
      'Windows Remote Management (WS-Management)',
      NETWORK,
      'Auto',
      `${SVCHOST} NetworkService -p`,
    ],
  ];

/** Processes that are no services, with the session they are in. */
const PROCESSES: readonly (readonly [name: string, session: number])[] = [
  ['csrss', 0],
  ['csrss', 1],
  ['dwm', 1],
  ['fontdrvhost', 0],
  ['LogonUI', 1],
  ['lsass', 0],
  ['services', 0],
  ['smss', 0],
  ['wininit', 0],
  ['winlogon', 1],
];

function processesOf(services: readonly ServiceFacts[], vary: Vary): readonly ProcessFacts[] {
  const fixed: ProcessFacts[] = [
    processFacts('Idle', 0, 0, vary),
    processFacts('System', 4, 0, vary),
  ];
  const others = PROCESSES.map(([name, session]) =>
    processFacts(name, 300 + 4 * vary(`${name}${session}`, 75), session, vary),
  );
  const hosts = services
    .filter(({ running, pathName }) => running && pathName.startsWith(SVCHOST))
    .map(({ processId }) => processFacts('svchost', processId, 0, vary));
  return [...fixed, ...others, ...hosts].toSorted(
    (a, b) => compareNames(a.name, b.name) || a.id - b.id,
  );
}

function processFacts(name: string, id: number, session: number, vary: Vary): ProcessFacts {
  const about = `${name}${id}`;
  const kilo = (what: string, least: number, span: number): number =>
    1024 * (least + vary(about + what, span));
  return {
    name,
    id,
    session,
    handles: 50 + vary(`${about}handles`, 900),
    nonpaged: kilo('nonpaged', 5, 30),
    paged: kilo('paged', 900, 20_000),
    workingSet: kilo('working', 3_000, 40_000),
    cpu: vary(`${about}cpu`, 2_000) / 100,
  };
}

function compareNames(a: string, b: string): number {
  const [left, right] = [a.toLowerCase(), b.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Seconds after the start, type, source, instance, message. */
const BOOT_EVENTS: readonly (readonly [number, EventFacts['entryType'], string, number, string])[] =
  [
    [0, 'Information', 'EventLog', 2_147_489_653, 'The Event log service was started.'],
    [
      0,
      'Information',
      'EventLog',
      2_147_489_657,
      'Microsoft (R) Windows (R) 10.00. 20348  Multiprocessor Free.',
    ],
    [1, 'Information', 'Microsoft-Windows-Kernel-General', 12, 'The operating system started.'],
    [4, 'Information', 'NETLOGON', 5_719, 'A secure channel to the domain controller was set up.'],
    [
      5,
      'Information',
      'Microsoft-Windows-WinRM',
      10_148,
      'The WinRM service is listening for WS-Management requests.',
    ],
    [
      6,
      'Information',
      'Service Control Manager',
      1_073_748_860,
      'The Windows Remote Management (WS-Management) service entered the running state.',
    ],
    [
      9,
      'Warning',
      'Microsoft-Windows-Time-Service',
      134,
      'NtpClient was unable to set a manual peer to use as a time source. It tries again.',
    ],
    [
      15,
      'Information',
      'Microsoft-Windows-Time-Service',
      35,
      'The time service is now synchronizing the system time with the domain controller.',
    ],
  ];

function systemLog(booted: number, vary: Vary): readonly EventFacts[] {
  const first = 1_000 + vary('events', 4_000);
  return BOOT_EVENTS.map(([after, entryType, source, instanceId, message], place) => ({
    index: first + place,
    time: booted + after * 1_000,
    entryType,
    source,
    instanceId,
    message,
  })).toReversed();
}
