import type { Context } from '../context.ts';

/** A line on the terminal that tells how far the work is; nothing where there is no terminal. */
export interface Progress {
  update(done: number): void;
  /** Wipes the line away. */
  end(): void;
}

/** Milliseconds between two updates. */
const INTERVAL = 100;

/** `total` absent: not known yet. */
export function startProgress(context: Context, what: string, total?: number): Progress {
  if (!context.errIsTerminal) return { update: () => undefined, end: () => undefined };
  const start = context.clock();
  let shown = 0;
  return {
    update(done) {
      const now = context.clock();
      if (now - shown < INTERVAL && done !== total) return;
      shown = now;
      context.err(`\r\u001B[K${describe(what, { done, total, elapsed: now - start })}`);
    },
    end: () => context.err('\r\u001B[K'),
  };
}

interface State {
  readonly done: number;
  readonly total: number | undefined;
  /** Milliseconds. */
  readonly elapsed: number;
}

/** Milliseconds before which a rate says nothing. */
const SETTLED = 1000;

/** `120/5000 targets, 340/s, 14 s left`. */
export function describe(what: string, { done, total, elapsed }: State): string {
  const rate = elapsed < SETTLED ? 0 : (done * 1000) / elapsed;
  const speed = rate === 0 ? '' : `, ${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s`;
  if (total === undefined) return `${done} ${what}${speed}`;
  const left = rate === 0 ? '' : `, ${duration((total - done) / rate)} left`;
  return `${done}/${total} ${what}${speed}${left}`;
}

function duration(seconds: number): string {
  return seconds < 120 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`;
}
