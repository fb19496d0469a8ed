import { LabError, messageOf } from './errors.ts';
import { stopAll } from './down.ts';
import { type AddressOptions, chooseAddresses } from './folder/addresses.ts';
import { makeFolders, replaceFile } from './folder/files.ts';
import { labKrb5Conf } from './folder/krb5-conf.ts';
import { withLock } from './folder/lock.ts';
import { type LabPaths, labPaths } from './folder/paths.ts';
import {
  isController,
  isHost,
  type LabState,
  type ProcessName,
  readState,
  writeState,
} from './folder/state.ts';
import { type Daemon, startDaemon } from './process/daemon.ts';
import { endProcess, isRunning } from './process/process-id.ts';
import type { System } from './process/system.ts';
import { CONTOSO } from './scenario.ts';
import { probeServices } from './services/services.ts';
import { type LabStatus, logPath, statusOf } from './status.ts';

/** What `lab up` is told. */
export interface LabUpOptions extends AddressOptions, System {
  readonly dir: string;
  /**
   * The program that runs the lab's processes; `dc --dir DIR` or `hosts --dir DIR` are added, for
   * which it calls `runDcProcess` or `runHostsProcess`.
   */
  readonly command: readonly string[];
  /** Take requests of clients that leave out the checksums which bind them to their sender. */
  readonly lenient?: boolean | undefined;
  readonly onProgress?: ((progress: LabProgress) => void) | undefined;
}

/** Told while a lab starts. */
export interface LabProgress {
  readonly step: 'starting' | 'restarting' | 'answers' | 'stopping';
  readonly process: ProcessName;
  /** Milliseconds since the command began. */
  readonly after: number;
}

/** What came of it. */
export interface LabUp {
  /** Whether everything answered already, so that nothing was done. */
  readonly already: boolean;
  readonly status: LabStatus;
  /** Milliseconds. */
  readonly took: number;
}

/**
 * Starts a lab, or what is missing of it; resolves when every service answers. Where that fails,
 * what was started is stopped again. Throws LabError `usage`, `address`, `busy`, `start-failed`.
 */
export async function labUp(options: LabUpOptions): Promise<LabUp> {
  const paths = labPaths(options.dir);
  const began = performance.now();
  // Bad options must not leave a folder behind.
  chooseAddresses(CONTOSO, options);
  await makeFolders(paths);
  return withLock(paths.lock, async () => {
    const start = new Start(paths, options, began);
    const state = await start.prepare();
    const { status, already } = await start.run(state);
    return { already, status, took: Math.round(performance.now() - began) };
  });
}

/** One run of `lab up`, with the lock held. */
class Start {
  readonly #paths: LabPaths;
  readonly #options: LabUpOptions;
  readonly #began: number;
  readonly #started: Daemon[] = [];

  constructor(paths: LabPaths, options: LabUpOptions, began: number) {
    this.#paths = paths;
    this.#options = options;
    this.#began = began;
  }

  /** The state to start from: the remembered one, or a new one where other options are given. */
  async prepare(): Promise<LabState> {
    const { address, privilegedPorts, lenient } = this.#options;
    const present = await readState(this.#paths);
    const fresh = { lenient: lenient === true, ...chooseAddresses(CONTOSO, this.#options) };
    if (present === undefined) return { ...fresh, processes: {} };
    const asBefore =
      (address ?? present.controller.address) === present.controller.address &&
      (privilegedPorts ?? present.privilegedPorts) === present.privilegedPorts &&
      (lenient ?? present.lenient) === present.lenient;
    if (asBefore) return present;
    for (const id of Object.values(present.processes)) {
      if (await isRunning(id)) {
        throw new LabError(
          'usage',
          'the lab already runs with other addresses or settings: "lab down" first',
        );
      }
    }
    return {
      lenient: lenient ?? present.lenient,
      ...chooseAddresses(CONTOSO, {
        address,
        privilegedPorts: privilegedPorts ?? present.privilegedPorts,
      }),
      processes: {},
    };
  }

  async run(before: LabState): Promise<{ readonly already: boolean; readonly status: LabStatus }> {
    const missing = await this.#missing(before);
    if (missing.length === 0) {
      return { already: true, status: await statusOf(this.#paths, before, this.#options) };
    }
    let state = before;
    try {
      await writeState(this.#paths, state);
      // All load their programs at the same time; the hosts begin when the controller is there.
      for (const name of missing) this.#started.push(await this.#spawn(name, state));
      for (const daemon of this.#started) state = await this.#begin(daemon, state);
      const status = await statusOf(this.#paths, state, this.#options);
      if (status.state !== 'up') throw new LabError('start-failed', silence(status));
      for (const daemon of this.#started) daemon.release();
      return { already: false, status };
    } catch (error) {
      await this.#undo(state);
      throw error;
    }
  }

  /** The processes that do not run, or do not answer. */
  async #missing(state: LabState): Promise<readonly ProcessName[]> {
    const missing: ProcessName[] = [];
    for (const name of ['dc', 'hosts'] as const) {
      const id = state.processes[name];
      const running = id !== undefined && (await isRunning(id));
      const healthy = running && (await this.#answers(name, state));
      // Hosts of a controller that is elsewhere now would look for it in vain.
      if (!healthy) missing.push(name);
    }
    return missing;
  }

  async #answers(name: ProcessName, state: LabState): Promise<boolean> {
    const services = await probeServices(name, this.#paths, state, CONTOSO, this.#options);
    return services.every(({ answers }) => answers);
  }

  async #spawn(name: ProcessName, { processes }: LabState): Promise<Daemon> {
    const { command } = this.#options;
    const { dir } = this.#paths;
    const former = processes[name];
    if (former !== undefined) await endProcess(former);
    this.#tell(former === undefined ? 'starting' : 'restarting', name);
    return startDaemon({ name, command, dir, log: logPath(this.#paths, name) });
  }

  /** Lets a process begin, and notes what it reports for the next one and for everybody else. */
  async #begin(daemon: Daemon, before: LabState): Promise<LabState> {
    const { name, id } = daemon;
    const report = await daemon.begin();
    let state: LabState = { ...before, processes: { ...before.processes, [name]: id } };
    if (name === 'dc' && isController(report)) {
      await this.#followController(before, report);
      state = { ...state, controller: report };
    } else if (name === 'hosts' && Array.isArray(report) && report.every(isHost)) {
      state = { ...state, hosts: report };
    } else {
      throw new LabError('start-failed', `the process "${name}" is of another version`);
    }
    await writeState(this.#paths, state);
    this.#tell('answers', name);
    return state;
  }

  /** The clients' configuration; hosts that still run read it when they start only. */
  async #followController(
    { controller: former }: LabState,
    controller: LabState['controller'],
  ): Promise<void> {
    await replaceFile(this.#paths.krb5Conf, labKrb5Conf(CONTOSO, this.#paths, controller), 0o644);
    const hostsRun = this.#started.every(({ name }) => name !== 'hosts');
    if (hostsRun && former.kdcPort !== controller.kdcPort) {
      throw new LabError(
        'address',
        `port ${former.kdcPort} of the KDC was taken by another program while it was down, and ` +
          'the hosts still ask there: "lab down", then "lab up"',
      );
    }
  }

  async #undo(state: LabState): Promise<void> {
    for (const daemon of this.#started.reverse()) {
      this.#tell('stopping', daemon.name);
      await daemon.stop();
    }
    const rest = Object.entries(state.processes).filter(
      ([name]) => !this.#started.some((daemon) => daemon.name === name),
    );
    const kept = { ...state, processes: Object.fromEntries(rest) };
    await writeState(this.#paths, kept).catch((error: unknown) => {
      // The folder may be what failed in the first place.
      throw new LabError('state', `lab.json cannot be written: ${messageOf(error)}`);
    });
    if (rest.length === 0) await stopAll(this.#paths, kept);
  }

  #tell(step: LabProgress['step'], process: ProcessName): void {
    const after = Math.round(performance.now() - this.#began);
    this.#options.onProgress?.({ step, process, after });
  }
}

function silence({ services }: LabStatus): string {
  const silent = services.filter(({ answers }) => !answers);
  const lines = silent.map(({ name, address, problem = '' }) => `${name} ${address}: ${problem}`);
  return `not every service answers: ${lines.join('; ')}`;
}
