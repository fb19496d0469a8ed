import { STOP_WAIT } from '../limits.ts';
import type { Timer } from '../wsman/output-queue.ts';

/**
 * Waits for work that was told to stop, and not for ever: a command that does not heed its signal
 * keeps nobody logged on.
 */
export async function stoppedWork(
  work: readonly Promise<unknown>[],
  timer: Timer | undefined,
): Promise<void> {
  const ended = Promise.allSettled(work);
  if (timer === undefined || work.length === 0) {
    await ended;
    return;
  }
  const late = Promise.withResolvers<void>();
  const cancel = timer(STOP_WAIT, () => late.resolve());
  await Promise.race([ended, late.promise]);
  cancel();
}
