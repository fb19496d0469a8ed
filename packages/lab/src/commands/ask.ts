import type { HostAnswers, HostQuery, HostQueryOf } from '../hosts/query.ts';
import { answerQuery } from '../hosts/query.ts';
import type { CallerKind } from '../sessions/credential.ts';
import type { HostSession } from '../sessions/host-session.ts';
import { askComputer } from '../shares/redirector.ts';
import { isOwnHost, serverName } from './paths.ts';

/**
 * Asks the session's own host, or another computer, which it reaches as the session's user. Throws
 * LabError as `askComputer` does.
 */
export async function ask<K extends HostQuery['query']>(
  session: HostSession,
  computer: string | undefined,
  query: HostQueryOf<K> & HostQuery,
  caller: CallerKind = 'redirector',
): Promise<HostAnswers[K]> {
  if (computer !== undefined && !isOwnHost(session, computer)) {
    return await askComputer<K>(session, serverName(session, computer), query, caller);
  }
  const answer = answerQuery(session.host, session.token, query, 'local');
  // Sound: the answer to a question is of the question's kind.
  return answer as HostAnswers[K];
}
