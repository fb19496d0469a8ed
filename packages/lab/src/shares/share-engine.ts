import type { PipeHandler } from '@doublehop/smb/server/options';
import { createShareServer, type ShareServer } from '@doublehop/smb/server/server';
import { LabError } from '../errors.ts';
import { ADMINISTRATORS_ONLY } from '../hosts/drive.ts';
import type { Host } from '../hosts/host.ts';
import { identityOf } from '../hosts/identity.ts';
import { answerQuery } from '../hosts/query.ts';
import { decodeQuery, encodeReply, QUERY_PIPE, type QueryReply } from './query-protocol.ts';

/**
 * The file server of a host: `C$` for its administrators, and `IPC$` with the pipe of questions.
 * Callers prove themselves with tickets to `cifs/host`, whose keys are those of the computer.
 */
export function hostShares(host: Host, log: (line: string) => void): ShareServer {
  const { clock, random } = host.system;
  return createShareServer({
    keys: host.keys,
    replayCache: host.replayCache,
    clock,
    random,
    authorize: (caller) => {
      const identity = identityOf(caller, host.keys);
      return { name: identity.user, token: host.tokenFor(identity) };
    },
    shares: () => [
      {
        name: 'C$',
        remark: 'Default share',
        tree: host.computer.drive,
        descriptor: ADMINISTRATORS_ONLY,
      },
    ],
    pipes: { [QUERY_PIPE]: queryPipe(host) },
    log: (event) => {
      if (event.kind === 'refused') log(`${host.name}: an SMB caller was refused: ${event.reason}`);
      if (event.kind === 'defect') log(`${host.name}: SMB: ${String(event.error)}`);
    },
  });
}

function queryPipe(host: Host): PipeHandler {
  return {
    open: ({ token }) => ({
      write: (message) => Promise.resolve([encodeReply(replyTo(host, token, message))]),
      close: () => undefined,
    }),
  };
}

function replyTo(
  host: Host,
  token: Parameters<typeof answerQuery>[1],
  message: Uint8Array,
): QueryReply {
  const query = decodeQuery(message);
  if (query === undefined) {
    return { ok: false, error: 'malformed', message: 'the question cannot be read' };
  }
  try {
    return { ok: true, answer: answerQuery(host, token, query, 'afar') };
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    const { code, message: words } = error;
    const kind = code === 'access-denied' || code === 'not-found' ? code : 'malformed';
    return { ok: false, error: kind, message: words };
  }
}
