import { isIP } from 'node:net';
import { LabError } from '../errors.ts';
import { MAX_STATE_FILE } from '../limits.ts';
import type { ProcessId } from '../process/process-id.ts';
import { readText, replaceFile } from './files.ts';
import type { LabPaths } from './paths.ts';

/** Where the controller listens; ports that are 0 are not chosen yet. */
export interface ControllerAddress {
  readonly address: string;
  readonly kdcPort: number;
  /** Of the service that changes passwords. */
  readonly kpasswdPort: number;
  readonly ldapPort: number;
  readonly ldapsPort: number;
  /** Of the global catalog, in clear and over TLS. */
  readonly gcPort: number;
  readonly gcsPort: number;
  /** Of the controller of the other domain; absent in a lab that was made without one. */
  readonly otherDomain?: OtherDomainAddress;
}

/** Ports of another domain's controller, at the address of the lab's own. */
export interface OtherDomainAddress {
  /** TCP alone. */
  readonly kdcPort: number;
  readonly ldapPort: number;
}

/** Where the services of a host listen. */
export interface HostAddress {
  readonly name: string;
  readonly address: string;
  /** Of the web service. */
  readonly port: number;
  /** Of the file server. */
  readonly smbPort: number;
  /** Of WinRM, over HTTP and over HTTPS. */
  readonly winRmPort: number;
  readonly winRmTlsPort: number;
}

/** The lab's processes. */
export type ProcessName = 'dc' | 'hosts';

/** What lab.json remembers. */
export interface LabState {
  /** Whether the ports are the well-known ones, which cannot be replaced by others. */
  readonly privilegedPorts: boolean;
  /** Whether the controller takes requests without the checksums that old clients leave out. */
  readonly lenient: boolean;
  readonly controller: ControllerAddress;
  readonly hosts: readonly HostAddress[];
  /** Those that were started and not yet seen to have ended. */
  readonly processes: Readonly<Partial<Record<ProcessName, ProcessId>>>;
}

const VERSION = 4;

/** The lab's state, or undefined where there never was a lab. Throws LabError `state`. */
export async function readState({ state, dir }: LabPaths): Promise<LabState | undefined> {
  const text = await readText(state);
  if (text === undefined) return undefined;
  const parsed = text.length > MAX_STATE_FILE ? undefined : parseState(text);
  if (parsed !== undefined) return parsed;
  throw new LabError('state', `${state} is damaged: end the lab's processes and remove ${dir}`);
}

/** The same where there must be one. Throws LabError `no-lab`. */
export async function needState(paths: LabPaths): Promise<LabState> {
  const state = await readState(paths);
  if (state !== undefined) return state;
  throw new LabError('no-lab', `there is no lab in ${paths.dir}: start one with "lab up"`);
}

/** Replaces lab.json at once. */
export async function writeState({ state }: LabPaths, content: LabState): Promise<void> {
  await replaceFile(state, `${JSON.stringify({ version: VERSION, ...content }, undefined, 2)}\n`);
}

/** Undefined for whatever is not what `writeState` writes. */
export function parseState(text: string): LabState | undefined {
  const value = parseJson(text);
  if (!isRecord(value) || value['version'] !== VERSION) return undefined;
  const { privilegedPorts, lenient, controller, hosts, processes } = value;
  if (typeof privilegedPorts !== 'boolean' || typeof lenient !== 'boolean') return undefined;
  if (!isController(controller) || !Array.isArray(hosts) || !hosts.every(isHost)) return undefined;
  if (!isRecord(processes)) return undefined;
  const { dc, hosts: hostsProcess } = processes;
  if (![dc, hostsProcess].every((one) => one === undefined || isProcessId(one))) return undefined;
  return {
    privilegedPorts,
    lenient,
    controller,
    hosts,
    processes: {
      ...(isProcessId(dc) ? { dc } : {}),
      ...(isProcessId(hostsProcess) ? { hosts: hostsProcess } : {}),
    },
  };
}

/** JSON, or undefined. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Whether a value is an object with names. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What the controller's process reports. */
export function isController(value: unknown): value is ControllerAddress {
  if (!isRecord(value)) return false;
  const { address, kdcPort, kpasswdPort, ldapPort, ldapsPort, gcPort, gcsPort } = value;
  const ports = [kdcPort, kpasswdPort, ldapPort, ldapsPort, gcPort, gcsPort];
  const { otherDomain = { kdcPort: 0, ldapPort: 0 } } = value;
  return isAddress(address) && ports.every(isPort) && isOtherDomain(otherDomain);
}

function isOtherDomain(value: unknown): value is OtherDomainAddress {
  return isRecord(value) && [value['kdcPort'], value['ldapPort']].every(isPort);
}

/** One of what the hosts' process reports. */
export function isHost(value: unknown): value is HostAddress {
  if (!isRecord(value) || typeof value['name'] !== 'string') return false;
  const { address, port, smbPort, winRmPort, winRmTlsPort } = value;
  return isAddress(address) && [port, smbPort, winRmPort, winRmTlsPort].every(isPort);
}

function isProcessId(value: unknown): value is ProcessId {
  if (!isRecord(value)) return false;
  const { pid, started } = value;
  return Number.isSafeInteger(pid) && Number(pid) > 1 && typeof started === 'string';
}

function isAddress(value: unknown): value is string {
  return typeof value === 'string' && isIP(value) !== 0;
}

function isPort(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= 0xffff;
}
