// Callers as a host's services see them: a GSS context made in this process, without a network.
import type { Credentials } from '@doublehop/kerberos/credentials';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { krb5Acceptor } from '@doublehop/kerberos/gss/acceptor';
import { krb5Initiator } from '@doublehop/kerberos/gss/initiator';
import type { NegotiateIdentity } from '@doublehop/kerberos/http/negotiate-server';
import { SecureText } from '@doublehop/powershell/objects/value';
import type { Host } from '../../src/hosts/host.ts';
import type { HostSession } from '../../src/sessions/host-session.ts';
import { openKerberosSession } from '../../src/sessions/open-session.ts';
import { service, type TestDomain } from './domain.ts';

/** What a service of the host knows of a client that came with a ticket. */
export function accept(
  domain: TestDomain,
  host: Host,
  credentials: Credentials,
  delegated?: Credentials,
): NegotiateIdentity {
  const { clock, random } = domain.system;
  const initiator = krb5Initiator({ credentials, clock, random, delegated });
  const { keys, replayCache } = host;
  const acceptor = krb5Acceptor({ keys, replayCache, clock, random });
  acceptor.step(initiator.step().token);
  const { context } = acceptor;
  if (context === undefined) throw new Error('the acceptor wants more');
  return { ...context.acceptance, principal: context.peer, context };
}

/** A person at a host by Kerberos; with the TGT if the client hands it over. */
export async function arrive(
  domain: TestDomain,
  host: Host,
  person: KerberosClient | string,
): Promise<HostSession> {
  const client = typeof person === 'string' ? await domain.person(person) : person;
  const ticket = await client.getServiceTicket(service(host.name));
  const delegated = await client.delegate(ticket);
  return await openKerberosSession(host, accept(domain, host, ticket, delegated));
}

/** A password of the scenario. */
export function passwordOf(name: string): SecureText {
  return SecureText.of(`Passw0rd.${name}`);
}
