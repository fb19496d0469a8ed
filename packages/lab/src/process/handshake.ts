import { type LabErrorCode, LabError, messageOf } from '../errors.ts';
import { isRecord } from '../folder/state.ts';
import { watchFolder } from './folder-watch.ts';

/** What the starting command says: work may begin; the process may stay. */
export interface Order {
  readonly kind: 'begin' | 'stay';
}

/** What a process of the lab reports. */
export type Report =
  | { readonly kind: 'ready'; readonly value: unknown }
  | { readonly kind: 'failed'; readonly code: LabErrorCode; readonly message: string };

/** Something that runs until it is closed. */
export interface Service {
  /** What the starting command has to know of it. */
  readonly report: unknown;
  close(): Promise<void>;
}

/**
 * The life of a process of the lab: waits to begin, opens its service, reports, and serves until
 * SIGTERM or SIGINT, or until the lab's folder is gone. Without a starting command (no channel) it
 * begins at once, in the foreground. Resolves when the service is closed; throws what `open`
 * throws.
 */
export async function serve(dir: string, open: () => Promise<Service>): Promise<void> {
  const folder = watchFolder(dir);
  try {
    await live(open, Promise.race([untilSignal(), folder.gone.then(() => 'end' as const)]));
  } finally {
    folder.stop();
    // An open channel would keep the process alive.
    if (process.connected) process.disconnect?.();
  }
}

async function live(open: () => Promise<Service>, ending: Promise<'end'>): Promise<void> {
  const orders = ordersOf();
  const begun = await Promise.race([orders.begin, ending]);
  if (begun === 'end') return;
  let service: Service;
  try {
    service = await open();
  } catch (error) {
    const code = error instanceof LabError ? error.code : 'start-failed';
    await report({ kind: 'failed', code, message: messageOf(error) });
    throw error;
  }
  try {
    await report({ kind: 'ready', value: service.report });
    // A command that dies before it says so leaves a lab that nobody knows of: it must go too.
    const stays = await Promise.race([orders.stay, ending]);
    if (stays === 'stay') await ending;
  } finally {
    await service.close();
  }
}

/** Whether a message is one of {@link Report}. */
export function isReport(message: unknown): message is Report {
  if (!isRecord(message)) return false;
  const { kind, code, message: text } = message;
  if (kind === 'ready') return 'value' in message;
  return kind === 'failed' && typeof code === 'string' && typeof text === 'string';
}

interface Orders {
  readonly begin: Promise<'begin' | 'end'>;
  readonly stay: Promise<'stay' | 'end'>;
}

function ordersOf(): Orders {
  if (process.send === undefined) {
    return { begin: Promise.resolve('begin'), stay: Promise.resolve('stay') };
  }
  const begin = Promise.withResolvers<'begin' | 'end'>();
  const stay = Promise.withResolvers<'stay' | 'end'>();
  process.on('message', (message) => {
    if (!isRecord(message)) return;
    if (message['kind'] === 'begin') begin.resolve('begin');
    if (message['kind'] === 'stay') stay.resolve('stay');
  });
  process.once('disconnect', () => {
    begin.resolve('end');
    stay.resolve('end');
  });
  return { begin: begin.promise, stay: stay.promise };
}

function untilSignal(): Promise<'end'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve('end'));
  });
}

function report(message: Report): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    // The starting command may be gone; then there is nobody to tell.
    else process.send(message, undefined, undefined, () => resolve());
  });
}
