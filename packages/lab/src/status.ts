import { type LabPaths, labPaths } from './folder/paths.ts';
import { type LabState, needState, type ProcessName } from './folder/state.ts';
import { isRunning } from './process/process-id.ts';
import type { System } from './process/system.ts';
import { CONTOSO, realmOf } from './scenario.ts';
import { probeServices, type ServiceStatus } from './services/services.ts';

/** A lab as it is now. */
export interface LabStatus {
  /** `up`: everything answers; `down`: no process runs; `partly`: neither. */
  readonly state: 'up' | 'partly' | 'down';
  readonly dir: string;
  readonly realm: string;
  readonly processes: readonly ProcessStatus[];
  readonly services: readonly ServiceStatus[];
}

/** One process of the lab. */
export interface ProcessStatus {
  readonly name: ProcessName;
  /** Absent where it does not run. */
  readonly pid?: number;
  readonly log: string;
}

const PROCESSES: readonly ProcessName[] = ['dc', 'hosts'];

/** How the lab is: every service is really asked. Throws LabError `no-lab`. */
export async function labStatus(dir: string, system: System): Promise<LabStatus> {
  const paths = labPaths(dir);
  return statusOf(paths, await needState(paths), system);
}

/** The same for a lab whose state is known. */
export async function statusOf(
  paths: LabPaths,
  state: LabState,
  system: System,
): Promise<LabStatus> {
  const parts = await Promise.all(
    PROCESSES.map(async (name) => {
      const pid = await runningPid(state, name);
      const log = logPath(paths, name);
      const process: ProcessStatus = pid === undefined ? { name, log } : { name, pid, log };
      return { process, services: await probeServices(name, paths, state, CONTOSO, system) };
    }),
  );
  const processes = parts.map(({ process }) => process);
  const services = parts.flatMap((part) => part.services);
  const running = processes.filter(({ pid }) => pid !== undefined).length;
  const complete = running === PROCESSES.length && services.every(({ answers }) => answers);
  return {
    state: complete ? 'up' : running === 0 ? 'down' : 'partly',
    dir: paths.dir,
    realm: realmOf(CONTOSO),
    processes,
    services,
  };
}

/** The log of a process. */
export function logPath({ logs }: LabPaths, name: ProcessName): string {
  return `${logs}/${name}.log`;
}

async function runningPid({ processes }: LabState, name: ProcessName): Promise<number | undefined> {
  const id = processes[name];
  return id !== undefined && (await isRunning(id)) ? id.pid : undefined;
}
