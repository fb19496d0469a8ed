import { rm } from 'node:fs/promises';
import { withLock } from './folder/lock.ts';
import { type LabPaths, labPaths } from './folder/paths.ts';
import {
  type LabState,
  needState,
  type ProcessName,
  readState,
  writeState,
} from './folder/state.ts';
import { endProcess, type Ending } from './process/process-id.ts';

/** What stopping found. */
export interface LabDown {
  readonly dir: string;
  /** How each process that was still remembered came to its end. */
  readonly endings: Readonly<Partial<Record<ProcessName, Ending>>>;
}

/**
 * Ends every process of the lab, and with them its ports; the domain's data stay for the next
 * start. A lab that is down already is left as it is. Throws LabError `no-lab`, `busy`,
 * `stop-failed`.
 */
export async function labDown(dir: string): Promise<LabDown> {
  const paths = labPaths(dir);
  await needState(paths);
  return withLock(paths.lock, async () => {
    const state = await readState(paths);
    return { dir: paths.dir, endings: state === undefined ? {} : await stopAll(paths, state) };
  });
}

/** Ends the processes of a lab whose lock is held; hosts first, for they need the controller. */
export async function stopAll(paths: LabPaths, state: LabState): Promise<LabDown['endings']> {
  const endings: Partial<Record<ProcessName, Ending>> = {};
  for (const name of ['hosts', 'dc'] as const) {
    const id = state.processes[name];
    if (id !== undefined) endings[name] = await endProcess(id);
  }
  await rm(paths.hostsSocket, { force: true });
  await writeState(paths, { ...state, processes: {} });
  return endings;
}
