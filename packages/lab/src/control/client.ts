import { connect } from 'node:net';
import { errno, LabError, type LabErrorCode } from '../errors.ts';
import { labPaths } from '../folder/paths.ts';
import { isRecord, parseJson } from '../folder/state.ts';
import { CONTROL_WAIT, MAX_CONTROL_LINE } from '../limits.ts';
import { LogonId } from '../lsa/lsa.ts';
import type { ControlAnswers, ControlRequest, ControlRequestOf } from './protocol.ts';

/**
 * Does something at a host of the lab. Throws LabError `no-lab` where the hosts do not run, and
 * whatever the host refuses: `unknown-host`, `unknown-session`, `refused`, `negative-cache`.
 */
export async function labControl<C extends ControlRequest['command']>(
  dir: string,
  request: ControlRequestOf<C>,
): Promise<ControlAnswers[C]> {
  const path = labPaths(dir).hostsSocket;
  const reply = parseJson(await exchange(path, `${JSON.stringify(request)}\n`));
  if (!isRecord(reply)) throw new LabError('control', 'the answer of the hosts is not understood');
  const { ok, answer, code, refusal } = reply;
  // The hosts' process is of the same version: it answers each command with its own kind.
  if (ok === true && isRecord(answer)) return answer as unknown as ControlAnswers[C];
  const { words, negativeUntil } = isRecord(refusal) ? refusal : {};
  const until = Date.parse(String(negativeUntil));
  throw new LabError(
    // Codes come from the same list.
    typeof code === 'string' ? (code as LabErrorCode) : 'control',
    typeof words === 'string' ? words : 'the hosts refused without a reason',
    Number.isNaN(until) ? {} : { until },
  );
}

/** `klist purge -li 0x3e7` at a host: forgets its tickets, and the refusals that it repeats. */
export async function labPurge(
  dir: string,
  host: string,
  li: number = LogonId.SYSTEM,
): Promise<ControlAnswers['purge']> {
  return labControl<'purge'>(dir, { command: 'purge', host, li });
}

/** Sends a line and reads the answer's. */
function exchange(path: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path);
    const fail = (error: LabError): void => {
      socket.destroy();
      reject(error);
    };
    const deadline = setTimeout(() => {
      fail(new LabError('control', `the hosts do not answer on ${path}`));
    }, CONTROL_WAIT);
    socket.setEncoding('utf8');
    socket.once('connect', () => socket.write(line));
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (text.length > MAX_CONTROL_LINE) fail(new LabError('control', 'the answer is too long'));
    });
    socket.once('close', () => {
      clearTimeout(deadline);
      resolve(text);
    });
    socket.once('error', (cause) => {
      const gone = ['ENOENT', 'ECONNREFUSED'].includes(errno(cause) ?? '');
      const message = 'the hosts of the lab do not run: start them with "lab up"';
      fail(
        gone
          ? new LabError('no-lab', message, { cause })
          : new LabError('control', `the hosts cannot be asked: ${cause.message}`, { cause }),
      );
    });
  });
}
