/** Ctrl-C was pressed. */
export class Interrupted extends Error {
  constructor() {
    super('interrupted');
    this.name = 'UsageError';
  }
}

/** Does work that Ctrl-C stops, here and on the other side; a second Ctrl-C ends the process. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort(new Interrupted());
  process.once('SIGINT', stop).once('SIGTERM', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop);
  }
}
