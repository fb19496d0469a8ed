import { CommandFailure, type CommandStreams } from '@doublehop/powershell/commands/command';
import { typeNameOf } from '@doublehop/powershell/objects/text';
import { PsObject, type PsValue, Scalar } from '@doublehop/powershell/objects/value';
import type { RemoteRequest, RemoteSession } from '@doublehop/remoting/client/remote-session';
import { connectionRecord, isConnectionError } from './connection-error.ts';

/** One computer that is to run something. */
export interface Place {
  readonly computer: string;
  open(): Promise<RemoteSession>;
  /** Absent: the session is another's, and stays. */
  close?(session: RemoteSession): Promise<void>;
}

export interface FanOutOptions {
  readonly request: RemoteRequest;
  /** Computers at once. */
  readonly throttle: number;
  readonly streams: CommandStreams;
  readonly signal: AbortSignal;
  /** `PSShowComputerName` of what comes. */
  readonly showComputer: boolean;
}

/**
 * Runs a request on computers, several at once. What one of them puts out comes in its order, and
 * between that of others; an error of one, of its connection too, goes to the error stream and ends
 * nothing of the others. Throws the signal's reason when it was stopped.
 */
export async function fanOut(places: readonly Place[], options: FanOutOptions): Promise<void> {
  const { throttle, signal } = options;
  const streams = oneAtATime(options.streams);
  const waiting = places.values();
  let done = 0;
  const progress = async (completed: boolean): Promise<void> => {
    if (places.length < 2) return;
    await streams.progress({
      activity: 'Invoke-Command',
      activityId: 0,
      statusDescription: `${done} of ${places.length} computers`,
      percentComplete: Math.floor((100 * done) / places.length),
      secondsRemaining: -1,
      completed,
    });
  };
  const work = async (): Promise<void> => {
    for (const place of waiting) {
      signal.throwIfAborted();
      await runAt(place, { ...options, streams });
      done += 1;
      await progress(false);
    }
  };
  const workers = Array.from({ length: Math.min(throttle, places.length) }, work);
  const ends = await Promise.allSettled(workers);
  await progress(true);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function runAt(place: Place, options: FanOutOptions): Promise<void> {
  const { request, streams, signal, showComputer } = options;
  const { computer } = place;
  let session: RemoteSession | undefined;
  try {
    session = await opened(place, signal);
    const origin = originOf(session, computer, showComputer);
    const output = (value: PsValue): Promise<void> | void => streams.output(noted(value, origin));
    await session.run(request, { streams: { ...streams, output }, signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CommandFailure) await streams.error({ ...error.record, computer });
    else if (isConnectionError(error)) await streams.error(connectionRecord(computer, error));
    else throw error;
  } finally {
    // A session that cannot be closed is forgotten by its server after a while.
    if (session !== undefined) await place.close?.(session).catch(() => undefined);
  }
}

/** Opens a session unless it is stopped meanwhile; one that comes too late is closed. */
export async function opened(
  place: Pick<Place, 'open' | 'close'>,
  signal: AbortSignal,
): Promise<RemoteSession> {
  signal.throwIfAborted();
  const opening = place.open();
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => {
    stopped.reject(signal.reason);
    void opening.then(
      (late) => place.close?.(late).catch(() => undefined),
      () => undefined,
    );
  };
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([opening, stopped.promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

/** Where an object came from, as notes on it. */
type Origin = Readonly<Record<'PSComputerName' | 'RunspaceId' | 'PSShowComputerName', PsValue>>;

function originOf({ shellId }: RemoteSession, computer: string, isShown: boolean): Origin {
  return {
    PSComputerName: computer,
    RunspaceId: new Scalar('Guid', shellId.toLowerCase()),
    PSShowComputerName: isShown,
  };
}

/** What came, with notes about where from; a text or number becomes an object that is one. */
function noted(value: PsValue, origin: Origin): PsValue {
  if (value instanceof PsObject) {
    for (const [name, note] of Object.entries(origin)) value.set(name, note);
    return value;
  }
  if (value === null || (typeof value === 'object' && !(value instanceof Scalar))) return value;
  const base = { kind: 'primitive', value } as const;
  return new PsObject({ typeNames: [typeNameOf(value)], base, properties: origin });
}

/** Several computers write to one reader, who takes one thing after the other. */
function oneAtATime(streams: CommandStreams): CommandStreams {
  let turn: Promise<void> = Promise.resolve();
  const next = (write: () => Promise<void> | void): Promise<void> => {
    const mine = turn.then(write);
    turn = mine.catch(() => undefined);
    return mine;
  };
  return {
    output: (value) => next(() => streams.output(value)),
    error: (record) => next(() => streams.error(record)),
    warning: (text) => next(() => streams.warning(text)),
    verbose: (text) => next(() => streams.verbose(text)),
    debug: (text) => next(() => streams.debug(text)),
    information: (value, tags) => next(() => streams.information(value, tags)),
    progress: (record) => next(() => streams.progress(record)),
  };
}
