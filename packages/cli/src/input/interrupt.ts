import { EXIT } from '../context.ts';
import { UsageError } from '../errors.ts';

/** Milliseconds that what is still under way gets to end after Ctrl-C. */
const GRACE = 1_000;

/**
 * Does work that Ctrl-C ends: the signal tells it, and nobody waits for it any longer. While work
 * handles Ctrl-C by itself, writes that are under way for one, it is left to do so.
 */
export async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  const interrupted = Promise.withResolvers<never>();
  const onInterrupt = (): void => {
    if (process.listenerCount('SIGINT') > 1) return;
    stop.abort();
    interrupted.reject(new UsageError('interrupted'));
    // A socket that hangs must not keep the terminal.
    setTimeout(() => process.exit(EXIT.error), GRACE).unref();
  };
  process.on('SIGINT', onInterrupt);
  try {
    return await Promise.race([work(stop.signal), interrupted.promise]);
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}
