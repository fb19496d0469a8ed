import type { ChangeOutcome } from '../changes/apply.ts';
import type { AttributeChange } from '../changes/change.ts';
import { JOURNAL_BATCH } from '../limits.ts';
import { formatRecord, type JournalRecord, type RunHeader } from './records.ts';
import type { JournalFile, JournalStore } from './store.ts';

/**
 * Writes the file of one run. What is intended is on the disk before anything is done; outcomes
 * follow as they come. One that is lost with the machine is found out by reading the directory.
 */
export class RunRecorder {
  readonly run: string;
  readonly #file: JournalFile;
  readonly #clock: () => number;
  /** Lines that wait for the write that is under way. */
  #waiting = '';
  #writing: Promise<void> | undefined;
  #failure: unknown;

  private constructor(run: string, file: JournalFile, clock: () => number) {
    this.run = run;
    this.#file = file;
    this.#clock = clock;
  }

  /** Begins a run. Throws AdminError `journal`: then nothing is to be written elsewhere either. */
  static async begin(
    store: JournalStore,
    header: RunHeader,
    { changes, clock }: { readonly changes: readonly AttributeChange[]; clock: () => number },
  ): Promise<RunRecorder> {
    const recorder = new RunRecorder(header.run, await store.create(header.run), clock);
    try {
      await recorder.#file.append(formatRecord({ type: 'run', ...header }));
      await recorder.#intend(changes);
      return recorder;
    } catch (error) {
      await recorder.#file.close();
      throw error;
    }
  }

  /** Goes on with a run that exists; its intents are there. */
  static async resume(
    store: JournalStore,
    run: string,
    { who, controller, clock }: Pick<RunHeader, 'who' | 'controller'> & { clock: () => number },
  ): Promise<RunRecorder> {
    const recorder = new RunRecorder(run, await store.reopen(run), clock);
    // The end of the line that a killed process left; an empty line does no harm.
    await recorder.#file.append('\n');
    recorder.#take({ type: 'resumed', at: clock(), who, controller });
    return recorder;
  }

  /** Notes the outcome of the `n`th change. Never fails: `end` tells what went wrong. */
  outcome(n: number, outcome: ChangeOutcome): void {
    const at = this.#clock();
    if (outcome.state === 'done') this.#take({ type: 'outcome', n, at, state: 'done' });
    if (outcome.state !== 'failed') return;
    const { code, message } = outcome.error;
    const state = code === 'unreachable' ? 'unknown' : 'failed';
    this.#take({ type: 'outcome', n, at, state, code, message });
  }

  /** Everything is on the disk. Throws what went wrong with the file since it was begun. */
  async end(): Promise<void> {
    this.#take({ type: 'end', at: this.#clock() });
    while (this.#writing !== undefined) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
    await this.#file.sync();
  }

  /** Lets go of the file; without `end` before it the run counts as interrupted. */
  async close(): Promise<void> {
    await this.#file.close();
  }

  async #intend(changes: readonly AttributeChange[]): Promise<void> {
    for (let at = 0; at < changes.length; at += JOURNAL_BATCH) {
      const lines = changes
        .slice(at, at + JOURNAL_BATCH)
        .map((change, offset) => formatRecord({ type: 'intent', n: at + offset, change }));
      await this.#file.append(lines.join(''));
    }
    await this.#file.sync();
  }

  #take(record: JournalRecord): void {
    this.#waiting += formatRecord(record);
    this.#writing ??= this.#write();
  }

  async #write(): Promise<void> {
    try {
      while (this.#waiting !== '') {
        const lines = this.#waiting;
        this.#waiting = '';
        await this.#file.append(lines);
      }
    } catch (error) {
      this.#failure ??= error;
      this.#waiting = '';
    } finally {
      this.#writing = undefined;
    }
  }
}
