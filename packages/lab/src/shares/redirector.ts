import { KerberosError } from '@doublehop/kerberos/errors';
import { parsePrincipal } from '@doublehop/kerberos/names';
import { connectServer, type SmbClient } from '@doublehop/smb/client/client';
import type { ShareClient } from '@doublehop/smb/client/share';
import { SmbError } from '@doublehop/smb/errors';
import { NtStatus } from '@doublehop/smb/nt-status';
import { LabError, type LabErrorDetail } from '../errors.ts';
import type { HostAnswers, HostQuery, HostQueryOf } from '../hosts/query.ts';
import { realmOf } from '../scenario.ts';
import type { CallerKind } from '../sessions/credential.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { decodeReply, encodeQuery, QUERY_PIPE, readAnswer } from './query-protocol.ts';

/**
 * Uses a share of another computer as the session's user: `\\server\share`, as Windows' redirector
 * does. Throws LabError `not-found` where there is no such computer or share, and `access-denied`
 * with the true cause in its detail.
 */
export async function withShare<T>(
  session: HostSession,
  server: string,
  share: string,
  use: (share: ShareClient) => Promise<T>,
): Promise<T> {
  return await withServer(session, server, 'redirector', async (client) =>
    use(await client.share(share)),
  );
}

/**
 * Asks another computer a question as the session's user, over a named pipe. `caller` says who gets
 * the ticket: what is RPC over SMB on Windows goes through the redirector. Throws as `withShare`.
 */
export async function askComputer<K extends HostQuery['query']>(
  session: HostSession,
  server: string,
  query: HostQueryOf<K> & HostQuery,
  caller: CallerKind = 'redirector',
): Promise<HostAnswers[K]> {
  return await withServer(session, server, caller, async (client) => {
    const pipe = await client.pipe(QUERY_PIPE);
    const reply = decodeReply(await pipe.transact(encodeQuery(query)));
    if (reply?.ok === false && reply.error !== 'malformed') {
      const ntStatus =
        reply.error === 'access-denied' ? NtStatus.ACCESS_DENIED : NtStatus.NOT_FOUND;
      throw new LabError(reply.error, reply.message, { ntStatus });
    }
    const answer = reply?.ok === true ? readAnswer<K>(query.query, reply.answer) : undefined;
    if (answer === undefined)
      throw new LabError('control', `${server} did not answer as it should`);
    return answer;
  });
}

async function withServer<T>(
  session: HostSession,
  server: string,
  caller: CallerKind,
  use: (client: SmbClient) => Promise<T>,
): Promise<T> {
  const { host } = session;
  const where = host.network.fileServer(server);
  if (where === undefined) {
    throw new LabError('not-found', `The network path was not found: ${server}`);
  }
  const { clock, random } = host.system;
  const realm = realmOf(host.scenario);
  let client: SmbClient | undefined;
  try {
    client = await connectServer({
      // The name as it was written becomes the SPN, as on Windows: `cifs/ServerC`.
      host: server,
      ...where,
      clock,
      random,
      getServiceTicket: (spn) => session.ticketFor(caller, parsePrincipal(spn, realm)),
    });
    return await use(client);
  } catch (error) {
    throw told(server, error);
  } finally {
    await client?.close();
  }
}

const MISSING: ReadonlySet<number> = new Set([
  NtStatus.BAD_NETWORK_NAME,
  NtStatus.OBJECT_NAME_NOT_FOUND,
  NtStatus.OBJECT_PATH_NOT_FOUND,
  NtStatus.OBJECT_NAME_INVALID,
  NtStatus.NO_SUCH_FILE,
  NtStatus.NOT_A_DIRECTORY,
]);

/**
 * What a user hears of a failure. Without a ticket Windows would go on with NTLM as nobody, and the
 * server would refuse that: access is denied, whatever the KDC's reason was.
 */
function told(server: string, error: unknown): unknown {
  if (error instanceof LabError) {
    const { code, detail } = error;
    const isTicket = detail.leg !== undefined && code !== 'unknown-session';
    return isTicket && detail.hresult === undefined ? denied({ ...detail, cause: error }) : error;
  }
  if (error instanceof KerberosError) return denied({ cause: error });
  if (!(error instanceof SmbError)) return error;
  const { code, status } = error;
  if (code === 'path' || code === 'connect' || (status !== undefined && MISSING.has(status))) {
    return new LabError('not-found', `The network path was not found: ${server}`, { cause: error });
  }
  if (status === undefined) return new LabError('control', error.message, { cause: error });
  return denied({ ntStatus: status, cause: error });
}

function denied(detail: LabErrorDetail): LabError {
  return new LabError('access-denied', 'Access is denied', detail);
}
