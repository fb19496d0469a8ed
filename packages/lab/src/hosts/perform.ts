import { NameType } from '@doublehop/kerberos/iana/name-types';
import { parsePrincipal } from '@doublehop/kerberos/names';
import type { ControlAnswers, ControlRequest } from '../control/protocol.ts';
import { klistReport, sessionReports } from '../lsa/klist.ts';
import { realmOf, type Scenario } from '../scenario.ts';
import type { Host } from './host.ts';
import type { FindTarget } from './web-service.ts';

/** The hosts that requests are about. */
export interface Hosts {
  readonly scenario: Scenario;
  /** Throws LabError `unknown-host`. */
  readonly find: (name: string) => Host;
  readonly findTarget: FindTarget;
}

/** Carries out a control request. */
export async function perform(
  { scenario, find, findTarget }: Hosts,
  request: ControlRequest,
): Promise<ControlAnswers[ControlRequest['command']]> {
  const found = find(request.host);
  const { name: host, lsa } = found;
  switch (request.command) {
    case 'klist':
      return klistReport(host, lsa, request.li);
    case 'purge':
      return { host, ...(await lsa.purge(request.li)) };
    case 'sessions':
      return { host, sessions: sessionReports(lsa) };
    case 'restart':
      found.restart();
      return { host };
    case 'clock':
      lsa.advance(request.seconds * 1000);
      return { host, seconds: request.seconds };
    case 'logon': {
      const { user, password } = request;
      const client = parsePrincipal(user, realmOf(scenario), NameType.PRINCIPAL);
      const session = await lsa.logOnInteractively(client, { kind: 'password', password });
      return { host, li: session.id, user: session.user };
    }
    case 'logoff':
      lsa.session(request.li);
      lsa.logOff(request.li);
      return { host };
    case 'call':
      return found.call(request.li, { ...findTarget(request.target), service: 'HTTP' });
  }
}
