// ServerB with its WinRM service and a session configuration of every kind, for clients that come
// in every way and go in every way.
import { once } from 'node:events';
import type { LookupFunction } from 'node:net';
import { selfSignedCertificate } from '@doublehop/domain-controller/tls/self-signed';
import { giveManagedPassword } from '@doublehop/domain-controller/accounts/managed/passwords';
import { createDomainController } from '@doublehop/domain-controller/dc';
import type { KerberosClient } from '@doublehop/kerberos/client/client';
import { NameType } from '@doublehop/kerberos/iana/name-types';
import { principal } from '@doublehop/kerberos/names';
import { builtinCommands } from '@doublehop/powershell/builtin/builtin';
import type { Command } from '@doublehop/powershell/commands/command';
import { SecureText } from '@doublehop/powershell/objects/value';
import { PsrpSession } from '@doublehop/remoting/client/psrp-session';
import type { RemoteSession } from '@doublehop/remoting/client/remote-session';
import { ShellClient } from '@doublehop/remoting/client/shell-client';
import { openConfiguration } from '@doublehop/remoting/configurations/open-configuration';
import { credSspClientScheme } from '@doublehop/remoting/credssp/client';
import type { Endpoint } from '@doublehop/remoting/endpoint/endpoint';
import { gssClientScheme } from '@doublehop/remoting/http/gss-scheme';
import { basicClientScheme } from '@doublehop/remoting/http/password-scheme';
import type { ClientScheme } from '@doublehop/remoting/http/scheme';
import { WsmanConnection } from '@doublehop/remoting/http/wsman-client';
import { newGuid } from '@doublehop/remoting/psrp/new-guid';
import { type ExchangeKey, makeExchangeKey } from '@doublehop/remoting/psrp/secure-string';
import { configurationUri } from '@doublehop/remoting/wsman/names';
import { encodeDescriptor } from '@doublehop/security/descriptor';
import { parseSddl } from '@doublehop/security/sddl';
import { onTestFinished } from 'vitest';
import type { Host } from '../../src/hosts/host.ts';
import { defaultConfiguration } from '../../src/remoting/default-configuration.ts';
import { hostIdentities } from '../../src/remoting/host-identities.ts';
import { winRmEndpoint } from '../../src/remoting/win-rm.ts';
import { CONTOSO, fullName, hostAccount } from '../../src/scenario.ts';
import type { HostSession } from '../../src/sessions/host-session.ts';
import { REALM, type TestDomain } from './domain.ts';
import type { TestTime } from './test-time.ts';

/** A session, and a way to let its connections fall. */
export interface DayClient {
  readonly session: RemoteSession;
  drop(): void;
  /** Leaves it, also while it is at work. */
  leave(): Promise<void>;
}

export interface DayHost {
  readonly host: Host;
  readonly endpoint: Endpoint;
  /** Passwords that people keep at their own computers. */
  readonly theirs: readonly SecureText[];
  /** Kinds of sessions that come at a step of the day; costly ones come less often. */
  kindsAt(step: number): readonly Kind[];
  open(kind: Kind, person: KerberosClient, more: { idleTimeout: number }): Promise<DayClient>;
}

/** How somebody comes, or whom the session runs as. */
export type Kind = keyof typeof KINDS;

/** Every so many steps, so many of them. */
const KINDS = {
  kerberos: { each: 1, count: 5, configuration: 'Microsoft.PowerShell', isTls: false },
  delegated: { each: 1, count: 3, configuration: 'Microsoft.PowerShell', isTls: false },
  credssp: { each: 3, count: 1, configuration: 'Microsoft.PowerShell', isTls: false },
  basic: { each: 3, count: 1, configuration: 'Microsoft.PowerShell', isTls: true },
  runas: { each: 1, count: 2, configuration: 'RunAs', isTls: false },
  virtual: { each: 1, count: 4, configuration: 'Jea', isTls: false },
  managed: { each: 6, count: 1, configuration: 'Managed', isTls: false },
} as const;

const KIND_NAMES = [
  'kerberos',
  'delegated',
  'credssp',
  'basic',
  'runas',
  'virtual',
  'managed',
] as const;

const PASSWORD = 'Passw0rd.alice';

export async function startDayHost(
  domain: TestDomain,
  time: TestTime,
  extra: readonly Command<HostSession>[],
): Promise<DayHost> {
  const { system } = domain;
  const { timer } = time;
  const host = domain.host('ServerB', { timer, network: await directoryOf(domain) });
  const names = [fullName(CONTOSO, 'ServerB')];
  const tls = selfSignedCertificate({ names, now: Date.now(), random: system.random });
  const configurations = configurationsOf(domain, host, extra);
  const endpoint = winRmEndpoint(host, {
    tls,
    configuration: (name) => configurations.find((one) => one.name === name),
    log: system.log,
  });
  onTestFinished(() => endpoint.close());
  const { http, https } = endpoint;
  for (const server of [http, https]) {
    if (server !== undefined) await once(server.listen(0, '127.0.0.1'), 'listening');
  }
  let exchangeKey: Promise<ExchangeKey> | undefined;
  const theirs = [SecureText.of(PASSWORD)];
  return {
    host,
    endpoint,
    theirs,
    kindsAt: (step) =>
      KIND_NAMES.flatMap((kind) => {
        const { each, count } = KINDS[kind];
        return step % each === 0 ? Array.from({ length: count }, () => kind) : [];
      }),
    open: async (kind, person, { idleTimeout }) => {
      const { configuration, isTls } = KINDS[kind];
      const port = portOf(isTls ? https : http);
      const url = new URL(`${isTls ? 'https' : 'http'}://${names[0]}:${port}/wsman`);
      const scheme = schemeOf(kind, domain, person, theirs);
      const newId = () => newGuid(system.random);
      const shell = new ShellClient({
        connect: () => new WsmanConnection({ url, scheme, lookup: here, tls: { ca: tls.cert } }),
        url,
        resourceUri: configurationUri(configuration),
        newId: () => newId().toUpperCase(),
      });
      exchangeKey ??= makeExchangeKey();
      const key = exchangeKey;
      const session = new PsrpSession({
        computer: 'ServerB',
        shell,
        newId,
        exchangeKey: () => key,
      });
      await session.open(idleTimeout);
      return { session, drop: () => shell.close(), leave: () => shell.disconnect() };
    },
  };
}

const here: LookupFunction = (_, options, callback) => {
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

function portOf(server: Endpoint['https']): number {
  const address = server?.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function schemeOf(
  kind: Kind,
  { system: { clock, random } }: TestDomain,
  person: KerberosClient,
  theirs: readonly SecureText[],
): ClientScheme {
  const gss = {
    clock,
    random,
    getServiceTicket: (spn: string) =>
      person.getServiceTicket(principal(REALM, NameType.SRV_INST, ...spn.split('/'))),
  };
  const [password = SecureText.of('')] = theirs;
  if (kind === 'basic') return basicClientScheme(String.raw`CONTOSO\alice`, PASSWORD);
  if (kind === 'credssp') {
    return credSspClientScheme({
      ...gss,
      credentials: { domain: 'CONTOSO', user: 'alice', password },
    });
  }
  return gssClientScheme('Negotiate', {
    ...gss,
    ...(kind === 'delegated' && { getForwardedTicket: () => person.forward() }),
  });
}

/** The usual configuration, and one for each account that sessions can run as. */
function configurationsOf(domain: TestDomain, host: Host, extra: readonly Command<HostSession>[]) {
  const commands: readonly Command<HostSession>[] = [
    ...extra,
    ...builtinCommands<HostSession>(() => commands),
  ];
  const jea = "SessionType = 'RestrictedRemoteServer'; VisibleCmdlets = 'Get-Probe'";
  const make = (name: string, pssc: string, runAs?: { user: string; sealed: string }) =>
    openConfiguration({
      registration: {
        name,
        file: { path: `/etc/${name}.pssc`, text: `@{ ${jea}; ${pssc} }` },
        ...(runAs !== undefined && { runAs }),
        modulePath: [],
        isEnabled: true,
      },
      allCommands: commands,
      identities: hostIdentities(host),
      runAsPassword: async () => SecureText.of(PASSWORD),
      log: domain.system.log,
    });
  return [
    defaultConfiguration(host, { commands, views: [] }),
    make('RunAs', "Description = 'runs as alice'", {
      user: String.raw`CONTOSO\alice`,
      sealed: 'sealed',
    }),
    make('Jea', 'RunAsVirtualAccount = $true'),
    make('Managed', String.raw`GroupManagedServiceAccount = 'CONTOSO\gmsa$'`),
  ];
}

/** A directory service with an account whose password ServerB may have. */
async function directoryOf(domain: TestDomain) {
  const { store, directory, system } = domain;
  const { clock, random } = system;
  const dn = 'CN=gmsa,CN=Managed Service Accounts,DC=contoso,DC=com';
  const readers = parseSddl(`O:SYD:(A;;RP;;;${domain.account(hostAccount('ServerB')).sid})`);
  await directory.add(dn, {
    objectClass: 'msDS-GroupManagedServiceAccount',
    sAMAccountName: 'gmsa$',
    dNSHostName: 'gmsa.contoso.com',
    userAccountControl: '4096',
    'msDS-ManagedPasswordInterval': '30',
    'msDS-GroupMSAMembership': [encodeDescriptor(readers)],
  });
  await giveManagedPassword({ directory, clock, random }, dn);
  const listen = { address: '127.0.0.1' };
  const dc = createDomainController({ store, controllerName: 'DC', listen, clock, random });
  const { ldapPort } = await dc.start();
  onTestFinished(() => dc.close());
  return {
    fileServer: () => undefined,
    winRm: () => undefined,
    directory: { address: '127.0.0.1', port: ldapPort },
  };
}
