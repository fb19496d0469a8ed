// A host of the test domain with its WinRM service, and people who open sessions on it.
import type { LookupFunction } from 'node:net';
import { selfSignedCertificate } from '@doublehop/domain-controller/tls/self-signed';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import type { Command } from '@doublehop/powershell/commands/command';
import type { PsValue } from '@doublehop/powershell/objects/value';
import { SecureText } from '@doublehop/powershell/objects/value';
import { connect, type ConnectOptions } from '@doublehop/remoting/client/connect';
import type { RemoteRequest, RemoteSession } from '@doublehop/remoting/client/remote-session';
import { credSspClientScheme } from '@doublehop/remoting/credssp/client';
import { gssClientScheme } from '@doublehop/remoting/http/gss-scheme';
import { basicClientScheme } from '@doublehop/remoting/http/password-scheme';
import type { ClientScheme } from '@doublehop/remoting/http/scheme';
import { onTestFinished } from 'vitest';
import type { Host } from '../../src/hosts/host.ts';
import {
  defaultConfiguration,
  type SessionTools,
} from '../../src/remoting/default-configuration.ts';
import { sessionTools } from '../../src/remoting/session-tools.ts';
import { listenRemoting, type RemotingService } from '../../src/remoting/remoting-service.ts';
import { CONTOSO, fullName } from '../../src/scenario.ts';
import type { HostSession } from '../../src/sessions/host-session.ts';
import { REALM, type TestDomain } from './domain.ts';

/** A host that people can open sessions on. */
export interface TestWinRm {
  readonly host: Host;
  readonly service: RemotingService;
  /** Whom its HTTPS is to be trusted by, PEM. */
  readonly ca: string;
  /** Opens a session; closed when the test ends. */
  readonly open: (scheme: ClientScheme, more?: Partial<ConnectOptions>) => Promise<RemoteSession>;
  readonly openTls: (scheme: ClientScheme) => Promise<RemoteSession>;
}

export async function startWinRm(
  domain: TestDomain,
  name: string,
  extra: readonly Command<HostSession>[] = [],
): Promise<TestWinRm> {
  const commands: readonly Command<HostSession>[] = [
    ...extra,
    ...builtinCommands<HostSession>(() => commands),
  ];
  return serveWinRm(domain, domain.host(name), { commands, views: [] });
}

/** The WinRM service of a host that is there already. */
export async function serveWinRm(
  domain: TestDomain,
  host: Host,
  tools: SessionTools = sessionTools(),
): Promise<TestWinRm> {
  const { name } = host;
  const names = [fullName(CONTOSO, name)];
  const tls = selfSignedCertificate({ names, now: Date.now(), random: domain.system.random });
  const configuration = defaultConfiguration(host, tools);
  const here = { address: '127.0.0.1', port: 0 };
  const service = await listenRemoting(host, {
    http: here,
    https: here,
    load: async () => ({
      tls,
      configuration: (wanted) =>
        wanted.toLowerCase() === configuration.name.toLowerCase() ? configuration : undefined,
    }),
    log: (line) => domain.log.push(line),
  });
  onTestFinished(() => service.close());
  const lookup: LookupFunction = (_, options, callback) => {
    if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
    else callback(null, '127.0.0.1', 4);
  };
  const openAt = async (url: string, scheme: ClientScheme, more: Partial<ConnectOptions> = {}) => {
    const session = await connect({
      computer: name,
      url: new URL(url),
      scheme,
      lookup,
      random: domain.system.random,
      tls: { ca: tls.cert },
      ...more,
    });
    onTestFinished(() => session.close().catch(() => undefined));
    return session;
  };
  return {
    host,
    service,
    ca: tls.cert,
    open: (scheme, more) => openAt(`http://${names[0]}:${service.httpPort}/wsman`, scheme, more),
    openTls: (scheme) => openAt(`https://${names[0]}:${service.httpsPort}/wsman`, scheme),
  };
}

/** A person's ways to authenticate. */
export function schemesOf(domain: TestDomain, name: string, client: KerberosClient) {
  const { clock, random } = domain.system;
  const getServiceTicket = (spn: string) =>
    client.getServiceTicket(principal(REALM, NameType.SRV_INST, ...spn.split('/')));
  const gss = { getServiceTicket, clock, random };
  const password = CONTOSO.people.find((one) => one.name === name)?.password ?? '';
  return {
    kerberos: gssClientScheme('Kerberos', gss),
    negotiate: gssClientScheme('Negotiate', gss),
    credSsp: (given = password) =>
      credSspClientScheme({
        ...gss,
        credentials: { domain: 'CONTOSO', user: name, password: SecureText.of(given) },
      }),
    basic: (given = password) => basicClientScheme(`CONTOSO\\${name}`, given),
  };
}

/** What a request puts out; an error in its stream is thrown. */
export async function outputOf(session: RemoteSession, request: RemoteRequest): Promise<PsValue[]> {
  const output: PsValue[] = [];
  const nothing = (): void => {};
  await session.run(request, {
    signal: new AbortController().signal,
    streams: {
      output: (value) => void output.push(value),
      error: ({ message }) => {
        throw new Error(message);
      },
      warning: nothing,
      verbose: nothing,
      debug: nothing,
      information: nothing,
      progress: nothing,
    },
  });
  return output;
}

/** A pipeline of one command. */
export function command(name: string, ...values: readonly PsValue[]): RemoteRequest {
  const args = values.map((value) => ({ value }));
  return { kind: 'commands', statements: [[{ name, isScript: false, args }]] };
}
